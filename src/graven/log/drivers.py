"""The storage of one log, as the engine gets it: local by default, anything that keeps the contracts in tests."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from graven.errors import RefusedToStart
from graven.log.layout import LogPaths
from graven.storage.contracts import Blobs, Head, Journal, Objects

__all__ = ["Drivers", "local_blobs", "local_drivers"]


@dataclass(frozen=True, slots=True)
class Drivers:
    """One opening of a log's storage. `folder` holds the idempotency runs and keyed requests."""

    journal: Journal
    head: Head
    objects: Objects
    folder: Path

    def close(self, *, clean: bool) -> None:
        """Close journal and head; `clean` marks that the journal's tail cannot be torn."""
        try:
            self.journal.close(clean=clean)
        finally:
            self.head.close()
            # remote objects have nothing to close, local ones hold a descriptor
            close = getattr(self.objects, "close", None)
            if close is not None:
                close()


def local_drivers(paths: LogPaths, *, segment_bytes: int) -> Drivers:
    """The embedded drivers; RefusedToStart when a part is missing, which is never initialised over."""
    from graven.storage.head import SqliteHead
    from graven.storage.journal import FileJournal
    from graven.storage.objects import DirectoryObjects

    for path, what in ((paths.head, "head"), (paths.journal, "journal"), (paths.checkpoint, "checkpoint")):
        if not path.exists():
            raise RefusedToStart(
                f"the {what} of log {paths.name} is missing: {path}",
                why="other files of the log exist, and starting over would sign a second history",
                hint="restore the missing part from the same copy; nothing was changed",
                code=f"{what}_missing",
            )
    with ExitStack() as opened:
        # a log that was refused is opened again and again: a descriptor left behind each time would end that
        head = SqliteHead(paths.head, create=False)
        opened.callback(head.close)
        objects = DirectoryObjects(paths.root)
        opened.callback(objects.close)
        journal = FileJournal(paths.journal, segment_bytes=segment_bytes)
        opened.pop_all()
    return Drivers(journal, head, objects, paths.root)


def local_blobs(paths: LogPaths) -> Blobs:
    """The blob store that all logs of a data directory share."""
    from graven.storage.blobs import DirectoryBlobs

    return DirectoryBlobs(paths.blobs)
