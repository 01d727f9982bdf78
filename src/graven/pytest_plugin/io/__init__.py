"""Capture of the calls that a test makes: HTTP, SQL, processes; one module for each library."""

from graven.pytest_plugin.io.capture import failures, flush, install, set_context, uninstall

__all__ = ["failures", "flush", "install", "set_context", "uninstall"]
