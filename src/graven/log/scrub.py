"""Background verification: the whole log, at a limited rate, again and again (one pass a day by default).

The judge is `graven.verify`, the same that an outsider runs, over the files as they lie on disk; what this
process believes about the log only enters as a checkpoint that the files must extend.
"""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from graven.errors import GravenError
from graven.log.messages import Incident
from graven.tlog.keys import VerifierKey
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.report import Kind, Report

__all__ = ["DAY_S", "MIN_ENTRIES_PER_S", "ScrubStopped", "ScrubThread", "scrub"]

DAY_S = 86_400.0
MIN_ENTRIES_PER_S = 2_000.0
"""A small log is not stretched over the whole day."""


class ScrubStopped(Exception):
    """The pass was asked to end before it was done."""


def scrub(
    log_dir: Path,
    key: VerifierKey,
    *,
    known: tuple[bytes, ...] = (),
    blobs: Path | None = None,
    pass_s: float = DAY_S,
    min_entries_per_s: float = MIN_ENTRIES_PER_S,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], bool],
) -> Report:
    """One pass over the log in `log_dir`, at the rate that takes `pass_s` seconds or less.

    `known` are checkpoints of this log that were published before the pass begins. `pause(seconds)` waits
    and gives True when the pass must end; then ScrubStopped is raised.
    """
    began_s = monotonic()

    def limit(done: int, total: int) -> None:
        rate = max(min_entries_per_s, total / pass_s)
        ahead_s = done / rate - (monotonic() - began_s)
        # waiting for nothing still asks whether to stop
        if pause(max(0.0, ahead_s)):
            raise ScrubStopped

    return verify(DirectorySource(log_dir, blobs=blobs), key, known=known, workers=0, progress=limit)


class ScrubThread:
    """Scrubs one log for ever: a pass begins every `pass_s` seconds, the first one after `first_s`.

    Each finding becomes an incident: `scrub_finding` for tampering, `scrub_could_not_check` otherwise.
    """

    def __init__(
        self,
        name: str,
        log_dir: Path,
        key: VerifierKey,
        published: Callable[[], bytes],
        on_incident: Callable[[Incident], None],
        *,
        blobs: Path | None = None,
        pass_s: float = DAY_S,
        first_s: float = 60.0,
        min_entries_per_s: float = MIN_ENTRIES_PER_S,
    ) -> None:
        """`published` gives the checkpoint that readers see now (`Log.checkpoint`)."""
        self.name = name
        self._log_dir = log_dir
        self._key = key
        self._published = published
        self._on_incident = on_incident
        self._blobs = blobs
        self._pass_s = pass_s
        self._first_s = first_s
        self._min_entries_per_s = min_entries_per_s
        self._stop = threading.Event()
        self.passes = 0
        self.finished_ns: int | None = None
        """When the last pass ended, by the machine's clock; None before the first."""
        self.findings = 0
        self._thread = threading.Thread(target=self._run, name=f"log-{name}-scrub", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the pass that runs, and the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        wait_s = self._first_s
        while not self._stop.wait(wait_s):
            began_s = time.monotonic()
            try:
                self._pass()
            except ScrubStopped:
                return
            except (GravenError, OSError) as error:
                self._report("scrub_could_not_check", str(error), {})
            except Exception as error:  # noqa: BLE001 - a fault of the program must not end verification in silence
                self._report("scrub_could_not_check", f"{type(error).__name__}: {error}", {})
            self.passes += 1
            self.finished_ns = time.time_ns()
            wait_s = max(0.0, self._pass_s - (time.monotonic() - began_s))

    def _pass(self) -> None:
        report = scrub(
            self._log_dir,
            self._key,
            known=(self._published(),),
            blobs=self._blobs,
            pass_s=self._pass_s,
            min_entries_per_s=self._min_entries_per_s,
            pause=self._stop.wait,
        )
        for finding in report.findings:
            kind = "scrub_finding" if finding.kind is Kind.TAMPERED else "scrub_could_not_check"
            details = {"code": finding.code, "path": finding.path, "index": finding.index, "why": finding.why}
            self._report(kind, finding.message, details)

    def _report(self, kind: str, message: str, details: Mapping[str, object]) -> None:
        self.findings += 1
        self._on_incident(Incident(kind, self.name, message, details))
