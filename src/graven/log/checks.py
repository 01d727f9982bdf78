"""The start-up checks (DESIGN.md §4 "Start"): each refuses, saying exactly why and what to do.

They look and change nothing. Together they make sure that what the log would sign next continues what it
signed last, and what anybody can have seen of it.
"""

from graven.errors import GravenError, InvalidInput, RefusedToStart
from graven.log.frontier import TILE_WIDTH, Frontier, edge_tiles
from graven.log.keys import load_vkey
from graven.log.layout import LogPaths
from graven.log.publish import CHECKPOINT
from graven.log.tree import Tree
from graven.storage.contracts import Head, HeadState, Objects
from graven.tlog.checkpoint import Checkpoint, open_checkpoint
from graven.tlog.encoding import encode_base64
from graven.tlog.merkle import EMPTY_ROOT, leaf_hashes, root_from_nodes
from graven.tlog.note import Signer, VerifierKey
from graven.tlog.tiles import TilePath

__all__ = [
    "check_clock",
    "check_highwater",
    "check_key",
    "check_published",
    "load_frontier",
    "load_head",
    "load_published",
]

_KEEP_BOTH = "keep both checkpoints: together they are the proof; restore the newest copy of the whole directory"


def check_key(paths: LogPaths, signer: Signer) -> VerifierKey:
    """The log's verifier key; RefusedToStart when `log.vkey` is another's."""
    vkey = load_vkey(paths.vkey)
    if vkey != signer.verifier:
        raise RefusedToStart(
            f"the key {paths.key} does not belong to {paths.vkey}: {signer.verifier.text} and {vkey.text}",
            why="signing with another key would be another log under the same address",
            hint="restore the key and log.vkey from the same copy",
            code="wrong_key",
        )
    return vkey


def load_head(head: Head, key: VerifierKey) -> tuple[HeadState, Checkpoint]:
    """The head and its checkpoint; RefusedToStart when it is empty or not signed by `key`."""
    state = head.load()
    if state is None:
        raise RefusedToStart(
            "the head holds no checkpoint",
            why="a log is created with one, so it was lost",
            hint="restore head.sqlite from the newest copy; nothing was changed",
            code="head_missing",
        )
    return state, _open(state.checkpoint, key, "head")


def load_published(objects: Objects, key: VerifierKey) -> tuple[bytes, Checkpoint]:
    """The published checkpoint; RefusedToStart when it is missing or not signed by `key`."""
    data = objects.get(CHECKPOINT)
    if data is None:
        raise RefusedToStart(
            "the published checkpoint is missing",
            why="other files of the log exist, so it was lost",
            hint="restore the file `checkpoint` from the newest copy; nothing was changed",
            code="checkpoint_missing",
        )
    return data, _open(data, key, "published checkpoint")


def _open(data: bytes, key: VerifierKey, what: str) -> Checkpoint:
    try:
        return open_checkpoint(data, key)
    except InvalidInput as error:
        raise RefusedToStart(
            f"the {what} is not a checkpoint signed by {key.text}: {error.message}",
            why="the key does not match the origin, or the file was damaged",
            hint="restore key, head and checkpoint from the same copy",
            code="wrong_key" if error.code != "invalid_input" else f"{what.rsplit(maxsplit=1)[-1]}_damaged",
        ) from error


def check_clock(now_ns: int, head_ns: int, tolerance_s: float, name: str) -> None:
    """Refuse when the clock is more than `tolerance_s` behind the head's time."""
    behind_s = (head_ns - now_ns) / 1e9
    if behind_s > tolerance_s:
        raise RefusedToStart(
            f"the clock is {behind_s:.1f} s behind the last signed checkpoint of log {name}",
            why=f"entries would claim times before it; head {head_ns} ns, clock {now_ns} ns",
            hint="set the clock; or, if it was wrong before: graven doctor --accept-clock",
            code="clock_behind",
            details={"behind_s": behind_s},
        )


def check_published(published: Checkpoint, head: Checkpoint, tree: Tree) -> None:
    """Refuse when readers were shown what the head does not cover. Compares texts, not cosignatures."""
    _check_extends(published, head, tree, "published checkpoint", _KEEP_BOTH, "checkpoint_ahead")


def check_highwater(mark: Checkpoint | None, head: Checkpoint, tree: Tree) -> None:
    """Refuse when this machine has already seen more of the log than is here, or something else."""
    if mark is not None:
        look = "to look at a copy: XDG_STATE_HOME=$(mktemp -d) graven …"
        hint = f"use the newest copy; {look}; if this one must go on: graven log adopt-rollback"
        _check_extends(mark, head, tree, "high-water mark", hint, "rollback", f"{_KEEP_BOTH}; {look}")


def _check_extends(
    old: Checkpoint, head: Checkpoint, tree: Tree, what: str, hint: str, ahead: str, forked: str = _KEEP_BOTH
) -> None:
    if old.size > head.size:
        raise RefusedToStart(
            f"the {what} has size {old.size}, the head only {head.size}",
            why=f"{old.size} entries were signed before, this copy holds {head.size}: an older copy was restored,"
            " another copy of it went on (a search of one records its read there), or the head was lost;"
            " going on would sign a fork",
            hint=hint,
            code=ahead,
            details={"seen": old.text, "head": head.text},
        )
    try:
        root = head.root if old.size == head.size else _root_at(old.size, tree)
    except GravenError as error:
        raise RefusedToStart(
            f"the tree of size {old.size} cannot be read: {error.message}",
            why=error.why or "a tile that the signed tree covers was damaged",
            hint="restore tile/ from the newest copy and run graven verify",
            code="tiles_damaged",
        ) from error
    if root != old.root:
        raise RefusedToStart(
            f"the {what} has root {encode_base64(old.root)} at size {old.size}, this tree {encode_base64(root)}",
            why="the two are forks of each other: two copies of it went on, each by itself",
            hint=forked,
            code="fork",
            details={"seen": old.text, "head": head.text},
        )


def _root_at(size: int, tree: Tree) -> bytes:
    return root_from_nodes(size, tree.node_reader(size)) if size else EMPTY_ROOT


def load_frontier(tree: Tree, head: Checkpoint) -> tuple[Frontier, bytes | None]:
    """The right edge of the signed tree and its last entry (None in an empty log).

    RefusedToStart when the tiles do not hash to the head's root, or the last bundle not to its tile.
    """
    size = head.size
    edges: list[bytes] = [b""] * ((size.bit_length() + 7) // 8)
    try:
        for path in edge_tiles(size):
            edges[path.level] = _require(tree, path)
        frontier = Frontier(size, edges)
        _check_root(frontier.root(), head)
        return frontier, _check_last_bundle(tree, size) if size else None
    except RefusedToStart:
        raise
    except GravenError as error:
        raise RefusedToStart(
            f"the right edge of the tree of size {size} cannot be read: {error.message}",
            why=error.why or "a tile or bundle that the signed tree covers was damaged",
            hint="restore tile/ from the newest copy and run graven verify",
            code="tiles_damaged",
        ) from error


def _check_root(root: bytes, head: Checkpoint) -> None:
    if root != head.root:
        raise RefusedToStart(
            f"the right-edge tiles hash to {encode_base64(root)}, the head says {encode_base64(head.root)}",
            why=f"tiles of the tree of size {head.size} were changed or lost",
            hint="restore tile/ from the newest copy and run graven verify",
            code="tiles_damaged",
        )


def _check_last_bundle(tree: Tree, size: int) -> bytes:
    index = (size - 1) // TILE_WIDTH
    width = size - index * TILE_WIDTH
    try:
        entries = tree.bundle(index, size)
    except GravenError as error:
        raise RefusedToStart(
            f"the last bundle {TilePath(-1, index, width).path()} cannot be read: {error.message}",
            why=error.why or "the signed tree covers it, so it was damaged or lost",
            hint="restore tile/ from the newest copy and run graven verify",
            code="bundle_damaged",
        ) from error
    if b"".join(leaf_hashes(entries)) != _require(tree, TilePath(0, index, width)):
        raise RefusedToStart(
            f"the last bundle {TilePath(-1, index, width).path()} does not hash to its tile",
            why="entries or hashes were changed after they were signed",
            hint="restore tile/ from the newest copy and run graven verify",
            code="bundle_damaged",
        )
    return entries[-1]


def _require(tree: Tree, path: TilePath) -> bytes:
    data = tree.read(path)
    if data is None:
        raise RefusedToStart(
            f"{path.path()} is missing",
            why="the signed tree covers it",
            hint="restore tile/ from the newest copy and run graven verify",
            code="tiles_missing",
        )
    return data
