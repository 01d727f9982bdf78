"""The levels above the leaves: built from the roots below, each compared with its tile as it fills up.

Memory is one unfinished tile a level, whatever the size of the log. Where a tile and what lies below it
disagree, both roots are carried on: the level above then says which of the two it supports, and one
altered file gives one finding and not one a level.
"""

from collections.abc import Callable, Sequence

import msgspec

from graven.tlog.hashing import EMPTY_ROOT, HASH_SIZE, perfect_root
from graven.tlog.merkle import CompactRange
from graven.tlog.tiles import FULL_WIDTH, TilePath
from graven.verify.faults import node_mismatch
from graven.verify.report import Finding

__all__ = ["Levels", "Node"]


class Node(msgspec.Struct, frozen=True):
    """The root of a perfect subtree, as computed from below and as its own tile claims.

    `computed` is None when nothing below could be read; `claimed` is None when it is no different.
    """

    computed: bytes | None
    claimed: bytes | None = None


class Levels:
    """Takes the roots of full level-0 tiles in order, then the right edge; gives the root of the tree.

    `read` gives the plain bytes of a tile, or a finding that says why there are none.
    """

    def __init__(self, read: Callable[[TilePath], bytes | Finding], report: Callable[[Finding], None]) -> None:
        self._read = read
        self._report = report
        self._rows: list[list[Node]] = []
        """`_rows[i]` is the unfinished tile of level i + 1."""
        self._finished: list[int] = []
        """Number of full tiles of level i + 1."""
        self.files = 0

    def add(self, node: Node) -> None:
        """The root of the next full level-0 tile."""
        row = 0
        while True:
            if row == len(self._rows):
                self._rows.append([])
                self._finished.append(0)
            self._rows[row].append(node)
            if len(self._rows[row]) < FULL_WIDTH:
                return
            node = self._close(row)
            self._rows[row] = []
            self._finished[row] += 1
            row += 1

    def roots(self, edge: bytes, edge_claimed: bytes) -> list[bytes]:
        """Roots of the tree that the files support, the one computed from the entries first.

        There is one, unless something was found. `edge` is the concatenated leaf hashes right of the last full
        tile, `edge_claimed` what their own tile says.
        """
        below = _distinct([_range_root(_hashes(edge)), _range_root(_hashes(edge_claimed))])
        for row, nodes in enumerate(self._rows):
            if not nodes:
                continue
            computed, claimed = self._compare(row, nodes)
            below = _distinct(
                [
                    _range_root(own if rest is None else [*own, rest])
                    for own in (_hashes(computed), _hashes(claimed))
                    for rest in below
                ]
            )
        return [EMPTY_ROOT if root is None else root for root in below]

    def _close(self, row: int) -> Node:
        """The root of a row that became full."""
        computed, claimed = self._compare(row, self._rows[row])
        root = perfect_root(computed)
        return Node(root, None if claimed == computed else perfect_root(claimed))

    def _compare(self, row: int, nodes: Sequence[Node]) -> tuple[bytes, bytes]:
        """The hashes of a row as they follow from below, and as its tile claims; findings are reported.

        Where the tile supports what the tile below it claims, the entries below are the odd ones out, which was
        reported there: the claim goes on.
        """
        tile = TilePath(row + 1, self._finished[row], len(nodes))
        data = self._read(tile)
        if isinstance(data, Finding):
            self._report(data)
            own = b"".join([node.claimed or node.computed or bytes(HASH_SIZE) for node in nodes])
            return b"".join([node.computed or bytes(HASH_SIZE) for node in nodes]), own
        self.files += 1
        computed = b"".join([node.computed or b"" for node in nodes])
        if computed == data:
            return data, data
        settled = []
        for position, (node, stated) in enumerate(zip(nodes, _hashes(data), strict=True)):
            if node.computed is None or stated in (node.computed, node.claimed):
                settled.append(stated)
            else:
                settled.append(node.computed)
                self._report(node_mismatch(tile, position, node.computed, stated))
        return b"".join(settled), data


def _hashes(data: bytes) -> list[bytes]:
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def _distinct(roots: Sequence[bytes | None]) -> list[bytes | None]:
    return list(dict.fromkeys(roots))


def _range_root(hashes: Sequence[bytes]) -> bytes | None:
    """The root over perfect subtrees of one size, the last of which may be a smaller remainder.

    RFC 9162 splits at the largest power of two below the number of leaves, which is the same split whether
    the remainder counts as one subtree or as its leaves.
    """
    if not hashes:
        return None
    tree = CompactRange()
    tree.extend(hashes)
    return tree.root()
