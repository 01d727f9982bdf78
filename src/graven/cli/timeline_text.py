"""A timeline for people: an event a line, indented by what it happened in, below it the exact inputs and outputs.

Headers of requests and what else is seldom asked for are shown with `full`; every line has the index of its entry.
"""

from collections.abc import Iterator
from typing import Any

from graven.cli import terminal
from graven.cli.printable import printable
from graven.cli.shortened import cut_to, labelled, one_line
from graven.qa.happened import member
from graven.qa.timeline import TimelineItem

__all__ = ["timeline_lines"]

_DEEPEST = 6
"""Steps of indentation; deeper events keep it, so that a narrow terminal still shows them."""
_MARKS = {"concurrent": "∥", "claimed": "~"}
_LEGEND = {
    "∥": "at the same time as the event above it, or the order is not known",
    "~": "after the event above it by clocks that nothing compares",
    "!": "names a parent that is not recorded here",
}
_BAD = {"failure", "error", "denied"}
_HEADING_LINES = 3
_VALUE_LINES = 3
"""Lines that one may take unless all of it is asked for."""

Detail = tuple[str, Any]


def timeline_lines(items: list[TimelineItem], *, full: bool) -> Iterator[str]:
    """The timeline and, where a mark is used, what it means."""
    digits = max((len(str(item.index)) for item in items), default=1)
    above = {item.index: (item.source, _actor(item.event)) for item in items}
    seen: dict[str, None] = {}
    for item in items:
        marks = _MARKS.get(item.order, "") + ("!" if item.missing_parent else "")
        seen |= dict.fromkeys(marks)
        # said once, where it changes
        known = above.get(-1 if item.parent is None else item.parent, ("", ""))
        source, actor = (new if new != old else "" for new, old in zip(above[item.index], known, strict=True))
        yield from _item_lines(item, marks, source, actor, digits, full=full)
    for mark in seen:
        yield terminal.wrap(terminal.paint(f"{mark}  {_LEGEND[mark]}", dim=True), indent="  ", hanging="     ")


def _item_lines(item: TimelineItem, marks: str, source: str, actor: str, digits: int, *, full: bool) -> Iterator[str]:
    heading, details = _described(item.event, full=full)
    heading += f"  by {actor}" if actor else ""
    left = f"{str(item.index).rjust(digits)} {_offset(item.offset_ns).rjust(8)} {marks.ljust(1)} "
    indent = "  " * min(item.depth, _DEEPEST)
    width = terminal.width() - len(left) - len(indent)
    margin = " " * len(left) + indent + "  "
    colour: terminal.Colour | None = "red" if item.event.get("outcome") in _BAD else None
    first, *others = cut_to(heading, width - 2, None if full else _HEADING_LINES)
    line = terminal.paint(left, dim=True) + indent + terminal.paint(first, colour, bold=True)
    about = printable("  ".join(filter(None, (_took(item.event), source))))
    if others:
        yield line
        yield from (margin + terminal.paint(piece, colour, bold=True) for piece in others[:-1])
        line = margin + terminal.paint(others[-1], colour, bold=True)
    taken = len(others[-1]) + 2 if others else len(first)
    if about and taken + 2 + len(about) > width:
        yield line
        line = margin + terminal.paint(about, dim=True)
    elif about:
        line += terminal.paint(f"  {about}", dim=True)
    yield line
    for label, value in details:
        yield from labelled(label.ljust(4), value, margin, lines=None if full else _VALUE_LINES)


def _offset(offset_ns: int | None) -> str:
    if offset_ns is None:
        return ""
    size = abs(offset_ns)
    sign = "-" if offset_ns < 0 else "+"
    if size < 99_950_000:
        return f"{sign}{size / 1e6:.1f} ms"
    return f"{sign}{size / 1e6:.0f} ms" if size < 10_000_000_000 else f"{sign}{size / 1e9:.0f} s"


def _took(event: dict[str, Any]) -> str:
    duration = event.get("duration_ns")
    return f"{duration / 1e6:.1f} ms" if type(duration) is int and duration else ""


def _described(event: dict[str, Any], *, full: bool) -> tuple[str, list[Detail]]:
    """The heading and the details of an event."""
    action = one_line(event.get("action"))
    if action == "http.request":
        heading, details = _http(event, full=full)
    elif action == "sql.statement":
        heading, details = _sql(event)
    elif action.startswith("test."):
        heading, details = _test(event)
    elif action == "process.run":
        argv = member(event, "input", "argv")
        spelled = " ".join(map(str, argv)) if isinstance(argv, list) else one_line(argv)
        code = member(event, "output", "exit_code")
        heading = f"run {spelled}" + (f" → exit {code}" if code is not None else "")
        details = [(name, _body(member(event, "output", name))) for name in ("stdout", "stderr")]
    else:
        heading, details = _any(event)
    phase = member(event, "qa", "phase")
    if phase in ("setup", "teardown"):
        heading = f"{heading}  ({phase})"
    error = event.get("error")
    if error and not action.startswith("test."):
        details.append(("error", f"{one_line(member(error, 'type'))}: {one_line(member(error, 'message'))}"))
    if event.get("message"):
        details.append(("says", event["message"]))
    return heading, [(label, value) for label, value in details if value not in (None, "", {}, [])]


def _http(event: dict[str, Any], *, full: bool) -> tuple[str, list[Detail]]:
    method = event.get("method")
    status = member(event, "output", "status")
    heading = f"{_word(member(method, 'operation'))} {_word(member(method, 'uri'))}"
    heading += f" → {_word(status)}" if status is not None else " → no answer"
    if full:
        return heading, [("sent", event.get("input")), ("got", event.get("output"))]
    return heading, [
        ("query", member(event, "input", "query")),
        ("sent", _body(event.get("input"))),
        ("got", _body(event.get("output"))),
    ]


def _body(side: Any) -> Any:
    return side.get("body") if isinstance(side, dict) else side


def _sql(event: dict[str, Any]) -> tuple[str, list[Detail]]:
    said = member(event, "method", "statement")
    statement = one_line(" ".join(said.split()) if isinstance(said, str) else said or "")
    output = event.get("output")
    rows, count = member(output, "rows"), member(output, "rows_count")
    details: list[Detail] = [("with", member(event, "input", "parameters"))]
    if rows is None:
        details.append(("gave", output))
    else:
        details.append(("rows", rows or "none"))
        if isinstance(rows, list) and isinstance(count, int) and count > len(rows):
            details.append(("of", f"{count:,} rows"))
    return f"SQL  {statement}", details


def _test(event: dict[str, Any]) -> tuple[str, list[Detail]]:
    qa = event.get("qa")
    name = _word(member(qa, "test")) or _word(event.get("action"))
    return f"{name.rpartition('::')[2]}  {_word(member(qa, 'status'))}".rstrip(), []


def _any(event: dict[str, Any]) -> tuple[str, list[Detail]]:
    targets = [target for target in event.get("targets") or [] if isinstance(target, dict)]
    method = event.get("method")
    how = _word(member(method, "statement")) or _word(member(method, "operation"))
    heading = " ".join(filter(None, [_word(event.get("action")), *map(_thing, targets[:3]), how]))
    details: list[Detail] = []
    for target in targets:
        change = target.get("change")
        if isinstance(change, dict):
            details += [("was", change.get("before")), ("is", change.get("after"))]
    return heading, [*details, ("in", event.get("input")), ("out", event.get("output"))]


def _thing(value: Any) -> str:
    kind, name = _word(member(value, "type")), _word(member(value, "id"))
    return f"{kind}:{name}" if kind and name and kind != name else kind or name


def _actor(event: dict[str, Any]) -> str:
    """Who did it, unless that is the program that says so."""
    actor = event.get("actor")
    return "" if member(actor, "type") in ("service", "test") else _thing(actor)


def _word(value: Any) -> str:
    return "" if value is None else one_line(value)
