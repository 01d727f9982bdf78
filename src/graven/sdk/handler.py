"""`GravenHandler`: what an application logs, recorded as events of action `log.record`."""

import logging
from typing import Any

from graven.sdk.client import Client
from graven.sdk.composer import rfc3339
from graven.sdk.default import default_client
from graven.sdk.failure import describe_failure
from graven.sdk.guard import is_internal

__all__ = ["GravenHandler"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SEVERITIES = ((50, 21), (40, 17), (30, 13), (20, 9), (10, 5), (0, 1))
"""Level of `logging` → OpenTelemetry severity number of its range."""


class GravenHandler(logging.Handler):
    """Adds `message`, `severity`, label `logger`, the place in the code, `extra` members as attributes, and
    the exception with frames. Actor, session and trace come from the scope (`acting_as`, middleware).

        logging.getLogger().addHandler(GravenHandler())

    What the recorder itself logs, or a library in the recorder's threads, is left out: it would echo.
    """

    def __init__(
        self, client: Client | None = None, *, level: int = logging.NOTSET, action: str = "log.record"
    ) -> None:
        super().__init__(level)
        self._client = client
        self._action = action

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises and never waits."""
        if is_internal() or record.name == "graven.sdk":
            return
        client = self._client or default_client()
        if client is not None:
            try:
                client.record(self._event(record))
            except Exception:  # noqa: BLE001 - the convention of logging handlers
                self.handleError(record)

    def _event(self, record: logging.LogRecord) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "file": record.pathname,
            "line": record.lineno,
            "function": record.funcName,
            "thread": record.threadName,
        }
        if record.args:
            attributes["template"] = str(record.msg)
            attributes["args"] = record.args
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if extra:
            attributes["extra"] = extra
        event: dict[str, Any] = {
            "action": self._action,
            "time": rfc3339(int(record.created * 1_000_000) * 1000),
            "message": _message(record),
            "severity": next(number for level, number in _SEVERITIES if record.levelno >= level or level == 0),
            "labels": {"logger": record.name, "level": record.levelname},
            "attributes": attributes,
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            event["error"] = describe_failure(error)
            event["outcome"] = "error"
        return event


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - wrong format arguments: keep what there is
        return str(record.msg)
