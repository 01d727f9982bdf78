"""I/O that no capture saw: an audit hook of the interpreter notes it, once per test for each kind and target.

Noted are connections and datagrams of sockets, programs started, protocol clients of the standard library, databases
opened past the captured `sqlite3.connect`, and files written, renamed or removed outside of temporary and cache
folders.
What a captured call does itself is not noted, in its own context (threads and tasks that inherit it included); a
connection that a library opens in a thread of its own is. Code that enters the system without the interpreter's
knowing (libpq, uvloop, extensions) raises no audit event and cannot be noted.

An audit hook cannot be removed: there is one for the process, which does nothing while capture is off.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from graven.pytest_plugin.io.call import Call, Sink

__all__ = ["Undeclared", "ignore_below", "note_connect"]

_MOST_TARGETS = 100
"""Kinds and targets noted for one test; what comes beyond is counted in one event."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_NAMELESS = getattr(os, "O_TMPFILE", -1)

_OWN_NAMES = ("/__pycache__/", "/.pytest_cache/", "/.hypothesis/", "/.graven/", "/.coverage", "/.mypy_cache/")
"""Parts of paths that belong to Python, pytest, coverage and the recorder, wherever they lie."""

_ignored: set[str] = set()


def ignore_below(folder: str) -> None:
    """Files below this folder (pytest's temporary one, say) are nobody's business."""
    _ignored.add(_real(folder).rstrip("/") + "/")


def note_connect(host: Any, port: Any) -> None:
    """A connection that a capture covered, and that failed before there was anything to record."""
    if _active is not None:
        _active.note("socket.connect", _address((host, port)))


class Undeclared:
    """What was noted since the last flush."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._noted: dict[tuple[str, str], Call] = {}
        self._lock = threading.RLock()
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - a string is compared
        nobodys = (tempfile.gettempdir(), "/tmp", "/var/tmp", cache)  # noqa: S108 - to tell them apart, not to write there
        temporary = tuple(_real(folder).rstrip("/") + "/" for folder in nobodys)
        self._passed_over = ("/dev/", "/proc/", "/sys/", *temporary)
        # a project that lies in a temporary folder is not temporary itself
        root = _real(".").rstrip("/") + "/"
        self._own = root if root not in temporary and root.startswith(temporary) else "\0"

    def install(self) -> None:
        """Note from now on."""
        global _active
        _install_hook()
        _active = self

    def uninstall(self) -> None:
        """Note nothing more."""
        global _active
        if _active is self:
            _active = None

    def note(self, kind: str, target: str, **more: Any) -> None:
        """One more of this kind to this target."""
        if not self._sink.in_test:
            return
        call = self._sink.start("io.undeclared")
        if call is None:
            return
        with self._lock:
            key = (kind, target)
            found = self._noted.get(key)
            if found is None and len(self._noted) >= _MOST_TARGETS:
                key = ("more", "")
                found = self._noted.get(key)
            if found is None:
                call.method = {"protocol": kind.partition(".")[0], "operation": kind, "uri": target}
                if key[0] == "more":
                    call.method = {"protocol": "io", "operation": "more"}
                call.input = more or None
                call.output = {"count": 0}
                call.outcome = "unknown"
                call.timed = False
                self._noted[key] = found = call
                call.hold(lambda: self._forget(key))
            found.output["count"] += 1

    def writes(self, path: Any) -> bool:
        """Whether a file at this path is one to note."""
        if isinstance(path, int):  # a descriptor that is open already
            return False
        real = _real(path) + "/"
        if real.startswith(tuple(_ignored)) or (real.startswith(self._passed_over) and not real.startswith(self._own)):
            return False
        return not any(part in real for part in _OWN_NAMES) and not real.endswith((".pyc/", ".pyo/"))

    def failed(self, error: BaseException) -> None:
        """Something could not be noted."""
        self._sink.failed(error)

    def _forget(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._noted.pop(key, None)


_active: Undeclared | None = None
_is_installed = False


def _install_hook() -> None:
    global _is_installed
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # thousands of events come by (imports, reads, attributes); a dictionary's answer must be all they cost
    handler = _HANDLERS.get(event)
    if handler is None or _active is None:
        return
    undeclared = _active
    try:
        handler(undeclared, event, args)
    except Exception as error:  # noqa: BLE001 - what a hook raises would break what the application does
        undeclared.failed(error)


def _opened(undeclared: Undeclared, event: str, args: tuple[Any, ...]) -> None:
    flags = args[2]
    if flags & _WRITES and flags & _NAMELESS != _NAMELESS and undeclared.writes(args[0]):
        undeclared.note("file.write", _real(args[0]))


def _changed(undeclared: Undeclared, event: str, args: tuple[Any, ...]) -> None:
    path = args[1] if event == "os.rename" else args[0]
    if undeclared.writes(path):
        undeclared.note(f"file.{event.partition('.')[2]}", _real(path))


def _addressed(undeclared: Undeclared, event: str, args: tuple[Any, ...]) -> None:
    address = args[1]
    if address is not None:
        undeclared.note(event, _address(address))


def _started(undeclared: Undeclared, event: str, args: tuple[Any, ...]) -> None:
    program = _text(args[0])
    more: dict[str, Any] = {}
    if event == "os.system":
        program, more = program.split(None, 1)[0] if program.split() else "", {"command": program}
    elif len(args) > 1 and isinstance(args[1], list | tuple):
        more = {"argv": [_text(word) for word in args[1]]}
    undeclared.note(
        "process.spawn" if event == "subprocess.Popen" else event.replace("os.", "process."), program, **more
    )


def _asked(undeclared: Undeclared, event: str, args: tuple[Any, ...]) -> None:
    """`urllib.Request` has the URL first; the others their client, then host and port."""
    if event == "urllib.Request":
        undeclared.note("http.request", _text(args[0]))
    elif len(args) > 2:
        undeclared.note(event, f"{_text(args[1])}:{_text(args[2])}")


def _database(undeclared: Undeclared, event: str, args: tuple[Any, ...]) -> None:
    name = _text(args[0])
    if name not in ("", ":memory:") and not name.startswith("file::memory:"):
        undeclared.note("sqlite3.connect", name)


_HANDLERS: dict[str, Callable[[Undeclared, str, tuple[Any, ...]], None]] = {
    "open": _opened,
    "os.rename": _changed,
    "os.remove": _changed,
    "os.truncate": _changed,
    "socket.connect": _addressed,
    "socket.sendto": _addressed,
    "socket.sendmsg": _addressed,
    "subprocess.Popen": _started,
    "os.system": _started,
    "os.exec": _started,
    "os.posix_spawn": _started,
    "pty.spawn": _started,
    "urllib.Request": _asked,
    "ftplib.connect": _asked,
    "smtplib.connect": _asked,
    "imaplib.open": _asked,
    "poplib.connect": _asked,
    "nntplib.connect": _asked,
    "telnetlib.Telnet.open": _asked,
    "sqlite3.connect": _database,
}


def _address(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = _text(address[0]), _text(address[1])
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return _text(address)


def _text(value: Any) -> str:
    if isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(value)
    # what any other object says of itself is a program's own code, which may do anything
    return str(value) if value is None or type(value) in (int, float, bool) else f"<{type(value).__name__}>"


def _real(path: Any) -> str:
    return os.path.realpath(os.fsdecode(path))
