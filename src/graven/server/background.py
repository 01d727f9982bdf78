"""What runs beside the requests: verification of every log, and anchors for its checkpoints."""

from graven.log.anchor import AnchorThread, open_anchor
from graven.log.layout import LogPaths
from graven.log.opened import Log
from graven.log.scrub import ScrubThread
from graven.server.logs import LogSet
from graven.server.settings import Settings

__all__ = ["Background"]

_FIRST_PASS_S = 60.0


class Background:
    """Watches the logs of a set; made before they are opened, closed before they are closed."""

    def __init__(self, settings: Settings, logs: LogSet) -> None:
        self._settings = settings
        self._logs = logs
        self._scrubs: list[ScrubThread] = []
        self._anchors: dict[str, list[AnchorThread]] = {}
        logs.on_opened = self._opened
        logs.on_published = self._published

    def close(self) -> None:
        """End the passes that run. Anchors stay until `close_anchors`: closing a log publishes once more."""
        for scrub in self._scrubs:
            scrub.close()

    def close_anchors(self) -> None:
        """Keep the last checkpoint of every log, then end."""
        for anchors in self._anchors.values():
            for anchor in anchors:
                anchor.close()

    def passes(self) -> int:
        """Finished passes over all logs."""
        return sum(scrub.passes for scrub in self._scrubs)

    def findings(self) -> int:
        """Findings of all passes."""
        return sum(scrub.findings for scrub in self._scrubs)

    def of_log(self, name: str) -> dict[str, float]:
        """Gauges of one log; without `verified_time_seconds` before the first pass over it."""
        found = {}
        for scrub in self._scrubs:
            if scrub.name == name:
                found["verification_findings"] = float(scrub.findings)
                if scrub.finished_ns is not None:
                    found["verified_time_seconds"] = scrub.finished_ns / 1e9
        return found

    def anchored(self) -> int:
        """Checkpoints that anchors kept."""
        return sum(anchor.kept for anchors in self._anchors.values() for anchor in anchors)

    def _opened(self, log: Log) -> None:
        self._published(log.name, log.checkpoint())
        wanted = self._settings.verification
        if wanted.interval_s > 0:
            paths = LogPaths(self._logs.data_dir, log.name)
            self._scrubs.append(
                ScrubThread(
                    log.name,
                    paths.root,
                    log.verifier_key,
                    log.checkpoint,
                    self._logs.report,
                    blobs=paths.blobs,
                    pass_s=wanted.interval_s,
                    first_s=min(_FIRST_PASS_S, wanted.interval_s),
                    min_entries_per_s=wanted.entries_per_s,
                )
            )

    def _published(self, name: str, checkpoint: bytes) -> None:
        if name not in self._anchors:
            self._anchors[name] = [
                AnchorThread(open_anchor(target), name, self._logs.report) for target in self._settings.anchor
            ]
        for anchor in self._anchors[name]:
            anchor.offer(checkpoint)
