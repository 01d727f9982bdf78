"""What the recorder says about itself on standard error: one JSON object a line, with the standard library.

A command that works on a data directory without a server has the same incidents, and a person before it:
`for_people` makes its lines plain text.
"""

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["LineLogger", "for_people", "logger"]


class LineLogger:
    """One line for each call; facts that are not JSON are shown as text. Raises what writing raises."""

    def __init__(self, spell: Callable[[Mapping[str, Any]], str]) -> None:
        self._spell = spell

    def warning(self, event: str, **facts: Any) -> None:
        self._write("warning", event, facts)

    def error(self, event: str, *, exc_info: BaseException | None = None, **facts: Any) -> None:
        self._write("error", event, facts, exc_info)

    def exception(self, event: str, **facts: Any) -> None:
        """`error` with the exception that is being handled."""
        self._write("error", event, facts, sys.exception())

    def _write(self, level: str, event: str, facts: Mapping[str, Any], raised: BaseException | None = None) -> None:
        # the entries of `system` have the time of the clock that the logs run on; this line is for the machine's own
        line = {"timestamp": datetime.now(UTC).isoformat(), "level": level, "event": event, **facts}  # noqa: TID251
        if raised is not None:
            line["exception"] = "".join(traceback.format_exception(raised))
        # one call: lines of several threads must not run into each other
        sys.stderr.write(self._spell(line) + "\n")
        sys.stderr.flush()


def _as_json(line: Mapping[str, Any]) -> str:
    return json.dumps(line, default=str)


def _as_text(line: Mapping[str, Any]) -> str:
    facts = " ".join(f"{name}={value}" for name, value in line.items() if name not in {"timestamp", "level", "event"})
    return f"{line['level']}: {line['event']} {facts}".rstrip()


_logger = LineLogger(_as_json)


def for_people() -> None:
    """From now on this process writes text."""
    global _logger
    _logger = LineLogger(_as_text)


def logger() -> LineLogger:
    """The logger of this process."""
    return _logger
