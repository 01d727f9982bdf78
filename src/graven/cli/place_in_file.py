"""A recorder's refusal, told in terms of the file that was read: its name, its lines, what was recorded. Pure.

The recorder counts items of a request from 0 and bytes of an item; people count lines from 1.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graven.errors import GravenError, InvalidEvent, InvalidInput

__all__ = ["Sent", "place_in_file"]

NDJSON = "application/x-ndjson"
SHOWN = 10
"""Faulty events named; the rest is counted."""


class Sent(NamedTuple):
    """What was sent: the `name` of the input ("" for an event of flags); `line` (from 1) is where `body` begins."""

    name: str
    body: bytes
    media_type: str
    line: int = 1
    before: int = 0
    """Events of the same input that were recorded in requests before this one."""


def place_in_file(error: GravenError, sent: Sent) -> GravenError:
    """The same error with its place, for people: what it said of items is in its text.

    An error that says nothing of items is given back as it is.
    """
    faults = [fault for fault in error.details.get("errors") or () if isinstance(fault, Mapping)]
    if isinstance(error, InvalidEvent) and faults:
        return _invalid_event(error, faults, sent)
    if isinstance(error, InvalidInput) and error.code == "not_json":
        return _not_json(error, sent)
    return error


def _fate(sent: Sent) -> str:
    if not sent.name:
        return "nothing was recorded"
    if sent.before:
        return f"the {sent.before:,} events before line {sent.line} were recorded, nothing from there on"
    return "nothing was recorded: a file with a bad event is refused whole"


def _is_one_event(sent: Sent) -> bool:
    return sent.media_type != NDJSON and not sent.body.lstrip().startswith(b"[")


def _place(sent: Sent, item: int) -> str:
    """`events.ndjson, line 3` or, within an array, `events.json, event 3`."""
    if _is_one_event(sent):
        return sent.name
    if sent.media_type == NDJSON:
        return f"{sent.name}, line {_line_of_item(sent, item)}"
    return f"{sent.name}, event {item + 1}"


def _line_of_item(sent: Sent, item: int) -> int:
    """Lines of white space are no items."""
    filled = [number for number, line in enumerate(sent.body.split(b"\n"), sent.line) if line.strip()]
    return filled[item] if item < len(filled) else sent.line


def _said(fault: Mapping[str, Any]) -> str:
    reason, field = str(fault.get("reason", "refused")), str(fault.get("field") or "")
    return reason if not field or field in reason else f"{field}: {reason}"


def _invalid_event(error: InvalidEvent, faults: list[Mapping[str, Any]], sent: Sent) -> GravenError:
    told = []
    for fault in faults:
        place = _place(sent, int(fault.get("item") or 0))
        told.append((f"{place}: " if place else "", _said(fault), str(fault.get("suggestion") or "")))
    count = int(error.details.get("faulty_items") or len(told))
    if count == 1 and len(told) == 1:
        place, said, suggestion = told[0]
        message, why, hint = f"{place}{said}", _fate(sent), suggestion
    else:
        message = f"{sent.name}: {count:,} events are not valid" if sent.name else f"{len(told)} members are not valid"
        lines = [f"{place}{said}{f' ({suggestion})' if suggestion else ''}" for place, said, suggestion in told[:SHOWN]]
        if len(told) > SHOWN:
            lines.append(f"… and {count - SHOWN:,} more")
        why, hint = "\n".join([*lines, _fate(sent)]), ""
    return InvalidEvent(message, why=why, hint=hint, code=error.code)


def _not_json(error: InvalidInput, sent: Sent) -> GravenError:
    item = error.details.get("item")
    position = error.details.get("position")
    reason = error.message.partition("not JSON: ")[2].rpartition(" at byte ")[0] or "it cannot be read"
    hint = ""
    if sent.body.lstrip().startswith(b"<"):
        reason, hint = "it begins with <", f"graven import {sent.name}" if sent.name else "graven import FILE"
    place = sent.name
    if isinstance(position, int):
        start = _start_of(sent, item if isinstance(item, int) else None)
        if start is not None:
            line, column = _line_and_column(sent.body, start + position, sent.line)
            place = f"{sent.name}, line {line}, column {column}"
    elif isinstance(item, int):
        place = _place(sent, item)
    return InvalidInput(f"{place}: not JSON: {reason}", why=_fate(sent), hint=hint, code=error.code)


def _start_of(sent: Sent, item: int | None) -> int | None:
    """The offset in the body that positions count from; None for an element of an array."""
    body = sent.body
    if sent.media_type == NDJSON:
        offset = 0
        for line in body.split(b"\n"):
            if line.strip():
                if not item:
                    return offset + len(line) - len(line.lstrip())
                item -= 1
            offset += len(line) + 1
        return None
    if item is not None and not _is_one_event(sent):
        return None
    return len(body) - len(body.lstrip())


def _line_and_column(body: bytes, offset: int, first: int) -> tuple[int, int]:
    """Both from 1; a column counts bytes, which is what editors show for ASCII."""
    return first + body.count(b"\n", 0, offset), offset - (body.rfind(b"\n", 0, offset) + 1) + 1
