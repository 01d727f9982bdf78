"""Switching capture on and off: which library is patched by what, now or when it gets imported."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from graven.pytest_plugin.io import (
    aiohttp_client,
    aws,
    django_client,
    httpx_client,
    process,
    psycopg2_cursor,
    psycopg_cursor,
    pymysql_cursor,
    redis_client,
    requests_client,
    sqlalchemy_engine,
    sqlite,
    starlette_client,
    urllib3_client,
    werkzeug_client,
)
from graven.pytest_plugin.io.call import Context, Sink
from graven.pytest_plugin.io.imports import ImportHook
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.undeclared import Undeclared

__all__ = ["failures", "first_failure", "flush", "install", "installed", "set_context", "set_phase", "uninstall"]

_PATCHED: Mapping[str, Callable[[Any, Patches, Sink], None]] = {
    "httpx": httpx_client.patch,
    "httpx2": httpx_client.patch,
    "requests.adapters": requests_client.patch,
    "urllib3.connectionpool": urllib3_client.patch,
    "starlette.testclient": starlette_client.patch,
    "werkzeug.test": werkzeug_client.patch,
    "django.test.client": django_client.patch,
    "sqlite3": sqlite.patch,
    "psycopg": psycopg_cursor.patch,
    "psycopg2": psycopg2_cursor.patch,
    "pymysql": pymysql_cursor.patch,
    "sqlalchemy.engine": sqlalchemy_engine.patch,
    "redis.client": redis_client.patch,
    "redis.asyncio.client": redis_client.patch_async,
    "aiohttp.client_reqrep": aiohttp_client.patch,
    "aiohttp.connector": aiohttp_client.patch_connector,
    "botocore.client": aws.patch,
    "subprocess": process.patch,
}


class _Installed:
    def __init__(
        self, record: Callable[[Mapping[str, Any]], object], context: Callable[[], Context | None] | None
    ) -> None:
        self.sink = Sink(record, context)
        self.sink.phase = _phase
        self.patches = Patches()
        self.undeclared = Undeclared(self.sink)
        self.hook = ImportHook({name: self._guarded(patch) for name, patch in _PATCHED.items()})

    def _guarded(self, patch: Callable[[Any, Patches, Sink], None]) -> Callable[[ModuleType], None]:
        def callback(module: ModuleType) -> None:
            with self.sink.guard():  # a library of a shape we do not know stays as it is
                patch(module, self.patches, self.sink)

        return callback


_installed: _Installed | None = None
_context: Callable[[], Context | None] | None = None
_phase: Callable[[], str] | None = None
_failures = 0
_first_failure = ""


def install(record: Callable[[Mapping[str, Any]], object]) -> None:
    """Capture calls and hand each to `record` as members of event/1; again is uninstall, then install.

    `record` is called in the thread of the call. What it does itself is not captured; what it raises is counted.
    """
    global _installed, _failures, _first_failure
    uninstall()
    _failures, _first_failure = 0, ""
    _installed = _Installed(record, _context)
    _installed.hook.install()
    _installed.undeclared.install()


def installed() -> bool:
    """Whether calls are captured now."""
    return _installed is not None


def uninstall() -> None:
    """Record what is still open, restore everything, and make inert what lives on."""
    global _installed, _failures, _first_failure
    if _installed is None:
        return
    _installed.undeclared.uninstall()
    _installed.hook.uninstall()
    _installed.sink.close()
    _installed.patches.undo()
    _failures, _first_failure = _installed.sink.failures, _installed.sink.first_failure
    _installed = None


def flush() -> None:
    """Record calls whose stream, rows or exit nobody has waited for: at the end of a test, say."""
    if _installed is not None:
        _installed.sink.flush()


def set_context(context: Callable[[], Context | None] | None) -> None:
    """Where outgoing HTTP takes `(trace_id, parent_span_id, run)` from; `None` from it sends no headers."""
    global _context
    _context = context
    if _installed is not None:
        _installed.sink.set_context(context)


def set_phase(phase: Callable[[], str] | None) -> None:
    """Where calls take the phase of the test (set-up, call, tear-down) from in which they begin."""
    global _phase
    _phase = phase
    if _installed is not None:
        _installed.sink.phase = phase


def failures() -> int:
    """How often the capture itself failed since `install`."""
    return _installed.sink.failures if _installed is not None else _failures


def first_failure() -> str:
    """What the first of them was: its type and where it happened."""
    return _installed.sink.first_failure if _installed is not None else _first_failure
