"""The data directory `.graven` of a project, and the merge of spools into its log.

Where no log can be written (Windows), or another process holds it, events stay in the spool, and the next
session that can merges them.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from graven.errors import Conflict, GravenError, InvalidEvent, RefusedToStart
from graven.pytest_plugin.spool import finished_spools

if TYPE_CHECKING:
    from graven.log import Log
    from graven.pytest_plugin.lines import Glance

__all__ = ["LOG", "Merged", "merge", "prepare", "redaction_key_of", "spool_folder"]

LOG = "default"
_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_EVENTS = 1000
_LOCK_PATIENCE_S = 10.0


@dataclass(slots=True)
class Merged:
    """What one merge did; `failing` maps the failed tests of the run asked for to their log indexes."""

    new: int = 0
    size: int = 0
    root: str = ""
    refused: int = 0
    spools: int = 0
    failing: dict[str, int] = field(default_factory=dict)
    of_run: int = 0
    """Events of that run that were merged."""


def spool_folder(data: Path) -> Path:
    """Where the processes of a session write."""
    return data / "spool"


def prepare(data: Path) -> None:
    """Make the directory (0700), hidden from version control. `OSError` when it cannot be written."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = data / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
    spool_folder(data).mkdir(mode=0o700, exist_ok=True)


def redaction_key_of(data: Path) -> tuple[str, bytes] | None:
    """The key of the directory, or None where it cannot be had: values are redacted all the same."""
    from graven.storage.redaction_key import redaction_key

    try:
        return redaction_key(data)
    except (GravenError, OSError):
        return None


def merge(data: Path, run: str, *, clock: Callable[[], int] = time.time_ns) -> Merged:
    """Append every finished spool to the log and remove it; events that are there already are not added.

    Raises GravenError (`locked` when another process holds the log), OSError, and ImportError on a system
    without file locks. Nothing is lost by any of them.
    """
    from graven.log import create_log, log_names, open_log
    from graven.tlog.checkpoint import open_checkpoint
    from graven.tlog.encoding import encode_base64

    if LOG not in log_names(data):
        with suppress(Conflict):  # another session made it at this very moment
            create_log(data, LOG, clock=clock)
    merged = Merged()
    deadline = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            log = open_log(data, LOG, clock=clock)
            break
        except RefusedToStart as refused:
            if refused.code != "locked" or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    try:
        _merge_into(log, data, run, merged, clock)
    finally:
        log.close()
    checkpoint = open_checkpoint(log.checkpoint(), log.verifier_key)
    merged.size, merged.root = checkpoint.size, encode_base64(checkpoint.root)
    return merged


def _merge_into(log: "Log", data: Path, run: str, merged: Merged, clock: Callable[[], int]) -> None:
    from graven.event.intake import Producer, prepare_events
    from graven.event.redact import Redactor
    from graven.pytest_plugin.lines import batches, glance
    from graven.storage.redaction_key import redaction_key

    # as `graven record` without a server: an event merged twice has one idempotency key
    producer = Producer("local", "127.0.0.1")
    redactor = Redactor(None, *redaction_key(data), fast_scan=False)

    def append(lines: list[bytes]) -> None:
        try:
            body = b"\n".join(lines) + b"\n"
            batch = prepare_events(body, "application/x-ndjson", producer, redactor, now_ns=clock())
            appended = log.append(batch)
        except (InvalidEvent, Conflict) as error:
            if len(lines) > 1:
                append(lines[: len(lines) // 2])
                append(lines[len(lines) // 2 :])
            else:
                merged.refused += 1
                with (spool_folder(data) / "refused.txt").open("ab") as refused:
                    refused.write(f"{error.message}\n".encode() + lines[0] + b"\n")
            return
        merged.new += appended.count
        new = appended.first if appended.first is not None else 0
        for position, line in enumerate(lines):
            known = appended.duplicates.get(position)
            index = new if known is None else known
            new += known is None
            _note(glance(line), run, index, merged)

    for path in finished_spools(spool_folder(data)):
        for lines in batches(path, most_events=_BATCH_EVENTS, most_bytes=_BATCH_BYTES):
            append(lines)
        path.unlink(missing_ok=True)
        merged.spools += 1


def _note(seen: "Glance", run: str, index: int, merged: Merged) -> None:
    if seen.qa.run != run:
        return
    merged.of_run += 1
    if seen.action == "test.case.finish":
        test = str(seen.qa.test)
        merged.failing.pop(test, None)  # of an earlier attempt
        if seen.outcome in {"failure", "error"}:
            merged.failing[test] = index
