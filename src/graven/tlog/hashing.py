"""The hashes of RFC 9162 §2.1: leaves, nodes, and whole perfect subtrees at the speed of hashlib.

Leaf = SHA-256(0x00 ‖ entry), node = SHA-256(0x01 ‖ left ‖ right). The prefixes keep a node from ever
passing for a leaf. Functions on many hashes work on one concatenated byte string, level by level,
because a Python call per node would cost more than the hash itself.
"""

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct

from graven.errors import InvalidInput

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "check_hash",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "pair_hashes",
    "perfect_root",
]

HASH_SIZE = 32
"""Bytes of a hash."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""

_pairs = Struct("64s").iter_unpack


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """The hashes of many leaves, in order."""
    sha = sha256
    return [sha(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node from its children's 32-byte hashes."""
    return sha256(b"\x01" + left + right).digest()


def pair_hashes(hashes: bytes) -> list[bytes]:
    """Parents of neighbouring hashes: 2n concatenated 32-byte hashes in, n hashes out."""
    sha = sha256
    return [sha(b"\x01" + pair).digest() for (pair,) in _pairs(hashes)]


def perfect_root(hashes: bytes) -> bytes:
    """The root over 2^k concatenated 32-byte hashes.

    Raises InvalidInput when the count is no power of two (zero included).
    """
    count, rest = divmod(len(hashes), HASH_SIZE)
    if rest or count & (count - 1) or not count:
        raise InvalidInput(f"{len(hashes)} bytes are not a power of two of 32-byte hashes")
    while count > 1:
        hashes = b"".join(pair_hashes(hashes))
        count >>= 1
    return hashes


def check_hash(data: bytes, what: str) -> None:
    """Raise InvalidInput unless `data`, called `what` in the message, is 32 bytes long."""
    if len(data) != HASH_SIZE:
        raise InvalidInput(f"{what} has {len(data)} bytes, a hash has {HASH_SIZE}")
