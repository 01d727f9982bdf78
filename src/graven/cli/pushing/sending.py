"""From a job's log to another one: only what is not there yet, each entry once, then the record of the push.

The other side tells by leaf hashes which entries it has. That, and nothing kept here, is the state of a push: one that
was interrupted, on either side, is finished by running it again. While one batch is on its way, the next is read.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from graven.cli.access.job_log import JobLog
from graven.cli.access.ports import Access, Answer
from graven.errors import Conflict, GravenError, InvalidEvent, NotFound, Tampered, TooLarge
from graven.event.push_record import PushRecord, push_event
from graven.tlog.encoding import encode_base64
from graven.tlog.hashing import leaf_hashes
from graven.tlog.merkle import CompactRange
from graven.verify.attachments import entry_references, may_refer

__all__ = ["Pushed", "push"]

_WINDOW_BUNDLES: Final = 32
"""8,192 entries: what is asked about in one request of 256 KiB."""
_BATCH_ENTRIES: Final = 2000
_BATCH_BYTES: Final = 2 * 1024 * 1024
"""A quarter of what a server takes by default, the events in blobs included."""

Range = tuple[int, int, int]


@dataclass(slots=True)
class Pushed:
    """What a push did. `record` is the index of the `log.push`, None of an empty log."""

    origin: str
    size: int
    root: str
    new: int = 0
    known: int = 0
    blobs: int = 0
    record: int | None = None
    recorded_now: bool = False
    ranges: list[Range] = field(default_factory=list)

    def add(self, first: int, index: int, count: int) -> None:
        """Entries first … first + count - 1 are at index, index + 1, …"""
        if self.ranges:
            start, at, length = self.ranges[-1]
            if (start + length, at + length) == (first, index):
                self.ranges[-1] = (start, at, length + count)
                return
        self.ranges.append((first, index, count))


@dataclass(slots=True)
class _Window:
    first: int
    entries: list[bytes]
    hashes: list[bytes]
    refers: bool
    """Whether any of the entries may refer to a blob."""


def push(
    access: Access, job: JobLog, log: str, *, checked: bool = True, on_progress: Callable[[int, int], None]
) -> Pushed:
    """Bring everything below the job's checkpoint into `log`, and record it there.

    `checked`: refuse (Tampered) to record a push when what was read is not what the checkpoint signs.
    """
    checkpoint = job.checkpoint
    done = Pushed(checkpoint.origin, checkpoint.size, encode_base64(checkpoint.root))
    if not checkpoint.size:
        return done
    sending = _Sending(access, job, log, done)
    tree = CompactRange()
    try:
        for window in _ahead(_windows(job, tree)):
            sending.window(window)
            on_progress(window.first + len(window.entries), checkpoint.size)
        if checked and tree.root() != checkpoint.root:
            raise Tampered(
                "what was pushed is not what the checkpoint signs: the log was changed meanwhile",
                hint=f"graven verify {job.folder}",
                code="root_mismatch",
            )
        sending.record()
    except GravenError as error:
        raise _told(error, done, job.folder) from error
    return done


def _windows(job: JobLog, tree: CompactRange) -> Iterator[_Window]:
    """The entries of the job, of which `tree` is made on the way."""
    bundles = job.bundles()
    first = 0
    while taken := list(islice(bundles, _WINDOW_BUNDLES)):
        entries = [entry for bundle in taken for entry in bundle.entries]
        hashes = leaf_hashes(entries)
        tree.extend(hashes)
        yield _Window(first, entries, hashes, any(bundle.refers for bundle in taken))
        first += len(entries)


def _ahead(windows: Iterator[_Window]) -> Iterator[_Window]:
    """The same, with one window read in advance."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, windows, None)
        while (window := coming.result()) is not None:
            coming = pool.submit(next, windows, None)
            yield window


class _Sending:
    """One push under way."""

    def __init__(self, access: Access, job: JobLog, log: str, done: Pushed) -> None:
        self._access = access
        self._job = job
        self._log = log
        self._done = done
        self._put: set[str] = set()
        self._asking = True

    def window(self, window: _Window) -> None:
        """Ask what is there, send the rest. Behind a window that is new as a whole all is new, most likely."""
        origin = self._done.origin
        known: list[tuple[int, int, int]] = []
        if self._asking:
            known = self._access.known_entries(self._log, b"".join(window.hashes), origin=origin, first=window.first)
            self._asking = bool(known)
        at = 0
        for position, index, count in known:
            self._send(window, at, position)
            self._done.add(window.first + position, index, count)
            self._done.known += count
            at = position + count
        self._send(window, at, len(window.entries))

    def _send(self, window: _Window, start: int, stop: int) -> None:
        while start < stop:
            end = _batch_end(window, start, stop)
            self._batch(window.entries[start:end], window.first + start)
            start = end

    def _batch(self, entries: Sequence[bytes], first: int) -> None:
        try:
            answer = self._append(entries, first)
        except TooLarge:
            if len(entries) == 1:
                raise
            middle = len(entries) // 2
            self._batch(entries[:middle], first)
            self._batch(entries[middle:], first + middle)
            return
        self._done.new += answer.count
        self._done.known += len(answer.duplicates)
        index = answer.first if answer.first is not None else 0
        if not answer.duplicates:
            self._done.add(first, index, len(entries))
            return
        self._asking = True
        for position in range(len(entries)):
            there = answer.duplicates.get(position)
            self._done.add(first + position, index if there is None else there, 1)
            index += there is None

    def _append(self, entries: Sequence[bytes], first: int) -> Answer:
        """Append; blobs that the other side misses are put, and the batch sent again."""
        while True:
            try:
                return self._access.append_entries(self._log, entries, origin=self._done.origin, first=first)
            except InvalidEvent as error:
                missing = [str(digest) for digest in error.details.get("digests") or ()]
                if error.code != "unknown_attachment" or not missing or not self._put.isdisjoint(missing):
                    raise _placed(error, first) from error
                for digest in missing:
                    self._put_blob(digest)

    def _put_blob(self, digest: str) -> None:
        path = self._job.blob_path(digest)
        with path.open("rb") as stream:
            stored = self._access.put_blob(stream)
        if stored.digest != digest:
            raise Tampered(
                f"the blob {path} has other content than its name says",
                why=f"its digest is {stored.digest}",
                hint=f"graven verify {self._job.folder}",
                code="blob_altered",
            )
        self._put.add(digest)
        self._done.blobs += 1

    def record(self) -> None:
        """Append the `log.push`, unless this very one is there."""
        done = self._done
        checkpoint = self._job.note.decode("utf-8")
        record = PushRecord(done.origin, done.size, done.root, self._job.key.text, checkpoint, done.ranges)
        answer = self._access.append(self._log, push_event(record) + b"\n", "application/x-ndjson", key="", wait=True)
        done.record = answer.first if answer.first is not None else answer.duplicates[0]
        done.recorded_now = answer.first is not None


def _batch_end(window: _Window, start: int, stop: int) -> int:
    """Where a batch that begins at `start` ends; the events that lie in blobs count with their sizes."""
    size = 0
    for at in range(start, min(stop, start + _BATCH_ENTRIES)):
        entry = window.entries[at]
        size += len(entry)
        if window.refers and may_refer(entry):
            size += sum(reference.size or 0 for reference in entry_references(entry) if reference.nested)
        if size > _BATCH_BYTES and at > start:
            return at
    return min(stop, start + _BATCH_ENTRIES)


def _placed(error: InvalidEvent, first: int) -> InvalidEvent:
    """The refusal with indexes of the job's log in place of positions in a request."""
    listed = [
        {**item, "item": first + item["item"]} if isinstance(item.get("item"), int) else item
        for item in error.details.get("errors") or ()
    ]
    return InvalidEvent(
        f"the server refuses entries of this log: {error.message}",
        why=error.why,
        hint=error.hint or "graven show INDEX --data DIR shows such an entry",
        code=error.code,
        details={**error.details, "errors": listed},
    )


def _told(error: GravenError, done: Pushed, folder: Path) -> GravenError:
    """The error with what is there already, and what to do."""
    if isinstance(error, NotFound) and error.code == "not_found":
        return NotFound(
            "the server does not take pushed logs", hint="it is older than this program: update it", code="no_push"
        )
    if isinstance(error, Conflict):
        return error
    if done.ranges and not isinstance(error, Tampered):
        there = sum(count for _, _, count in done.ranges)
        error.hint = "\n".join(
            filter(None, [error.hint, f"{there:,} of {done.size:,} entries are there: push {folder} again to go on"])
        )
    return error
