"""The Merkle tree of RFC 9162 §2.1: append with compact ranges, prove and verify.

A tree of n leaves is, from left to right, one perfect subtree for every bit set in n, largest first.
A `CompactRange` keeps just their roots, so appending needs no storage. Proofs are made from a
`NodeReader`, which gives the roots of perfect subtrees and nothing else; the one node of a proof that
may be imperfect, at the right edge, is folded together here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Self

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63
from graven.tlog.hashing import (
    EMPTY_ROOT,
    HASH_SIZE,
    check_hash,
    leaf_hash,
    leaf_hashes,
    node_hash,
    pair_hashes,
    perfect_root,
)

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "CompactRange",
    "NodeReader",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "perfect_root",
    "root_from_nodes",
    "verify_consistency",
    "verify_inclusion",
]

NodeReader = Callable[[int, int], bytes]
"""`(level, index)` → root of the perfect subtree of leaves [index·2^level, (index+1)·2^level)."""


class CompactRange:
    """The first `size` leaves of a tree, kept as the roots of its maximal perfect subtrees."""

    __slots__ = ("_roots", "size")

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []  # largest subtree first, one for each bit set in size

    @classmethod
    def from_hashes(cls, size: int, hashes: Iterable[bytes]) -> Self:
        """The range of `size` leaves whose maximal perfect subtrees have these roots, left to right.

        Raises InvalidInput when there is not exactly one 32-byte hash for each bit set in `size`.
        """
        roots = list(hashes)
        if not 0 <= size <= MAX_INT63 or len(roots) != size.bit_count():
            raise InvalidInput(f"{len(roots)} subtree roots cannot make a tree of size {size}")
        for root in roots:
            check_hash(root, "subtree root")
        made = cls()
        made.size = size
        made._roots = roots
        return made

    def copy(self) -> Self:
        """An independent range of the same leaves."""
        made = type(self)()
        made.size = self.size
        made._roots = self._roots.copy()
        return made

    def hashes(self) -> list[bytes]:
        """Roots of the maximal perfect subtrees, left to right: what `from_hashes` takes."""
        return self._roots.copy()

    def append(self, leaf: bytes) -> None:
        """Add one leaf, given by its hash. Raises InvalidInput unless that has 32 bytes."""
        check_hash(leaf, "a leaf hash")
        if self.size == MAX_INT63:
            raise InvalidInput(f"a tree holds at most {MAX_INT63} leaves")
        node, waiting = leaf, self.size
        while waiting & 1:
            node = node_hash(self._roots.pop(), node)
            waiting >>= 1
        self._roots.append(node)
        self.size += 1

    def extend(self, hashes: Sequence[bytes], *, level: int = 0) -> None:
        """Add the roots of perfect subtrees of 2^`level` leaves each (level 0: leaf hashes), in order.

        The size so far must be a multiple of 2^`level`. Raises InvalidInput for a misaligned level or
        for anything but 32-byte hashes, before anything changed.
        """
        if self.size & ((1 << level) - 1):
            raise InvalidInput(f"a tree of size {self.size} cannot be extended by subtrees of level {level}")
        pending = b"".join(hashes)
        count = len(hashes)
        if len(pending) != count * HASH_SIZE or (count and set(map(len, hashes)) != {HASH_SIZE}):
            raise InvalidInput("a range is extended by 32-byte hashes only")
        if self.size + (count << level) > MAX_INT63:
            raise InvalidInput(f"a tree holds at most {MAX_INT63} leaves")
        # One level at a time: take in the left sibling that waits there, hash all pairs, and leave
        # a node without a partner behind. Whole aligned subtrees cost one pass per level this way.
        roots = self._roots
        left_behind: list[bytes] = []
        waiting = self.size >> level
        self.size += count << level
        while count:
            if waiting & 1:
                pending = roots.pop() + pending
                count += 1
            if count & 1:
                left_behind.append(pending[-HASH_SIZE:])
                pending = pending[:-HASH_SIZE]
            pending = b"".join(pair_hashes(pending))
            count >>= 1
            waiting >>= 1
        left_behind.reverse()
        roots += left_behind

    def root(self) -> bytes:
        """The root of the tree of these leaves."""
        return _fold(self._roots)


def root_from_nodes(size: int, node: NodeReader) -> bytes:
    """The root of the tree of `size` leaves, from the roots of its perfect subtrees."""
    if not 0 <= size <= MAX_INT63:
        raise InvalidInput(f"no tree has size {size}")
    return _range_root(0, size, node)


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Siblings on the way from leaf `index` to the root of the tree of `size` leaves, leaf's first.

    Raises InvalidInput unless 0 ≤ index < size.
    """
    if not 0 <= index < size <= MAX_INT63:
        raise InvalidInput(f"no entry {index} in a tree of size {size}")
    return _path(0, index, size, node)


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """Proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162 §2.1.4).

    Empty when the sizes are equal or `old` is 0: there is nothing to prove. Raises InvalidInput
    unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new <= MAX_INT63:
        raise InvalidInput(f"a tree of size {new} cannot extend one of size {old}")
    if old in (0, new):
        return []
    level, start = _last_subtree(old)
    path = _path(level, start, new, node)
    return path if start == 0 else [node(level, start), *path]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash `leaf` stands at `index` in the tree of `size` leaves under `root`.

    Raises InvalidInput with code "invalid_proof" otherwise (RFC 9162 §2.1.3.2).
    """
    if not 0 <= index < size <= MAX_INT63:
        raise _invalid(f"no entry {index} in a tree of size {size}")
    _check_hashes(leaf, root, *proof)
    inner = (index ^ (size - 1)).bit_length()
    _check_length(proof, inner + (index >> inner).bit_count())
    node = leaf
    for height, sibling in enumerate(proof):
        # beyond the inner part the node lies on the right edge, where all siblings are on the left
        if height >= inner or index >> height & 1:
            node = node_hash(sibling, node)
        else:
            node = node_hash(node, sibling)
    if node != root:
        raise _invalid(f"the proof for entry {index} leads to root {node.hex()}, not to {root.hex()}")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree (`new`, `new_root`) begins with the tree (`old`, `old_root`).

    Raises InvalidInput with code "invalid_proof" otherwise (RFC 9162 §2.1.4.2). Every tree extends the
    empty one: from `old` = 0 the proof must be empty and the old root that of the empty tree. A caller
    for whom that is no evidence (a witness that never saw the log) decides before it calls.
    """
    if not 0 <= old <= new <= MAX_INT63:
        raise _invalid(f"a tree of size {new} cannot extend one of size {old}")
    for size, root in ((old, old_root), (new, new_root)):
        if size == 0 and root != EMPTY_ROOT:
            raise _invalid(f"a tree of size 0 has the root {EMPTY_ROOT.hex()}, not {root.hex()}")
    if old == new and old_root != new_root:
        raise _invalid(f"two roots of size {new}: {old_root.hex()} and {new_root.hex()}")
    if old in (0, new):
        _check_length(proof, 0)
        # of two equal roots nothing is hashed, and only here may they be anything
        if old != new:
            _check_hashes(new_root)
        return
    _check_hashes(old_root, new_root, *proof)
    level, start = _last_subtree(old)
    inner = (start ^ ((new - 1) >> level)).bit_length()
    length = inner + (start >> inner).bit_count()
    if start == 0:  # the old tree is perfect: its root is the first node, so the proof leaves it out
        _check_length(proof, length)
        seed, path = old_root, proof
    else:
        _check_length(proof, 1 + length)
        seed, path = proof[0], proof[1:]
    old_node = new_node = seed
    for height, sibling in enumerate(path):
        if height >= inner or start >> height & 1:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
        else:  # the sibling is to the right, outside the old tree
            new_node = node_hash(new_node, sibling)
    if old_node != old_root:
        raise _invalid(f"the proof leads to the old root {old_node.hex()}, not to {old_root.hex()}")
    if new_node != new_root:
        raise _invalid(f"the proof leads to the new root {new_node.hex()}, not to {new_root.hex()}")


def _last_subtree(size: int) -> tuple[int, int]:
    """(level, index) of the last, smallest maximal perfect subtree of a tree of `size` > 0 leaves."""
    level = (size & -size).bit_length() - 1
    return level, (size >> level) - 1


def _path(level: int, index: int, size: int, node: NodeReader) -> list[bytes]:
    """Siblings from the perfect subtree (level, index) to the root of the tree of `size` leaves."""
    path = []
    last = (size - 1) >> level  # the subtree of this level that holds the last leaf
    while last:
        sibling = index ^ 1
        if sibling < last:
            path.append(node(level, sibling))
        elif sibling == last:
            path.append(_range_root(sibling << level, size, node))
        # else: the node is on the right edge without a partner and moves up unchanged
        level += 1
        index >>= 1
        last >>= 1
    return path


def _range_root(begin: int, end: int, node: NodeReader) -> bytes:
    """Root over the leaves [begin, end), where `begin` is a multiple of a power of two ≥ end - begin."""
    roots = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        roots.append(node(level, begin >> level))
        begin += 1 << level
    return _fold(roots)


def _fold(roots: Sequence[bytes]) -> bytes:
    """The root over maximal perfect subtrees, given left to right."""
    if not roots:
        return EMPTY_ROOT
    folded = roots[-1]
    for root in reversed(roots[:-1]):
        folded = node_hash(root, folded)
    return folded


def _check_hashes(*hashes: bytes) -> None:
    for data in hashes:
        if len(data) != HASH_SIZE:
            raise _invalid(f"a hash of {len(data)} bytes where {HASH_SIZE} are expected")


def _check_length(proof: Sequence[bytes], length: int) -> None:
    if len(proof) != length:
        raise _invalid(f"a proof of {len(proof)} hashes where {length} are expected")


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(message, code="invalid_proof")
