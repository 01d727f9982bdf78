import pytest
from tests.support.tlog_reference import entry, mth, node

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63
from graven.tlog.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    perfect_root,
    root_from_nodes,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(entry(index)) for index in range(600)]


def tree_of(size: int) -> CompactRange:
    tree = CompactRange()
    tree.extend(LEAVES[:size])
    return tree


def test_a_new_range_is_the_empty_tree() -> None:
    assert CompactRange().root() == EMPTY_ROOT
    assert (CompactRange().size, CompactRange().hashes()) == (0, [])


def test_appending_one_by_one_gives_the_root_of_every_size() -> None:
    tree = CompactRange()
    for size in range(1, 300):
        tree.append(LEAVES[size - 1])
        assert (tree.size, tree.root()) == (size, mth(0, size))


def test_a_range_keeps_one_root_per_bit_of_its_size_left_to_right() -> None:
    assert tree_of(0b1011).hashes() == [mth(0, 8), mth(8, 10), mth(10, 11)]


def test_a_range_continues_from_its_hashes() -> None:
    tree = CompactRange.from_hashes(300, tree_of(300).hashes())
    tree.extend(LEAVES[300:600])
    assert tree.root() == mth(0, 600)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (3, 1), (4, 2), (-1, 0), (2**63, 1)])
def test_a_range_is_not_made_of_the_wrong_number_of_hashes(size: int, count: int) -> None:
    with pytest.raises(InvalidInput):
        CompactRange.from_hashes(size, LEAVES[:count])


def test_a_range_is_not_made_of_short_hashes() -> None:
    with pytest.raises(InvalidInput):
        CompactRange.from_hashes(1, [b"short"])


def test_a_copy_goes_its_own_way() -> None:
    tree = tree_of(5)
    copy = tree.copy()
    copy.append(LEAVES[5])
    assert (tree.size, tree.root()) == (5, mth(0, 5))
    assert (copy.size, copy.root()) == (6, mth(0, 6))


def test_the_hashes_handed_out_are_not_the_range_itself() -> None:
    tree = tree_of(5)
    tree.hashes().clear()
    assert tree.root() == mth(0, 5)


def test_whole_tiles_extend_a_range_by_their_roots() -> None:
    tree = CompactRange()
    tree.extend([perfect_root(b"".join(LEAVES[start : start + 256])) for start in (0, 256)], level=8)
    tree.extend(LEAVES[512:])
    assert (tree.size, tree.root()) == (600, mth(0, 600))


def test_subtrees_do_not_extend_a_range_that_they_are_not_aligned_with() -> None:
    tree = tree_of(255)
    with pytest.raises(InvalidInput, match="cannot be extended by subtrees of level 8"):
        tree.extend([mth(0, 256)], level=8)
    assert (tree.size, tree.root()) == (255, mth(0, 255))


@pytest.mark.parametrize("bad", [[b"short"], [b"x" * 31, b"x" * 33], [b"x" * 64]])
def test_what_is_no_hash_leaves_a_range_unchanged(bad: list[bytes]) -> None:
    tree = tree_of(3)
    with pytest.raises(InvalidInput):
        tree.extend(bad)
    with pytest.raises(InvalidInput):
        tree.append(bad[0])
    assert (tree.size, tree.root()) == (3, mth(0, 3))


def test_a_range_does_not_grow_beyond_63_bits() -> None:
    tree = CompactRange.from_hashes(MAX_INT63, [LEAVES[0]] * 63)
    with pytest.raises(InvalidInput):
        tree.append(LEAVES[0])
    with pytest.raises(InvalidInput):
        tree.extend(LEAVES[:1])
    assert tree.size == MAX_INT63


def test_extending_by_nothing_changes_nothing() -> None:
    tree = tree_of(7)
    tree.extend([])
    assert (tree.size, tree.root()) == (7, mth(0, 7))


def test_the_root_is_folded_from_nodes() -> None:
    assert root_from_nodes(0, node) == EMPTY_ROOT
    assert root_from_nodes(77, node) == mth(0, 77)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, 2**63)])
def test_no_inclusion_of_an_index_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(InvalidInput):
        inclusion_proof(index, size, node)
    with pytest.raises(InvalidInput) as caught:
        verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])
    assert caught.value.code == "invalid_proof"


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (1, 2**63)])
def test_no_consistency_of_a_tree_with_a_smaller_one(old: int, new: int) -> None:
    with pytest.raises(InvalidInput):
        consistency_proof(old, new, node)
    with pytest.raises(InvalidInput) as caught:
        verify_consistency(old, new, [], LEAVES[0], LEAVES[0])
    assert caught.value.code == "invalid_proof"


def test_an_inner_node_does_not_pass_for_a_leaf_of_another_tree_size() -> None:
    pair = node_hash(LEAVES[0], LEAVES[1])
    with pytest.raises(InvalidInput):
        verify_inclusion(0, 4, pair, [mth(2, 4)], mth(0, 4))


def test_nothing_is_proven_between_equal_sizes_but_equal_roots() -> None:
    assert consistency_proof(5, 5, node) == []
    verify_consistency(5, 5, [], mth(0, 5), mth(0, 5))
    with pytest.raises(InvalidInput, match="two roots of size 5"):
        verify_consistency(5, 5, [], mth(0, 5), mth(0, 4))


def test_hashes_of_another_length_prove_nothing() -> None:
    proof = inclusion_proof(2, 5, node)
    with pytest.raises(InvalidInput, match="31 bytes"):
        verify_inclusion(2, 5, LEAVES[2], [proof[0][:31], *proof[1:]], mth(0, 5))
    with pytest.raises(InvalidInput, match="33 bytes"):
        verify_consistency(3, 5, [b"x" * 33], mth(0, 3), mth(0, 5))


@pytest.mark.parametrize(("old", "new"), [(4, 7), (3, 7), (6, 7), (3, 4)])
def test_a_proof_between_two_trees_says_nothing_of_other_roots(old: int, new: int) -> None:
    proof = consistency_proof(old, new, node)
    verify_consistency(old, new, proof, mth(0, old), mth(0, new))
    for roots in [(mth(1, old), mth(0, new)), (mth(0, old), mth(1, new)), (mth(0, new), mth(0, old))]:
        with pytest.raises(InvalidInput):
            verify_consistency(old, new, proof, *roots)


def test_sizes_near_the_limit_are_proven_without_overflow() -> None:
    proof = inclusion_proof(MAX_INT63 - 1, MAX_INT63, lambda level, index: bytes([level]) * 32)
    assert len(proof) == 62
