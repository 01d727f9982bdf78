"""UUIDv7 (RFC 9562 §5.7): ids that sort by time, made from a clock and a random source passed in."""

from collections.abc import Callable

from graven.errors import InvalidInput

__all__ = ["make", "make_many"]


def _spell(unix_ms: int, noise: bytes) -> str:
    tail = int.from_bytes(noise, "big")
    value = (unix_ms << 80) | (0x7 << 76) | ((tail >> 62 & 0xFFF) << 64) | (0b10 << 62) | (tail & (1 << 62) - 1)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def make(now_ns: int, random: Callable[[int], bytes]) -> str:
    """One id for the Unix time `now_ns`; `random(n)` gives n unpredictable bytes."""
    return make_many(now_ns, random, 1)[0]


def make_many(now_ns: int, random: Callable[[int], bytes], count: int) -> list[str]:
    """`count` ids of one millisecond, all random below it (no order among them), from one read of `random`."""
    unix_ms = now_ns // 1_000_000
    if not 0 <= unix_ms < 1 << 48:
        raise InvalidInput(f"time {now_ns} ns does not fit the 48-bit milliseconds of a UUIDv7")
    noise = random(10 * count)
    return [_spell(unix_ms, noise[at : at + 10]) for at in range(0, 10 * count, 10)]
