"""A data directory that pytest filled and that no server ever held: read as it is, up to its published checkpoint.

Nothing is written, locked or signed, and no key is needed, so an artefact of a CI job stays what the job made of it,
and two copies of it stay alike. Reads are not recorded: the only place for that would be the copy itself, which is
evidence of something else.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from graven.cli.access.job_log import JobLog
from graven.errors import CouldNotCheck, NotFound, Tampered
from graven.tlog.merkle import inclusion_proof
from graven.tlog.proof import TlogProof, format_proof
from graven.tlog.tiles import FULL_WIDTH, covers, parse_tile_path, tile_node_reader

if TYPE_CHECKING:
    from graven.cli.access.questions import Search
    from graven.qa.shown import ShownTest

__all__ = ["KeptAccess", "is_kept"]


def is_kept(data: Path) -> bool:
    """Whether `data` has logs, and no server or `graven log create` has been there."""
    return bool(_names(data)) and not any((data / name).exists() for name in ("logs/system", "control.sqlite"))


def _names(data: Path) -> list[str]:
    # not from `graven.log`, which takes long to import, and which only Linux and macOS have
    return sorted(path.parent.name for path in data.glob("logs/*/log.vkey") if not path.parent.name.startswith("."))


class KeptAccess:
    """See `ports.ReadAccess`. What a log publishes is read when it is first asked for, and stays what is shown."""

    def __init__(self, data: Path) -> None:
        self.where = str(data)
        self._data = data
        self._logs: dict[str, JobLog] = {}
        self._last: tuple[str, int, list[bytes]] = ("", -1, [])

    def _log(self, name: str) -> JobLog:
        log = self._logs.get(name)
        if log is None:
            names = _names(self._data)
            if name not in names:
                listed = f"there is {', '.join(names)}"
                raise NotFound(f"there is no log {name!r}", hint=listed, code="unknown_log", details={"log": name})
            log = self._logs[name] = JobLog(self._data / "logs" / name)
        return log

    def size(self, log: str) -> int:
        """See `ports.ReadAccess`; entries that no checkpoint covers yet are not seen."""
        return self._log(log).checkpoint.size

    readable_size = size

    def _bundle(self, log: str, number: int) -> list[bytes]:
        if self._last[:2] != (log, number):
            self._last = (log, number, self._log(log).bundle(number)[1])
        return self._last[2]

    def entry(self, log: str, index: int) -> bytes:
        """See `ports.ReadAccess`."""
        size = self.size(log)
        if not 0 <= index < size:
            raise NotFound(f"the log has no entry {index}", why=f"its size is {size}", code="entry_not_found")
        return self._bundle(log, index // FULL_WIDTH)[index % FULL_WIDTH]

    def entries(self, log: str, start: int, stop: int) -> Iterator[bytes]:
        """See `ports.ReadAccess`."""
        index, stop = max(start, 0), min(stop, self.size(log))
        while index < stop:
            part = self._bundle(log, index // FULL_WIDTH)[index % FULL_WIDTH :][: stop - index]
            yield from part
            index += len(part)

    def shown_test(
        self, log: str, test: str, run: str | None, attempt: int | None, environment: str | None
    ) -> "ShownTest":
        """See `ports.ReadAccess`."""
        from graven.qa.shown import show_test

        size = self.size(log)

        def load(digest: str) -> bytes | None:
            return self._content(log, digest)

        return show_test(
            lambda: self.entries(log, 0, size), load, test, run=run, attempt=attempt, environment=environment
        )

    def proof(self, log: str, index: int) -> bytes:
        """See `ports.ReadAccess`."""
        opened = self._log(log)
        size = opened.checkpoint.size
        if not 0 <= index < size:
            raise NotFound(f"the log has no entry {index}", why=f"its size is {size}", code="entry_not_found")
        node = tile_node_reader(size, opened.tile)
        return format_proof(TlogProof(index, tuple(inclusion_proof(index, size, node)), opened.note))

    def _content(self, log: str, digest: str) -> bytes | None:
        pieces = self._log(log).source.open_blob(digest)
        if pieces is None:
            return None
        content = b"".join(pieces)
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != digest:
            hint = f"graven verify {self._log(log).folder}"
            raise Tampered(f"blob {digest} has other content: its digest is {found}", hint=hint, code="blob_altered")
        return content

    def blob(self, log: str, digest: str) -> bytes:
        """See `ports.ReadAccess`."""
        content = self._content(log, digest)
        if content is None:
            raise CouldNotCheck(f"the blob {digest} is absent", hint=f"look in {self._data / 'blobs'}")
        return content

    def checkpoint(self, log: str) -> bytes:
        """See `ports.ReadAccess`."""
        return self._log(log).note

    def verifier_key(self, log: str) -> str:
        """See `ports.ReadAccess`."""
        return self._log(log).key.text

    def tile(self, log: str, path: str) -> bytes:
        """See `ports.ReadAccess`."""
        tile = parse_tile_path(path)
        if not covers(self.size(log), tile):
            raise NotFound(f"there is no {path} in {log}")
        return self._log(log).tile(tile)

    def logs(self) -> list[dict[str, Any]]:
        """See `ports.ReadAccess`."""
        opened = [(name, self._log(name).checkpoint) for name in _names(self._data)]
        return [{"name": name, "origin": checkpoint.origin, "size": checkpoint.size} for name, checkpoint in opened]

    def searcher(self) -> "Search":
        """See `ports.ReadAccess`."""
        from graven.cli.access.scanned import ScannedSearch
        from graven.cli.access.scanning import Entries

        def entries(log: str) -> Entries:
            return Entries(
                self.size(log),
                lambda start, stop: self.entries(log, start, stop),
                lambda digest: self._content(log, digest),
            )

        return ScannedSearch(self.where, entries)

    def index_state(self) -> dict[str, Any]:
        """See `ports.ReadAccess`; there is none, every entry is read."""
        return {
            "away": True,
            "logs": [{"name": one["name"], "size": one["size"], "state": "none"} for one in self.logs()],
        }

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
