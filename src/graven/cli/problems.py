"""How an error looks and which exit code it has. Nothing else decides either.

Exit codes: 0 fine · 1 tampered, and nothing else · 2 usage, or a file that is not there or may not be read ·
3 could not check · 4 the input was refused · 5 not found · 6 not allowed · 7 unreachable or busy, try again ·
8 the data directory refuses, or its disk failed · 9 failed otherwise · 70 a bug in graven · 130 interrupted.
"""

import json
from collections.abc import Mapping

from graven import errors
from graven.cli.printable import printable

__all__ = [
    "BUG",
    "EXIT_CODES",
    "FAILED",
    "INTERRUPTED",
    "exit_code",
    "exit_code_of_system",
    "problem_json",
    "problem_text",
]

EXIT_CODES: Mapping[type[errors.GravenError], int] = {
    errors.UsageError: 2,
    errors.Tampered: 1,
    errors.CouldNotCheck: 3,
    errors.InvalidInput: 4,
    errors.InvalidEvent: 4,
    errors.TooLarge: 4,
    errors.UnsupportedMediaType: 4,
    errors.Conflict: 4,
    errors.NotFound: 5,
    errors.Unauthenticated: 6,
    errors.Forbidden: 6,
    errors.Unavailable: 7,
    errors.Busy: 7,
    errors.TimedOut: 7,
    errors.RefusedToStart: 8,
    errors.StorageFailed: 8,
}
"""Class → exit code. A class that is missing here fails a test."""

FAILED = 9
BUG = 70
INTERRUPTED = 130


def exit_code(error: errors.GravenError) -> int:
    """The exit code of an error; `FAILED` for the base class."""
    for cls in type(error).__mro__:
        if cls in EXIT_CODES:
            return EXIT_CODES[cls]
    return FAILED


_ABOUT_A_NAME = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)


def exit_code_of_system(error: OSError) -> int:
    """2 for a path that was named wrongly or may not be used, 8 for a disk that fails; never 1."""
    cls = errors.UsageError if isinstance(error, _ABOUT_A_NAME) else errors.StorageFailed
    return EXIT_CODES[cls]


_LABEL_WIDTH = len("error:")


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = printable(text).strip().splitlines() or [""]
    lines = [f"{label + ':':>{_LABEL_WIDTH}} {first}"]
    lines += [f"{'':>{_LABEL_WIDTH}} {line}" for line in rest]
    return lines


def _item_lines(error: errors.GravenError) -> list[str]:
    """The refused items of a batch, at most ten: item, field, reason, suggestion."""
    listed = error.details.get("errors")
    if not isinstance(listed, list):
        return []
    lines = []
    for item in listed[:10]:
        if not isinstance(item, Mapping):
            continue
        where = f"item {item['item']}" if item.get("item") is not None else "item"
        field = f", field {item['field']}" if item.get("field") else ""
        suggestion = f" ({item['suggestion']})" if item.get("suggestion") else ""
        lines.append(f"{where}{field}: {item.get('reason', 'refused')}{suggestion}")
    if len(listed) > 10:
        lines.append(f"… and {len(listed) - 10} more")
    return lines


def problem_text(error: errors.GravenError) -> str:
    """STYLE: `error: … / why: … / try: …`, labels right-aligned, no trailing newline."""
    lines = _labelled("error", error.message)
    why = "\n".join(filter(None, [error.why, *_item_lines(error)]))
    if why:
        lines += _labelled("why", why)
    if error.hint:
        lines += _labelled("try", error.hint)
    return "\n".join(lines)


def problem_json(error: errors.GravenError) -> str:
    """The same shape as the HTTP API's error, for `--json`."""
    shape: dict[str, object] = {"code": error.code, "message": error.message, "hint": error.hint}
    if error.why:
        shape["why"] = error.why
    shape["details"] = error.details
    return json.dumps({"error": shape}, ensure_ascii=False, default=str)
