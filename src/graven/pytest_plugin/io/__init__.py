"""Capture of the calls that a test makes: HTTP, SQL, processes; one module for each library."""

from graven.pytest_plugin.io.capture import (
    failures,
    first_failure,
    flush,
    install,
    installed,
    set_context,
    set_phase,
    uninstall,
)
from graven.pytest_plugin.io.undeclared import ignore_below

__all__ = [
    "failures",
    "first_failure",
    "flush",
    "ignore_below",
    "install",
    "installed",
    "set_context",
    "set_phase",
    "uninstall",
]
