from hashlib import sha256

import pytest

from graven.tlog.merkle import CompactRange, perfect_root
from graven.tlog.tiles import TilePath
from graven.verify.levels import Levels, Node
from graven.verify.report import Finding, Kind

TILE_ROOTS = [sha256(b"%d" % n).digest() for n in range(600)]
EDGE = b"".join(sha256(b"e%d" % n).digest() for n in range(77))
LACKING = Finding(kind=Kind.TAMPERED, code="missing", message="lacking")


def expected_root(count: int, edge: bytes) -> bytes:
    tree = CompactRange()
    tree.extend(TILE_ROOTS[:count], level=8)
    tree.extend([edge[i : i + 32] for i in range(0, len(edge), 32)])
    return tree.root()


def honest(tile: TilePath) -> bytes:
    hashes = TILE_ROOTS
    for _ in range(tile.level - 1):
        hashes = [perfect_root(b"".join(hashes[i : i + 256])) for i in range(0, len(hashes) - 255, 256)]
    return b"".join(hashes[tile.index * 256 : tile.index * 256 + tile.width])


def build(count: int, read=honest, nodes=None):
    findings: list[Finding] = []
    levels = Levels(read, findings.append)
    for node in nodes if nodes is not None else map(Node, TILE_ROOTS[:count]):
        levels.add(node)
    return levels, findings


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 511, 512, 513, 600])
@pytest.mark.parametrize("edge", [b"", EDGE[:32], EDGE])
def test_the_root_is_that_of_the_whole_tree(count: int, edge: bytes):
    levels, findings = build(count)
    assert levels.roots(edge, edge) == [expected_root(count, edge)]
    assert findings == []


def test_an_altered_hash_is_named_and_the_computed_root_comes_first():
    def altered(tile: TilePath) -> bytes:
        data = bytearray(honest(tile))
        if tile == TilePath(1, 0, 256):
            data[33] ^= 1
        return bytes(data)

    levels, findings = build(300, altered)
    roots = levels.roots(EDGE, EDGE)
    assert roots[0] == expected_root(300, EDGE)
    (first,) = findings
    assert (first.code, first.path, first.index) == ("node_mismatch", "tile/1/000", 256)
    assert first.expected == TILE_ROOTS[1].hex()


def test_a_lower_tile_that_the_level_above_supports_settles_the_matter():
    nodes = [Node(n) for n in TILE_ROOTS[:300]]
    nodes[5] = Node(bytes(32), TILE_ROOTS[5])
    levels, findings = build(300, nodes=nodes)
    assert expected_root(300, EDGE) in levels.roots(EDGE, EDGE)
    assert findings == []


def test_what_could_not_be_read_is_taken_from_the_level_above():
    nodes = [Node(n) for n in TILE_ROOTS[:3]]
    nodes[1] = Node(None)
    levels, findings = build(3, nodes=nodes)
    assert levels.roots(EDGE, EDGE) == [expected_root(3, EDGE)]
    assert findings == []


def test_a_missing_upper_tile_is_reported_once_and_the_root_still_found():
    def lacking(tile: TilePath) -> bytes | Finding:
        return LACKING if tile == TilePath(1, 0, 256) else honest(tile)

    levels, findings = build(600, lacking)
    assert levels.roots(EDGE, EDGE) == [expected_root(600, EDGE)]
    assert findings == [LACKING]


def test_an_edge_that_its_tile_contradicts_gives_both_roots():
    levels, _ = build(2)
    other = bytes(len(EDGE))
    assert levels.roots(EDGE, other) == [expected_root(2, EDGE), expected_root(2, other)]
