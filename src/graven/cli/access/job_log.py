"""The log of a job: its checkpoint, read once, and everything below it, straight from the files of its directory.

Nothing is locked, so a recorder may still be writing. What it writes after the checkpoint goes with the next push.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from graven.errors import CouldNotCheck, InvalidInput, Tampered, UsageError
from graven.tlog.bundle import decode_bundle
from graven.tlog.checkpoint import Checkpoint, open_checkpoint
from graven.tlog.encoding import decode_utf8
from graven.tlog.note import VerifierKey
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath
from graven.verify.attachments import may_refer
from graven.verify.directory import DirectorySource
from graven.verify.reading import read_plain
from graven.verify.report import Kind

__all__ = ["Bundle", "JobLog", "find_job_log"]


def find_job_log(directory: Path, log: str) -> Path:
    """The folder of the log: `directory` is a data directory, or that folder itself. UsageError when it is none."""
    if (directory / "log.vkey").is_file():
        return directory
    folder = directory / "logs" / log
    if folder.is_dir():
        return folder
    others = sorted(path.parent.name for path in directory.glob("logs/*/log.vkey"))
    if others:
        raise UsageError(f'{directory} has no log "{log}"', hint=f"--log {others[0]}")
    waiting = (directory / "spool").is_dir() and any((directory / "spool").iterdir())
    raise UsageError(
        f"there is no log in {directory}",
        why="what was recorded waits in its spool: no log was made of it yet" if waiting else "",
        hint="on Linux or macOS, push again when the recording has ended"
        if waiting
        else "pytest --graven writes .graven",
    )


class Bundle(NamedTuple):
    """Entries, and whether any of them may refer to a blob."""

    entries: list[bytes]
    refers: bool


class JobLog:
    """One log as of its published checkpoint."""

    def __init__(self, folder: Path) -> None:
        """CouldNotCheck when it has published nothing yet, Tampered when its key did not sign what it published."""
        self.source = DirectorySource(folder)
        self.folder = folder
        vkey, note = self.source.fetch_key(), self.source.fetch_checkpoint()
        if vkey is None or note is None:
            raise CouldNotCheck(
                f"{folder} has no {'key' if vkey is None else 'checkpoint'}", hint=f"graven verify {folder}"
            )
        try:
            self.key = VerifierKey.parse(decode_utf8(vkey).strip())
            self.checkpoint: Checkpoint = open_checkpoint(note, self.key)
        except InvalidInput as error:
            raise Tampered(
                f"the checkpoint of {folder} is not signed by its key: {error.message}", hint=f"graven verify {folder}"
            ) from error
        self.note = note

    def require_sound(self, shown: Path, *, on_progress: Callable[[int, int], None]) -> None:
        """Tampered or CouldNotCheck unless all is fine from the entries up, and extends what was read."""
        from graven.verify.engine import verify

        report = verify(DirectorySource(self.folder), self.key, known=[self.note], progress=on_progress)
        if not report.findings:
            return
        worst = min(report.findings, key=lambda finding: finding.kind is not Kind.TAMPERED)
        kind = Tampered if worst.kind is Kind.TAMPERED else CouldNotCheck
        more = len(report.findings) + report.more_findings - 1
        raise kind(
            f"{shown} was not pushed: {worst.message}",
            why=worst.why + (f" ({more} more findings)" if more else ""),
            hint=f"graven verify {self.folder} shows it all; --no-verify pushes what is there, as it is",
            code=worst.code,
        )

    def tile(self, tile: TilePath) -> bytes:
        """Plain bytes of a tile or bundle below the checkpoint. Tampered where it is missing or malformed."""
        try:
            data = read_plain(self.source, tile)
        except InvalidInput as error:
            raise self._damaged(tile, error.message) from error
        if data is None:
            raise self._damaged(tile, "it is missing")
        return data

    def bundle(self, number: int) -> tuple[bytes, list[bytes]]:
        """The bundle as it is, and its entries: 256, or fewer at the right edge. Tampered as above."""
        width = min(FULL_WIDTH, self.checkpoint.size - number * FULL_WIDTH)
        tile = TilePath(ENTRIES_LEVEL, number, width)
        data = self.tile(tile)
        try:
            return data, decode_bundle(data, width)
        except InvalidInput as error:
            raise self._damaged(tile, error.message) from error

    def bundles(self) -> Iterator[Bundle]:
        """All entries, up to 256 at a time. Tampered as above."""
        for number in range(-(-self.checkpoint.size // FULL_WIDTH)):
            data, entries = self.bundle(number)
            yield Bundle(entries, may_refer(data))

    def _damaged(self, tile: TilePath, what: str) -> Tampered:
        return Tampered(f"{tile.path()}: {what}", hint=f"graven verify {self.folder}")

    def blob_path(self, digest: str) -> Path:
        """The file of a blob; CouldNotCheck when it is not there."""
        digits = digest.removeprefix("sha256:")
        if self.source.blobs is not None:
            path = self.source.blobs / "sha256" / digits[:2] / digits[2:4] / digits
            if path.is_file():
                return path
        raise CouldNotCheck(
            f"blob {digest} is not in {self.source.blobs}",
            why="an entry refers to it, and the server does not have it either",
            hint="keep the whole directory as the artefact of the job, blobs included",
            code="blob_absent",
        )
