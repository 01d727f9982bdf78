"""RFC 9162 §2.1, word for word and slow: what the fast tree in `graven.tlog.merkle` is compared with."""

from functools import cache
from hashlib import sha256


def entry(index: int) -> bytes:
    return b"entry-%d" % index


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


@cache
def mth(lo: int, hi: int) -> bytes:
    """MTH of the entries lo..hi-1."""
    if hi - lo == 0:
        return sha256(b"").digest()
    if hi - lo == 1:
        return sha256(b"\0" + entry(lo)).digest()
    k = lo + split(hi - lo)
    return sha256(b"\1" + mth(lo, k) + mth(k, hi)).digest()


def path(m: int, lo: int, hi: int) -> list[bytes]:
    """PATH(m, D[lo:hi])."""
    if hi - lo == 1:
        return []
    k = split(hi - lo)
    if m < k:
        return [*path(m, lo, lo + k), mth(lo + k, hi)]
    return [*path(m - k, lo + k, hi), mth(lo, lo + k)]


def subproof(m: int, lo: int, hi: int, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[lo:hi], whole); PROOF(m, D[n]) is SUBPROOF(m, D[0:n], true)."""
    if m == hi - lo:
        return [] if whole else [mth(lo, hi)]
    k = split(hi - lo)
    if m <= k:
        return [*subproof(m, lo, lo + k, whole), mth(lo + k, hi)]
    return [*subproof(m - k, lo + k, hi, False), mth(lo, lo + k)]


def node(level: int, index: int) -> bytes:
    """A NodeReader over the reference tree."""
    return mth(index << level, (index + 1) << level)
