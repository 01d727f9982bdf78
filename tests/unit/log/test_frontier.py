from graven.log.frontier import Frontier, edge_tiles
from graven.tlog.merkle import EMPTY_ROOT, CompactRange, leaf_hashes
from graven.tlog.tiles import TilePath, all_tiles

LEAVES = leaf_hashes([b"entry-%d" % number for number in range(66_000)])


def test_the_empty_tree_has_the_empty_root_and_no_tiles() -> None:
    assert Frontier().root() == EMPTY_ROOT
    assert Frontier().partials() == []
    assert edge_tiles(0) == []


def test_roots_are_those_of_the_reference_at_every_size() -> None:
    frontier, reference = Frontier(), CompactRange()
    for leaf in LEAVES[:600]:
        frontier.extend([leaf])
        reference.append(leaf)
        assert frontier.root() == reference.root()


def test_tiles_do_not_depend_on_how_leaves_are_grouped() -> None:
    whole, parts = Frontier(), Frontier()
    tiles = whole.extend(LEAVES)
    collected = []
    for start in range(0, len(LEAVES), 777):
        collected += parts.extend(LEAVES[start : start + 777])
    assert sorted(collected) == sorted(tiles)
    assert parts.partials() == whole.partials()
    assert parts.root() == whole.root()


def test_full_and_partial_tiles_are_all_tiles_of_the_tree() -> None:
    frontier = Frontier()
    full = frontier.extend(LEAVES)
    made = {tile.path for tile in [*full, *frontier.partials()]}
    assert made == {path for path in all_tiles(len(LEAVES)) if path.level >= 0}
    assert all(len(tile.hashes) == 32 * tile.path.width for tile in [*full, *frontier.partials()])


def test_a_frontier_continues_from_its_edge() -> None:
    first = Frontier()
    first.extend(LEAVES[:65_900])
    edges = [b""] * 3
    for tile in first.partials():
        edges[tile.path.level] = tile.hashes
    again = Frontier(65_900, edges)
    assert again.root() == first.root()
    assert again.extend(LEAVES[65_900:]) == first.extend(LEAVES[65_900:])
    assert again.root() == first.root()


def test_edge_tiles_of_the_example_in_the_format_description() -> None:
    assert edge_tiles(70_000) == [TilePath(0, 273, 112), TilePath(1, 1, 17), TilePath(2, 0, 1)]
