"""Switching the record of calls on and off, and from one test to the next."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from graven.pytest_plugin.calls.tree import CallTree
from graven.pytest_plugin.io.call import Context, Sink

__all__ = ["begin", "end", "failures", "flush", "install", "uninstall"]


class _Events(Protocol):
    def install(self) -> None: ...
    def uninstall(self) -> None: ...
    def begin(self) -> None: ...
    def end(self) -> None: ...


class _Installed:
    def __init__(self, packages: Sequence[str], sink: Sink) -> None:
        self.sink = sink
        self.tree = CallTree(packages, sink)
        self.events = _events(self.tree)


_installed: _Installed | None = None


def install(
    packages: Sequence[str], record: Callable[[Mapping[str, Any]], object], context: Callable[[], Context | None]
) -> None:
    """Hand each call of a function of these packages to `record`, as members of event/1.

    Raises RuntimeError when the interpreter has no room for another listener.
    """
    global _installed
    uninstall()
    made = _Installed(packages, Sink(record, context))
    made.events.install()
    _installed = made


def uninstall() -> None:
    """Record what is open, and listen no more."""
    global _installed
    if _installed is not None:
        _installed.events.uninstall()
        _installed.tree.close()
        _installed = None


def begin() -> None:
    """A phase of a test begins."""
    if _installed is not None:
        _installed.events.begin()


def end() -> None:
    """An attempt of a test is over."""
    if _installed is not None:
        _installed.events.end()


def flush() -> None:
    """Record the calls that are still open, and how many were left out."""
    if _installed is not None:
        _installed.tree.flush()


def failures() -> int:
    """How often a call could not be recorded."""
    return _installed.sink.failures if _installed is not None else 0


def _events(tree: CallTree) -> _Events:
    if sys.version_info >= (3, 12):
        from graven.pytest_plugin.calls.monitored import Monitored

        return Monitored(tree)
    from graven.pytest_plugin.calls.traced import Traced

    return Traced(tree)
