"""The server's own log lines: JSON on standard error.

structlog is loaded for the first line and not at the start: with rich behind it, it takes a tenth of a start, and
most servers have nothing to say for days.
"""

import sys
from functools import cache
from typing import Any

__all__ = ["logger"]


@cache
def logger() -> Any:
    """The logger of this process; a command that configured structlog already keeps its own form."""
    import structlog

    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    return structlog.get_logger("graven.server")
