"""Every proof for every index and every size from 0 to 256, against the words of RFC 9162."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tlog_reference import entry, mth, node, path, subproof
from tests.support.tlog_samples import quick

from graven.errors import InvalidInput
from graven.tlog.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    root_from_nodes,
    verify_consistency,
    verify_inclusion,
)
from graven.tlog.tiles import TilePath, tile_node_reader

LARGEST = 256
LEAVES = leaf_hashes([entry(index) for index in range(2_000)])


def read_tile(tile: TilePath) -> bytes:
    first, step = tile.index * 256, 256**tile.level
    return b"".join(mth((first + i) * step, (first + i + 1) * step) for i in range(tile.width))


def test_every_root_is_that_of_the_reference() -> None:
    for size in range(LARGEST + 1):
        tree = CompactRange()
        tree.extend(LEAVES[:size])
        assert tree.root() == root_from_nodes(size, node) == mth(0, size)


def test_every_inclusion_proof_is_that_of_the_reference_and_verifies() -> None:
    for size in range(1, LARGEST + 1):
        root = mth(0, size)
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert proof == path(index, 0, size)
            verify_inclusion(index, size, LEAVES[index], proof, root)


def test_every_consistency_proof_is_that_of_the_reference_and_verifies() -> None:
    for new in range(1, LARGEST + 1):
        root = mth(0, new)
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            assert proof == subproof(old, 0, new, True)
            verify_consistency(old, new, proof, mth(0, old), root)
        assert consistency_proof(0, new, node) == []
        verify_consistency(0, new, [], EMPTY_ROOT, root)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    """(index, size) with index < size ≤ 2,000."""
    size = draw(st.integers(1, 2_000))
    return draw(st.integers(0, size - 1)), size


@quick
@given(places())
def test_proofs_from_tiles_are_those_of_the_reference(place: tuple[int, int]) -> None:
    index, size = place
    reader = tile_node_reader(size, read_tile)
    assert inclusion_proof(index, size, reader) == path(index, 0, size)
    assert consistency_proof(index + 1, size, reader) == subproof(index + 1, 0, size, True)
    assert root_from_nodes(size, reader) == mth(0, size)


@quick
@given(places(), st.data())
def test_an_inclusion_proof_with_any_change_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    proof = path(index, 0, size)
    changed = data.draw(changes(proof))
    with pytest.raises(InvalidInput) as caught:
        verify_inclusion(index, size, LEAVES[index], changed, mth(0, size))
    assert caught.value.code == "invalid_proof"


@quick
@given(places(), st.data())
def test_a_consistency_proof_with_any_change_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    old, new = place[0] + 1, place[1]
    changed = data.draw(changes(subproof(old, 0, new, True)))
    with pytest.raises(InvalidInput) as caught:
        verify_consistency(old, new, changed, mth(0, old), mth(0, new))
    assert caught.value.code == "invalid_proof"


def changes(proof: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Other proofs: one bit flipped, one hash dropped, inserted, doubled, or two swapped."""
    inserted = st.integers(0, len(proof)).map(lambda at: [*proof[:at], leaf_hash(b"x"), *proof[at:]])
    if not proof:
        return inserted
    at = st.integers(0, len(proof) - 1)
    flipped = st.tuples(at, st.integers(0, 255)).map(
        lambda one: [
            *proof[: one[0]],
            (int.from_bytes(proof[one[0]], "big") ^ 1 << one[1]).to_bytes(32, "big"),
            *proof[one[0] + 1 :],
        ]
    )
    dropped = at.map(lambda one: proof[:one] + proof[one + 1 :])
    doubled = at.map(lambda one: [*proof[:one], proof[one], *proof[one:]])
    return st.one_of(flipped, dropped, doubled, inserted, st.just(proof[::-1]).filter(lambda one: one != proof))


@quick
@given(places(), st.integers(0, 1_999))
def test_a_proof_holds_for_its_own_index_only(place: tuple[int, int], other: int) -> None:
    # The same path may fit another *size*: it is the signed checkpoint that binds the size, not the proof.
    index, size = place
    if other != index:
        with pytest.raises(InvalidInput):
            verify_inclusion(other, size, LEAVES[index], path(index, 0, size), mth(0, size))


@quick
@given(st.lists(st.integers(0, 300), max_size=6), st.integers(0, 300))
def test_any_way_of_growing_gives_the_same_range(steps: list[int], reloaded_after: int) -> None:
    tree = CompactRange()
    for step in steps:
        if tree.size >= reloaded_after:
            tree = CompactRange.from_hashes(tree.size, tree.hashes())
        if step == 1:
            tree.append(LEAVES[tree.size])
        else:
            tree.extend(LEAVES[tree.size : tree.size + step])
        assert tree.root() == mth(0, tree.size)
    assert tree.size == sum(steps)


@quick
@given(st.integers(0, 1_000), st.integers(0, 10))
def test_subtrees_extend_like_their_leaves(size: int, level: int) -> None:
    whole = size >> level
    tree = CompactRange()
    tree.extend([mth(index << level, (index + 1) << level) for index in range(whole)], level=level)
    tree.extend(LEAVES[whole << level : size])
    assert tree.root() == mth(0, size)
