from hashlib import sha256

import pytest

from graven.errors import InvalidInput
from graven.tlog.hashing import (
    EMPTY_ROOT,
    check_hash,
    leaf_hash,
    leaf_hashes,
    node_hash,
    pair_hashes,
    perfect_root,
)

A, B, C, D = (bytes([n]) * 32 for n in range(4))


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_leaves_and_nodes_have_different_prefixes() -> None:
    assert leaf_hash(A + B) == sha256(b"\0" + A + B).digest()
    assert node_hash(A, B) == sha256(b"\1" + A + B).digest()


def test_many_leaves_hash_like_one_at_a_time() -> None:
    entries = [b"", b"a", b"x" * 70_000]
    assert leaf_hashes(entries) == [leaf_hash(entry) for entry in entries]
    assert leaf_hashes([]) == []


def test_pairs_hash_to_their_parents() -> None:
    assert pair_hashes(A + B + C + D) == [node_hash(A, B), node_hash(C, D)]


def test_a_perfect_tree_hashes_level_by_level() -> None:
    assert perfect_root(A) == A
    assert perfect_root(A + B + C + D) == node_hash(node_hash(A, B), node_hash(C, D))


@pytest.mark.parametrize("hashes", [b"", A[:31], A + b"x", A + B + C, A * 6])
def test_what_is_no_perfect_tree_has_no_perfect_root(hashes: bytes) -> None:
    with pytest.raises(InvalidInput):
        perfect_root(hashes)


def test_a_hash_has_32_bytes() -> None:
    check_hash(A, "this")
    with pytest.raises(InvalidInput, match="this has 31 bytes"):
        check_hash(A[:31], "this")
