"""Finds the blob references of entries that no server appended: those of a `.graven` that a test run wrote, of a
copy without `control.sqlite`, of a restored one.

Whoever appends keeps the references of a batch before its entries exist, so only entries below the size of a log
at its opening can lack theirs. How far those were looked through is a fact per log, so each entry is read once
in the life of a `control.sqlite`; after a clean stop nothing is read. A thread does it beside the requests; until
it is done, `BlobReferences.unread` names the log, and a blob that nothing refers to is not said to be absent.

Only the attachments of event/1 are references, wherever it lies in the entry of another log: at intake, those
are the ones that are checked.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec

from graven.errors import GravenError, StorageFailed
from graven.log.layout import SYSTEM_LOG
from graven.log.opened import Log
from graven.server.control import Control
from graven.server.log_lines import logger
from graven.server.logs import LogSet
from graven.server.references import BlobReferences
from graven.storage.contracts import Blobs
from graven.verify.attachments import entry_references, may_refer, references_in_event

__all__ = ["ReferenceScan", "references_of"]

_STEP = 4096
"""Entries between looks at whether the server stops."""
_MARK_EVERY = 16 * _STEP


def references_of(entries: Iterable[bytes], blobs: Blobs) -> set[str]:
    """Digests of the blobs that these entries hold instead of their data, or name among their attachments."""
    found: set[str] = set()
    for entry in entries:
        waiting = entry_references(entry) if may_refer(entry) else []
        while waiting:
            reference = waiting.pop()
            found.add(reference.digest)
            if reference.nested:
                waiting += references_in_event(blobs.get(reference.digest) or b"")
    return found


class ReferenceScan:
    """One thread for all logs; made when they are open, closed before them."""

    def __init__(self, logs: LogSet, references: BlobReferences, control: Control) -> None:
        self._logs = logs
        self._references = references
        self._control = control
        self._stopping = threading.Event()
        opened = [(log, log.size) for log in logs.all() if log.name != SYSTEM_LOG]
        self._behind = [(log, size) for log, size in opened if self._done_to(log) < size]
        references.unread.update(log.name for log, _ in self._behind)
        self._thread = threading.Thread(target=self._run, name="references", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Whether all logs were read within that time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Stop, and note how far each log is known; with the logs still open, which take no more requests."""
        self._stopping.set()
        self._thread.join()
        with suppress(StorageFailed):  # a full disk: the next start reads some entries again
            for log in self._logs.all():
                if log.name not in self._references.unread and log.name != SYSTEM_LOG:
                    self._mark(log, log.size)

    def _run(self) -> None:
        for log, size in self._behind:
            try:
                if self._read(log, size):
                    self._references.unread.discard(log.name)
            except GravenError as error:  # damage, which reading an entry of it and `verify` tell
                logger().warning("references to blobs could not be read", log=log.name, why=error.message)
            except Exception:  # noqa: BLE001 - the log is served without these; the next start tries again
                logger().exception("references to blobs could not be read", log=log.name)

    def _read(self, log: Log, end: int) -> bool:
        for start in range(self._done_to(log), end, _STEP):
            if self._stopping.is_set():
                return False
            stop = min(start + _STEP, end)
            self._references.keep(log.name, references_of(log.entries(start, stop), log.blobs))
            if stop == end or stop % _MARK_EVERY < _STEP:
                self._mark(log, stop)
        return True

    def _fact(self, log: Log) -> str:
        return f"references {log.name}"

    def _done_to(self, log: Log) -> int:
        known = self._control.fact(self._fact(log))
        fact: dict[str, Any] = {} if known is None else msgspec.json.decode(known)
        # a log of that name with another origin, or a shorter one, is another log
        if fact.get("origin") != log.origin or fact["entries"] > log.size:
            return 0
        return int(fact["entries"])

    def _mark(self, log: Log, entries: int) -> None:
        fact = msgspec.json.encode({"origin": log.origin, "entries": entries})
        self._control.set_fact(self._fact(log), fact.decode())
