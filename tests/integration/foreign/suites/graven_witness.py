"""A pytest plugin that counts what passes at the edges of a program, and knows nothing of Graven.

Statements: the trace callback of the SQLite library itself, which an automatic extension sets on every connection that
the process opens, below Python. Requests: the applications, wrapped where a test client calls them.
At the end it writes to the file in WITNESS: what every test's phases reported, and what was seen in each test.
"""

import _sqlite3
import contextvars
import ctypes
import functools
import importlib
import json
import os
import threading
from pathlib import Path

import pytest

_here = {"test": ""}
_lock = threading.Lock()
_requests = []
_statements = []
_reports = []
_warnings = {}
_places = {}
_kept = []
_inside = contextvars.ContextVar("witness_inside", default=False)


def _saw_request(method, path, status):
    if _here["test"]:
        with _lock:
            _requests.append([_here["test"], method, path, status])


def _watch_sqlite():
    """Each statement as it was prepared, and whether it ran inside of another (of a trigger, of a virtual table)."""
    library = ctypes.CDLL(_sqlite3.__file__)
    pointer = ctypes.c_void_p
    traced_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint, pointer, pointer, pointer)
    opened_type = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, pointer)
    library.sqlite3_trace_v2.argtypes = [pointer, ctypes.c_uint, traced_type, pointer]
    library.sqlite3_sql.argtypes = [pointer]
    library.sqlite3_sql.restype = ctypes.c_char_p

    def traced(kind, context, statement, text):
        if _here["test"]:
            shown = ctypes.string_at(text)
            nested = shown != library.sqlite3_sql(statement)
            with _lock:
                _statements.append([_here["test"], shown.decode("utf-8", "replace"), nested])
        return 0

    def opened(database, error, api):
        return library.sqlite3_trace_v2(database, 1, traced_callback, None)

    traced_callback, opened_callback = traced_type(traced), opened_type(opened)
    _kept.extend([traced_callback, opened_callback])  # the library holds no references
    library.sqlite3_auto_extension(opened_callback)


def _wsgi(app):
    """The WSGI application, counted when it ends. What a view runs in turn to make its response of (an HTTPException
    is an application too) no client asked for."""

    def counted(environ, start_response):
        if _inside.get():
            return app(environ, start_response)
        token = _inside.set(True)
        method, path = environ["REQUEST_METHOD"], environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")

        answered = []

        def starting(status, headers, *more):
            answered.append(int(status.split()[0]))
            return start_response(status, headers, *more)

        try:
            return app(environ, starting)
        finally:
            _inside.reset(token)
            path = path.encode("latin-1").decode("utf-8", "replace")
            _saw_request(method, path, answered[-1] if answered else None)

    return counted


def _asgi(app):
    """The ASGI application, counted when it returns."""

    async def counted(scope, receive, send):
        kind = scope["type"]
        if kind not in {"http", "websocket"}:
            return await app(scope, receive, send)
        answered = []
        method, path = scope.get("method", "GET"), scope["path"]  # what the client asked for: applications rewrite it

        async def sending(message):
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                answered.append(message["status"])
            elif message["type"] == "websocket.accept":
                answered.append(101)
            elif message["type"] == "websocket.close" and not answered:
                answered.append(403)
            await send(message)

        try:
            return await app(scope, receive, sending)
        finally:
            _saw_request(method, path, answered[0] if answered else None)

    return counted


def _argument(owner, name, position, wrap):
    """`owner.name` gets its argument at `position` wrapped."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def called(*args, **kwargs):
        if len(args) > position:
            args = (*args[:position], wrap(args[position]), *args[position + 1 :])
        elif "app" in kwargs:
            kwargs["app"] = wrap(kwargs["app"])
        return original(*args, **kwargs)

    setattr(owner, name, called)


def _django(base):
    handler = base.BaseHandler
    sync, asynchronous = handler.get_response, handler.get_response_async

    def get_response(self, request):
        response = sync(self, request)
        _saw_request(request.method, request.path, response.status_code)
        return response

    async def get_response_async(self, request):
        response = await asynchronous(self, request)
        _saw_request(request.method, request.path, response.status_code)
        return response

    handler.get_response, handler.get_response_async = get_response, get_response_async


def _wrap_applications():
    try:
        import werkzeug.test
    except ImportError:
        pass
    else:
        from werkzeug.exceptions import HTTPException

        _argument(werkzeug.test, "run_wsgi_app", 0, lambda app: app if isinstance(app, HTTPException) else _wsgi(app))
    for name in ("httpx", "httpx2"):
        try:
            httpx = importlib.import_module(name)
        except ImportError:
            continue
        _argument(httpx.ASGITransport, "__init__", 1, _asgi)
        _argument(httpx.WSGITransport, "__init__", 1, _wsgi)
    try:
        import starlette.testclient
    except ImportError:
        pass
    else:
        _argument(starlette.testclient._TestClientTransport, "__init__", 1, _asgi)
    try:
        import django.core.handlers.base
    except ImportError:
        pass
    else:
        _django(django.core.handlers.base)


def pytest_configure(config):
    if os.environ.get("WITNESS"):
        _watch_sqlite()
        _wrap_applications()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    _here["test"] = item.nodeid
    callspec = getattr(item, "callspec", None)
    if callspec is not None:
        named = "-".join(f"{name}{place}" for name, place in callspec.indices.items())
        _places[item.nodeid] = f"{item.nodeid[: -len(callspec.id) - 2]}[{named}]"
    try:
        return (yield)
    finally:
        _here["test"] = ""


def pytest_runtest_logreport(report):
    _reports.append([report.nodeid, report.when, report.outcome, getattr(report, "wasxfail", None)])


def pytest_warning_recorded(warning_message, nodeid):
    name = warning_message.category.__name__
    counts = _warnings.setdefault(nodeid, {})
    counts[name] = counts.get(name, 0) + 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(exitstatus):
    if not os.environ.get("WITNESS"):
        return
    seen = {
        "status": int(exitstatus),
        "reports": _reports,
        "warnings": _warnings,
        "places": _places,
        "requests": _requests,
        "statements": _statements,
    }
    Path(os.environ["WITNESS"]).write_text(json.dumps(seen))
