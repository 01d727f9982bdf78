import pytest
from tests.support.tlog_reference import mth

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63
from graven.tlog.tiles import (
    ENTRIES_LEVEL,
    TilePath,
    all_tiles,
    bundles_for,
    covers,
    parse_tile_path,
    partial_width,
    tile_node_reader,
    tiles_for,
)

PATHS = [
    (TilePath(0, 5, 256), "tile/0/005"),
    (TilePath(0, 1000, 256), "tile/0/x001/000"),
    (TilePath(0, 1234067, 256), "tile/0/x001/x234/067"),
    (TilePath(0, 273, 112), "tile/0/273.p/112"),
    (TilePath(63, 0, 1), "tile/63/000.p/1"),
    (TilePath(ENTRIES_LEVEL, 0, 256), "tile/entries/000"),
    (TilePath(ENTRIES_LEVEL, 1000000, 255), "tile/entries/x001/x000/000.p/255"),
    (TilePath(1, MAX_INT63, 256), "tile/1/x009/x223/x372/x036/x854/x775/807"),
]


@pytest.mark.parametrize(("tile", "path"), PATHS)
def test_path_of_a_tile_and_back(tile: TilePath, path: str) -> None:
    assert tile.path() == path
    assert parse_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/5",
        "tile/0/05",
        "tile/0/0005",
        "tile/0/x000/005",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/x1/000",
        "tile/00/005",
        "tile/64/005",
        "tile/100/005",
        "tile/-1/005",
        "tile/+1/005",
        "tile/8/0/005",
        "tile/data/005",
        "tile/Entries/005",
        "tile/0/005.p/0",
        "tile/0/005.p/256",
        "tile/0/005.p/999",
        "tile/0/005.p/01",
        "tile/0/005.p/",
        "tile/0/005.p",
        "tile/0/005/p/1",
        "tile/0/005.p/1/",
        "/tile/0/005",
        "./tile/0/005",
        "tile//0/005",
        "tile/0/../0/005",
        "tile/0/005\n",
        "tile/0/005 ",
        "tile/0/٠٠٥",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
        "tile/0/005\x00",
        "tile/0/\ud80005",
    ],
)
def test_every_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        parse_tile_path(path)


@pytest.mark.parametrize("tile", [(64, 0, 1), (-2, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)])
def test_a_tile_that_cannot_exist_has_no_path(tile: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidInput):
        TilePath(*tile).path()


def test_the_width_of_the_partial_tile_is_zero_where_there_is_none() -> None:
    assert [partial_width(level, 70_000) for level in (-1, 0, 1, 2, 3)] == [112, 112, 17, 1, 0]
    assert partial_width(0, 512) == 0


def test_an_empty_log_has_no_tiles() -> None:
    assert list(all_tiles(0)) == []


def test_all_tiles_are_the_bundles_and_then_the_hash_tiles() -> None:
    assert [tile.path() for tile in all_tiles(300)] == [
        "tile/entries/000",
        "tile/entries/001.p/44",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
    ]


def test_growth_names_the_tiles_that_are_new_or_wider() -> None:
    assert [tile.path() for tile in bundles_for(200, 300)] == ["tile/entries/000", "tile/entries/001.p/44"]
    assert [tile.path() for tile in tiles_for(200, 300)] == ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]
    assert [tile.path() for tile in tiles_for(300, 301)] == ["tile/0/001.p/45"]
    assert [tile.path() for tile in tiles_for(256, 512)] == ["tile/0/001", "tile/1/000.p/2"]


def test_without_growth_nothing_is_new() -> None:
    for old, new in [(0, 0), (300, 300), (300, 200)]:
        assert list(tiles_for(old, new)) == []
        assert list(bundles_for(old, new)) == []


def test_growing_in_steps_touches_exactly_the_tiles_of_the_final_size() -> None:
    latest: dict[tuple[int, int], int] = {}
    size = 0
    for step in (1, 254, 1, 1, 255, 256, 1000, 65_536 - 1768, 300):
        for tile in (*bundles_for(size, size + step), *tiles_for(size, size + step)):
            assert tile.width > latest.get((tile.level, tile.index), 0)
            latest[tile.level, tile.index] = tile.width
        size += step
    assert {TilePath(*place, width) for place, width in latest.items()} == set(all_tiles(size))


class Tiles:
    """The tiles of the reference tree, and a record of which were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, tile: TilePath) -> bytes:
        self.read.append(tile.path())
        first, step = tile.index * 256, 256**tile.level
        return b"".join(mth((first + i) * step, (first + i + 1) * step) for i in range(tile.width))


def test_nodes_come_from_tiles_of_exactly_the_width_of_the_size() -> None:
    tiles = Tiles()
    node = tile_node_reader(600, tiles)
    assert node(0, 599) == mth(599, 600)
    assert node(3, 64) == mth(512, 520)
    assert node(8, 1) == mth(256, 512)
    assert node(9, 0) == mth(0, 512)
    assert tiles.read == ["tile/0/002.p/88", "tile/1/000.p/2"]


def test_a_node_outside_the_tree_is_not_read() -> None:
    tiles = Tiles()
    node = tile_node_reader(600, tiles)
    for level, index in [(0, 600), (9, 1), (10, 0), (-1, 0), (0, -1)]:
        with pytest.raises(InvalidInput):
            node(level, index)
    assert tiles.read == []


@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_a_tile_of_another_length_is_refused(change: int) -> None:
    node = tile_node_reader(5, lambda tile: bytes(tile.width * 32 + change))
    with pytest.raises(InvalidInput, match=r"tile/0/000.p/5 has"):
        node(0, 0)


def test_a_tree_covers_the_tiles_that_its_size_fills() -> None:
    assert covers(256, TilePath(1, 0, 1))
    assert not covers(255, TilePath(1, 0, 1))
    assert covers(300, TilePath(-1, 1, 44))
    assert not covers(300, TilePath(-1, 1, 45))
