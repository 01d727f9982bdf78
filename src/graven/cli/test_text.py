"""One attempt of a test for people: verdict, what it was given, what it compared, where it failed, what it printed."""

import json
from collections.abc import Iterator
from typing import Any

from graven.cli import terminal
from graven.cli.printable import printable
from graven.cli.run_reading import duration_text, shown_time, status_colour
from graven.cli.shortened import CUT, cut_to, labelled, one_line
from graven.qa.happened import member
from graven.qa.identity import full_name
from graven.qa.shown import ShownTest

__all__ = ["test_lines"]

_VALUE_LINES = 2
_MESSAGE_LINES = 8
_OUTPUT_LINES = 12
_MOST_LOCALS = 12
_MOST_DIFFERENCES = 12
_TRACE_LINES = 12
_SIDES = ("left", "right")


def test_lines(shown: ShownTest, *, full: bool) -> Iterator[str]:
    """Everything but the timeline."""
    text = _Text(shown, full=full)
    yield from text.heading()
    yield from text.given()
    yield from text.error()
    yield from text.compared()
    yield from text.frames()
    yield from text.printed()


test_lines.__test__ = False  # type: ignore[attr-defined]  # a name of the field, not a test of ours


class _Text:
    def __init__(self, shown: ShownTest, *, full: bool) -> None:
        self._shown = shown
        self._event = shown.event
        self._full = full
        self._whole = f"graven show {shown.index}"

    def _value(self, label: str, value: Any, *, indent: int = 4) -> Iterator[str]:
        yield from labelled(label, value, " " * indent, lines=None if self._full else _VALUE_LINES)

    def _cut(self, text: str) -> list[str]:
        """One line of text as it was, or as much of it as two lines hold."""
        return cut_to(printable(text), terminal.width() - 4, None if self._full else _VALUE_LINES)

    def heading(self) -> Iterator[str]:
        """Verdict and name; run, attempt, entry, commit, phases."""
        shown, result = self._shown, self._shown.result
        verdict = terminal.paint(
            shown.attempt.status.upper(), status_colour(shown.attempt.status, failing=shown.attempt.failing), bold=True
        )
        name = terminal.paint(printable(full_name(result.suite, result.test)), bold=True)
        yield f"{verdict}  {name}"
        attempts = f"attempt {shown.attempt.attempt} of {len(result.attempts)}" + (" (flaky)" if result.flaky else "")
        own = next((item for item in shown.timeline if item.index == shown.index), None)
        facts = [f"run {shown.run}", attempts, f"entry {shown.index}"]
        facts.append(shown_time(own.received_ns) if own is not None else "")
        yield self._facts(facts)
        phases = member(self._event, "attributes", "phases")
        took = [f"{name} {duration_text(ns)}" for name, ns in phases.items()] if isinstance(phases, dict) else []
        where = {"commit": shown.commit[:10], "branch": shown.branch, "environment": result.environment}
        named = [f"{label} {value}" for label, value in where.items() if value]
        duration = duration_text(shown.attempt.duration_ns)
        yield from filter(None, [self._facts([duration and f"took {duration}", ", ".join(took)]), self._facts(named)])
        if reason := self._event.get("reason"):
            yield from self._value("reason", reason, indent=2)

    def _facts(self, facts: list[str]) -> str:
        text = printable(" · ".join(filter(None, facts)))
        return terminal.wrap(text, indent="  ") if text else ""

    def given(self) -> Iterator[str]:
        """Parameters and fixtures."""
        params, fixtures = (member(self._event, "input", name) for name in ("params", "fixtures"))
        if isinstance(params, dict) and params:
            yield from self._title("parameters")
            for name, value in params.items():
                yield from self._value(name, value)
        if isinstance(fixtures, dict) and fixtures:
            yield from self._title("fixtures")
            for name, fixture in fixtures.items():
                yield from self._value(name, member(fixture, "setup"))
                if isinstance(fixture, dict) and "end" in fixture:
                    yield from self._value(f"{name} at the end", fixture["end"])

    def _title(self, text: str) -> Iterator[str]:
        yield "  " + terminal.paint(text, bold=True)

    def error(self) -> Iterator[str]:
        """Type and message."""
        error = self._event.get("error")
        if not isinstance(error, dict):
            return
        yield from self._title("error")
        message = error.get("message")
        lines = (message if isinstance(message, str) else one_line(message or "")).splitlines() or [""]
        # pytest's own explanation of a comparison says less than the two objects below it
        most = 1 if isinstance(member(self._event, "attributes", "assertion"), dict) else _MESSAGE_LINES
        kept = lines if self._full else lines[:most]
        for place, line in enumerate(kept):
            head = f"{error.get('type')}: " if place == 0 else ""
            for piece in self._cut(head + line):
                yield "    " + (terminal.paint(piece, "red") if place == 0 else piece)
        if most > 1:
            yield from self._more(len(lines) - len(kept), "line")

    def _more(self, count: int, noun: str) -> Iterator[str]:
        if count > 0:
            yield terminal.paint(f"    … {terminal.plural(count, f'more {noun}')}: {self._whole}", dim=True)

    def compared(self) -> Iterator[str]:
        """Both objects of the failing assertion and where they differ."""
        assertion = member(self._event, "attributes", "assertion")
        if not isinstance(assertion, dict):
            return
        yield from self._title(f"compared: left {printable(str(assertion.get('op')))} right")
        left, right = (_told_apart(assertion.get(one), assertion.get(other)) for one, other in (_SIDES, _SIDES[::-1]))
        yield from self._value("left ", left)
        yield from self._value("right", right)
        found = assertion.get("diff")
        differences = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        if differences == [one for one in differences if not one.get("path")]:
            return  # two plain values: there is nothing inside of them to point at
        kept = differences if self._full else differences[:_MOST_DIFFERENCES]
        for one in kept:
            yield self._difference(one)
        yield from self._more(len(differences) - len(kept), "difference")

    def _difference(self, one: dict[str, Any]) -> str:
        path = printable(str(one.get("path")))
        left, right = (one_line(one.get(name)) for name in ("was", "value"))
        room = max(terminal.width() - len(path) - 20, 40)
        if not self._full and len(left) + len(right) > room:
            left, right = (text if len(text) <= room // 2 else text[: room // 2 - 1] + CUT for text in (left, right))
        match one.get("op"):
            case "add":
                told = f"only right has {right}"
            case "remove":
                told = f"only left has {left}"
            case _:
                told = f"left {terminal.paint(left, 'red')}, right {terminal.paint(right, 'green')}"
        return f"    {terminal.paint(path, 'cyan')}  {told}"

    def frames(self) -> Iterator[str]:
        """The frames of the failure, the last one is where it was raised."""
        stack = member(self._event, "error", "stack")
        frames = [frame for frame in stack if isinstance(frame, dict)] if isinstance(stack, list) else []
        if frames:
            yield from self._title("frames, the failing one last")
        for frame in frames:
            place = f"{frame.get('file')}:{frame.get('line')} in {frame.get('function')}"
            yield from (f"    {piece}" for piece in self._cut(place))
            held = frame.get("locals")
            names = list(held.items()) if isinstance(held, dict) else []
            kept = names if self._full else names[:_MOST_LOCALS]
            for name, value in kept:
                yield from self._value(name, value, indent=6)
            yield from self._more(len(names) - len(kept), "local")

    def printed(self) -> Iterator[str]:
        """Captured output and log records."""
        output = self._event.get("output")
        if not isinstance(output, dict):
            return
        for stream in ("stdout", "stderr"):
            phases = output.get(stream)
            for phase, text in phases.items() if isinstance(phases, dict) else ():
                yield from self._title(f"captured {stream} ({printable(str(phase))})")
                lines = text.splitlines() if isinstance(text, str) else [str(text)]
                kept = lines if self._full else lines[:_OUTPUT_LINES]
                for line in kept:
                    yield from (f"    {piece}" for piece in self._cut(line))
                yield from self._more(len(lines) - len(kept), "line")
        records = output.get("log")
        found = [one for one in records if isinstance(one, dict)] if isinstance(records, list) else []
        if found:
            yield from self._title("log records")
        kept_records = found if self._full else found[:_OUTPUT_LINES]
        for one in kept_records:
            yield from self._value(f"{one.get('level')} {one.get('logger')}", one.get("message"))
            yield from self._raised(one.get("exception"))
        yield from self._more(len(found) - len(kept_records), "record")

    def _raised(self, exception: Any) -> Iterator[str]:
        """What a log record says was raised: the end of the traceback names it."""
        trace = member(exception, "traceback")
        lines = trace.splitlines() if isinstance(trace, str) else []
        kept = lines if self._full else lines[-_TRACE_LINES:]
        if len(kept) < len(lines):
            yield from self._more(len(lines) - len(kept), "line")
        for line in kept:
            yield from (f"      {piece}" for piece in self._cut(line))


def _told_apart(value: Any, other: Any) -> Any:
    """A text in quotes where without them it would look like the other side, or like nothing."""
    if type(value) is not str:
        return value
    alike = not isinstance(other, str) or not value.strip() or value.strip() == other.strip()
    return json.dumps(value, ensure_ascii=False) if alike else value
