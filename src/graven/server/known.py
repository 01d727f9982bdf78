"""Which entries of another log a log already has, and which log may not be pushed to it: with and without HTTP."""

from collections.abc import Iterator, Sequence

from graven.errors import InvalidInput
from graven.event.pushed import pushed_key
from graven.log.opened import Log
from graven.tlog.hashing import HASH_SIZE

__all__ = ["known_ranges", "refuse_itself"]


def refuse_itself(log: Log, origin: str) -> None:
    """InvalidInput for the entries of the very log that they are to go to: it would never be done."""
    if origin == log.origin:
        raise InvalidInput(
            f"these are entries of the log {log.name} itself",
            why="each entry would be one more to push",
            hint="push to another log or server",
            code="pushed_into_itself",
        )


def known_ranges(log: Log, origin: str, first: int, hashes: bytes) -> list[tuple[int, int, int]]:
    """[position, index, count] of those leaf hashes that entries of `log` wrap; InvalidInput for a cut hash."""
    if len(hashes) % HASH_SIZE:
        raise InvalidInput(f"{len(hashes)} bytes are no whole number of hashes of {HASH_SIZE} bytes")
    keys = [
        pushed_key(origin, first + at, hashes[start : start + HASH_SIZE])
        for at, start in enumerate(range(0, len(hashes), HASH_SIZE))
    ]
    return list(_ranges(keys, log.known(keys)))


def _ranges(keys: Sequence[bytes], known: dict[bytes, int]) -> Iterator[tuple[int, int, int]]:
    start = index = count = 0
    for position, key in enumerate(keys):
        found = known.get(key)
        if count and found == index + count:
            count += 1
            continue
        if count:
            yield start, index, count
        start, index, count = (position, found, 1) if found is not None else (0, 0, 0)
    if count:
        yield start, index, count
