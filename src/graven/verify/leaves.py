"""The hot loop: a bundle's bytes to leaf hashes, in one pass over the bytes.

Half of a whole verification is spent in `leaf_hashes_of`, so it does at once what `tlog.bundle` and
`tlog.hashing` do in two steps; a property test holds the three together.
"""

from hashlib import sha256

from graven.errors import InvalidInput
from graven.tlog.hashing import HASH_SIZE

__all__ = ["first_difference", "leaf_hashes_of", "prefix_of"]


def leaf_hashes_of(bundle: bytes, count: int) -> bytes:
    """Concatenated leaf hashes of the `count` entries that make up exactly this plain bundle.

    Raises InvalidInput when the bundle is cut, or has anything after its last entry.
    """
    sha = sha256
    hashes: list[bytes] = []
    append = hashes.append
    position = 0
    try:
        for _ in range(count):
            start = position + 2
            position = start + (bundle[position] << 8 | bundle[position + 1])
            append(sha(b"\x00" + bundle[start:position]).digest())
    except IndexError:
        raise InvalidInput(f"the bundle ends before its entry {len(hashes)} of {count}") from None
    if position > len(bundle):
        raise InvalidInput(f"the bundle ends inside its last entry, {position - len(bundle)} bytes too early")
    if position < len(bundle):
        raise InvalidInput(f"{len(bundle) - position} bytes follow the {count} entries of the bundle")
    return b"".join(hashes)


def prefix_of(bundle: bytes, count: int) -> bytes:
    """The plain bundle of the first `count` entries of a wider one; `InvalidInput` when it has fewer."""
    position = 0
    for done in range(count):
        start = position + 2
        if start > len(bundle):
            raise InvalidInput(f"the bundle holds {done} entries, at least {count} are expected")
        position = start + (bundle[position] << 8 | bundle[position + 1])
    if position > len(bundle):
        raise InvalidInput(f"the bundle ends inside its entry {count - 1}")
    return bundle[:position]


def first_difference(one: bytes, other: bytes) -> int:
    """Position of the first 32-byte hash in which two tiles of equal length differ."""
    for start in range(0, len(one), HASH_SIZE):
        if one[start : start + HASH_SIZE] != other[start : start + HASH_SIZE]:
            return start // HASH_SIZE
    raise ValueError("the tiles are equal")
