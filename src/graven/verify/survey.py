"""Every name below `tile/`, sorted into what it is to a given checkpoint."""

from collections.abc import Callable, Iterator

from graven.errors import InvalidInput
from graven.tlog.tiles import FULL_WIDTH, TilePath, parse_tile_path, partial_width
from graven.verify.faults import unexpected
from graven.verify.report import Finding
from graven.verify.source import Source

__all__ = ["Survey"]


class Survey:
    """Lists a source once and gives the obsolete partials; counts and reports the rest on the way.

    What the checkpoint needs is read by name elsewhere, and missing there when it is missing. What lies
    beyond the checkpoint is counted and left alone: the log may have grown since the checkpoint was read.
    """

    def __init__(self, source: Source, size: int, report: Callable[[Finding], None]) -> None:
        self._source = source
        self._size = size
        self._report = report
        self.beyond = 0

    def obsolete(self) -> Iterator[TilePath]:
        """Partial tiles and bundles within the checkpoint that a wider one has replaced."""
        for path in self._source.paths() or ():
            tile = self._tile(path)
            if tile is None:
                continue
            count = self._size >> (8 * max(tile.level, 0))
            if tile.index * FULL_WIDTH + tile.width > count:
                self.beyond += 1
            elif tile.width < FULL_WIDTH and not self._published(tile, count):
                yield tile

    def _published(self, tile: TilePath, count: int) -> bool:
        return tile.index == count // FULL_WIDTH and tile.width == partial_width(tile.level, self._size)

    def _tile(self, path: str) -> TilePath | None:
        """The tile that a path names; None, with a finding where one is due, when it names none."""
        try:
            return parse_tile_path(path)
        except InvalidInput:
            self._report(unexpected(path))
            return None
