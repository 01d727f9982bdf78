"""Calls of the functions of chosen packages, with arguments and results: level `calls` of the recorder.

`tree` knows what is open and writes it down; `monitored` (from Python 3.12) and `traced` (3.11) tell it what happens.
"""

from graven.pytest_plugin.calls.install import begin, end, failures, flush, install, uninstall

__all__ = ["begin", "end", "failures", "flush", "install", "uninstall"]
