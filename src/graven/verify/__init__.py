"""The verifier: needs public keys and files, and neither server nor storage.

`open_source` names a place, `verify` checks all of the log there against a key and against what was seen
before, and gives a `Report`. Names are imported at first use: a worker process needs few of them, and starts sooner.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graven.verify.engine import verify
    from graven.verify.remember import Memory, default_memory_path
    from graven.verify.report import Finding, Kind, Report, Trust, Verdict
    from graven.verify.source import Source, open_source

__all__ = [
    "Finding",
    "Kind",
    "Memory",
    "Report",
    "Source",
    "Trust",
    "Verdict",
    "default_memory_path",
    "open_source",
    "verify",
]

_HOMES = {
    "Finding": "report",
    "Kind": "report",
    "Memory": "remember",
    "Report": "report",
    "Source": "source",
    "Trust": "report",
    "Verdict": "report",
    "default_memory_path": "remember",
    "open_source": "source",
    "verify": "engine",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'graven.verify' has no attribute {name!r}")
    value = getattr(import_module(f"graven.verify.{home}"), name)
    globals()[name] = value
    return value
