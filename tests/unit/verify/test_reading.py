import pytest
from tests.support.verify_logs import VECTOR, VECTOR_KEY, MemorySource, make_log

from graven.errors import InvalidInput
from graven.tlog.tiles import TilePath
from graven.verify.engine import verify
from graven.verify.reading import read_plain
from graven.verify.report import Verdict

PARTIAL = TilePath(0, 1, 44)


class Vanishing(MemorySource):
    """Replaces a partial by a wider one each time it is about to be read, as a busy server does."""

    def __init__(self, rounds: int, **replacements: bytes) -> None:
        super().__init__(VECTOR)
        self.rounds = rounds
        self.wide = {"0": bytes(self.files["tile/0/001.p/44"]), "entries": self.files["tile/entries/001.p/44"]}

    def fetch(self, tile: TilePath) -> bytes | None:
        part = {0: "0", -1: "entries"}.get(tile.level)
        if tile.index == 1 and part and 44 <= tile.width < 44 + self.rounds:
            gone = self.files.pop(tile.path(), None)
            if gone is not None:
                more = bytes(32) if part == "0" else b"\x00\x01x"
                self.files[tile._replace(width=tile.width + 1).path()] = gone + more
                return None
        return super().fetch(tile)


@pytest.mark.parametrize("rounds", [0, 1, 2, 5])
def test_a_partial_that_vanishes_is_found_in_a_wider_one(rounds: int):
    report = verify(Vanishing(rounds), VECTOR_KEY, workers=0)
    assert report.verdict is Verdict.FINE, report.text()
    assert report.entries == 300


def test_a_partial_is_cut_from_the_full_tile(tmp_path):
    log = make_log(tmp_path, 256)
    source = MemorySource(log.root)
    for width in (1, 200, 255):
        assert read_plain(source, TilePath(0, 0, width)) == log.tile(TilePath(0, 0, width))
        assert read_plain(source, TilePath(-1, 0, width)) == log.tile(TilePath(-1, 0, width))


def test_a_full_tile_is_never_made_of_a_partial_one(tmp_path):
    source = MemorySource(make_log(tmp_path, 255).root)
    assert read_plain(source, TilePath(0, 0, 256)) is None


def test_a_narrower_partial_is_no_substitute():
    source = MemorySource(VECTOR)
    del source.files["tile/0/001.p/44"]
    source.files["tile/0/001.p/43"] = bytes(32 * 43)
    assert read_plain(source, PARTIAL) is None


def test_the_full_tile_that_appears_last_is_found():
    class Late(MemorySource):
        def wider(self, tile: TilePath) -> list[int]:
            self.files["tile/0/001"] = full
            return [256]

    full = bytes(8192)
    source = Late(VECTOR)
    del source.files["tile/0/001.p/44"]
    assert read_plain(source, PARTIAL) == bytes(44 * 32)


@pytest.mark.parametrize("size", [0, 31, 44 * 32 - 1, 44 * 32 + 1, 45 * 32])
def test_a_hash_tile_of_another_size_is_refused(size: int):
    source = MemorySource(VECTOR)
    source.files["tile/0/001.p/44"] = bytes(size)
    with pytest.raises(InvalidInput, match="1408"):
        read_plain(source, PARTIAL)
