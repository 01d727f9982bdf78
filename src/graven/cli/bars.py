"""Counts as bars: values of a field, and matches over time."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from graven.cli import terminal
from graven.cli.fitted import room
from graven.cli.row_table import outcome_colour
from graven.cli.shortened import CUT, one_line
from graven.cli.zone import Zone
from graven.index.query.times import spell_duration, spell_time, time_ns

__all__ = ["bar", "facet_lines", "histogram_lines"]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_WIDEST: Final = 40
_STACK_COLOURS: Final[Sequence[terminal.Colour]] = ("blue", "magenta", "cyan", "yellow", "green", "red", "white")
_REST_COLOUR: Final = "bright_black"
_STACK_CHARS: Final = "█▓▒░#=+-"
_REST_CHAR: Final = "·"
_STACKED: Final = 8
"""Values that get a stack of their own in an answer; with fewer, the rest is what has none."""
_NONE: Final = "(none)"
_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400 * _SECOND


def bar(size: float, most: float, width: int) -> str:
    """A bar of at most `width` cells; something that is not nothing shows."""
    if size <= 0 or most <= 0:
        return ""
    eighths = max(1, round(size / most * width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def facet_lines(name: str, facet: Mapping[str, Any], total: int) -> list[str]:
    """A line for each value: count, share and bar; then what has other values, and none."""
    rows = [(one_line(one["value"]), int(one["count"]), "") for one in facet["values"]]
    if facet.get("other"):
        rows.append(("(other values)", int(facet["other"]), "dim"))
    if facet.get("absent"):
        rows.append((_NONE, int(facet["absent"]), "dim"))
    most = max((count for _, count, _ in rows), default=0)
    width = room() or 100
    longest = max([len(name), *(len(value) for value, _, _ in rows)])
    longest = min(longest, max(12, width // 2 - 20))
    digits = max(5, len(f"{most:,}"))
    cells = max(4, min(_WIDEST, width - longest - digits - 12))
    lines = [terminal.paint(f"{name.upper():<{longest}}  {'COUNT':>{digits}}   SHARE", dim=True)]
    for value, count, dim in rows:
        shown = value if len(value) <= longest else value[: longest - 1] + CUT
        drawn = terminal.paint(bar(count, most, cells), outcome_colour(value) or "blue")
        text = f"{shown:<{longest}}"
        label = terminal.paint(text, dim=True) if dim else text
        lines.append(f"{label}  {count:>{digits},}  {count / max(1, total):>6.1%}  {drawn}".rstrip())
    return lines


def histogram_lines(found: Mapping[str, Any], zone: Zone) -> list[str]:
    """A line for each bucket: when it begins, its count and a bar, stacked where values are given."""
    buckets = found["buckets"]
    values: list[str] = list(found.get("values") or ())
    starts = [time_ns(one["start"]) or 0 for one in buckets]
    width_ns = int(found["width_ns"])
    labels = _labels(starts, width_ns, zone)
    most = max((int(one["count"]) for one in buckets), default=0)
    digits = max(5, len(f"{most:,}"))
    longest = max(map(len, labels), default=0)
    cells = max(4, min(60, (room() or 100) - longest - digits - 5))
    stacks = _stacks(values)
    lines = [terminal.paint(f"{zone.text:<{longest}}  {'COUNT':>{digits}}  by {spell_duration(width_ns)}", dim=True)]
    for label, one in zip(labels, buckets, strict=True):
        count = int(one["count"])
        lines.append(f"{label}  {count:>{digits},}  {_stack(one, count, most, cells, stacks)}".rstrip())
    if stacks:
        there = [one for one in stacks if any((bucket.get("by") or {}).get(one.value) for bucket in buckets)]
        lines.append("  ".join(terminal.paint(f"{one.char} {one.name}", one.colour) for one in there))
    return lines


class _Stack(NamedTuple):
    value: str
    name: str
    colour: terminal.Colour
    char: str


def _stacks(values: Sequence[str]) -> list[_Stack]:
    """No two look alike: the colours that a value is known by first, the others from what is left.

    Where there are no colours, the characters differ.
    """
    known = {value: colour for value in values if (colour := outcome_colour(value))}
    taken: set[terminal.Colour] = set()
    stacks = []
    plain = not terminal.colours()
    for at, value in enumerate(values):
        if not value:
            name = _NONE if len(values) <= _STACKED else "(others)"
            stacks.append(_Stack(value, name, _REST_COLOUR, _REST_CHAR if plain else "█"))
            continue
        free = [colour for colour in _STACK_COLOURS if colour not in taken and colour not in known.values()]
        own = known.get(value)
        colour = own if own and own not in taken else free[0] if free else _STACK_COLOURS[at % len(_STACK_COLOURS)]
        taken.add(colour)
        stacks.append(_Stack(value, one_line(value), colour, _STACK_CHARS[at % len(_STACK_CHARS)] if plain else "█"))
    return stacks


def _stack(bucket: Mapping[str, Any], count: int, most: int, cells: int, stacks: Sequence[_Stack]) -> str:
    if not stacks:
        return terminal.paint(bar(count, most, cells), "blue") if count else ""
    by = bucket.get("by") or {}
    drawn, done, at = "", 0, 0
    for one in stacks:
        done += int(by.get(one.value, 0))
        end = round(done / max(1, most) * cells)
        if end > at:
            drawn += terminal.paint(one.char * (end - at), one.colour)
            at = end
    if terminal.colours():
        return drawn
    told = " ".join(f"{one.name} {n:,}" for one in stacks if (n := by.get(one.value)))
    return f"{drawn} {told}".strip() if told else drawn


def _labels(starts: list[int], width_ns: int, zone: Zone) -> list[str]:
    """As much of the time as tells buckets apart; the day where it changes."""
    texts = [spell_time(start + zone.offset_s * _SECOND) for start in starts]
    if width_ns >= _DAY:
        return [text[:10] for text in texts]
    end = 16 if width_ns >= 60 * _SECOND else 19 if width_ns >= _SECOND else 23
    day = ""
    labels = []
    for text in texts:
        shown = text[:end].replace("T", " ")
        labels.append(shown if text[:10] != day else " " * 11 + shown[11:])
        day = text[:10]
    return labels
