"""The log: one writer, durable before it acknowledges, integrated into tiles, published as checkpoints."""

from graven.log.create import create_log
from graven.log.layout import SYSTEM_LOG, LogPaths, check_name, log_names
from graven.log.messages import Appended, Incident, KeyedRequest, LogOptions
from graven.log.opened import Log
from graven.log.start import open_log

__all__ = [
    "SYSTEM_LOG",
    "Appended",
    "Incident",
    "KeyedRequest",
    "Log",
    "LogOptions",
    "LogPaths",
    "check_name",
    "create_log",
    "log_names",
    "open_log",
]
