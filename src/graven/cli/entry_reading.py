"""An entry, decoded and as text for people."""

import json
from typing import Any

from graven.cli import terminal
from graven.cli.access.ports import ReadAccess
from graven.cli.printable import printable
from graven.cli.view import View
from graven.errors import GravenError
from graven.event.pushed import FORMAT as PUSHED
from graven.event.pushed import MAX_LEVELS

__all__ = ["event_of", "read_entry", "render"]

_LABEL = 9
_OUTCOME_COLOURS = {"success": "green", "failure": "red", "denied": "red", "error": "red"}


def _block_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def render(index: int, entry: dict[str, Any], view: View, *, lines_per_block: int | None = None) -> str:
    """The text of an entry; each block is cut after `lines_per_block` lines, None shows everything."""
    colour: Any = _OUTCOME_COLOURS.get(view.outcome.split(" ", 1)[0])
    heading = f"entry {index}"
    lines = [
        terminal.paint(heading, bold=True)
        + "  "
        + terminal.paint(printable(f"{entry.get('format', '')}  {entry.get('id', '')}"), dim=True)
    ]
    hanging = " " * (_LABEL + 4)
    for label, text in view.rows:
        shown = text
        if label == "what" and view.outcome and text.endswith(view.outcome):
            shown = text.removesuffix(view.outcome) + terminal.paint(view.outcome, colour, bold=True)
        body = terminal.wrap(shown, hanging=hanging, indent=hanging).strip() if shown == text else shown
        lines.append(f"  {terminal.paint(label.ljust(_LABEL), 'cyan')}  {body}")
    for label, value in view.blocks:
        lines.append(f"  {terminal.paint(printable(label), 'cyan')}")
        text_lines = printable(_block_text(value)).splitlines()
        kept = text_lines if lines_per_block is None else text_lines[:lines_per_block]
        lines += [f"    {line}" for line in kept]
        if len(kept) < len(text_lines):
            lines.append(terminal.paint(f"    … {len(text_lines) - len(kept)} more lines", dim=True))
    return "\n".join(lines)


def read_entry(access: ReadAccess, log: str, index: int) -> tuple[bytes, dict[str, Any]]:
    """The entry's bytes, and the entry decoded, with `data` brought in from its blob."""
    content = access.entry(log, index)
    try:
        entry = json.loads(content)
        layer = entry
        for _ in range(MAX_LEVELS + 1):
            _bring_data(access, log, layer)
            if layer.get("format") != PUSHED:
                break
            layer = layer["data"]["entry"]
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise GravenError(
            f"entry {index} is not the JSON that graven writes: {error}",
            hint=f"graven show {index} --raw, and graven verify",
        ) from error
    return content, entry


def _bring_data(access: ReadAccess, log: str, entry: dict[str, Any]) -> None:
    blob = entry.get("blob")
    if blob is None or "data" in entry:
        return
    data = access.blob(log, str(blob["digest"]))
    try:
        entry["data"] = json.loads(data)
    except ValueError:
        entry["data"] = data.decode("utf-8", "backslashreplace")


def event_of(entry: dict[str, Any]) -> Any:
    """What was recorded: the data of an entry, or of the entry that it keeps whole when it was pushed here."""
    data = entry.get("data")
    while entry.get("format") == PUSHED and isinstance(data, dict) and isinstance(data.get("entry"), dict):
        entry = data["entry"]
        data = entry.get("data")
    return data
