"""The verifier: needs public keys and files, and neither server nor storage.

`open_source` names a place, `verify` checks all of the log there against a key and against what was seen
before, and gives a `Report`.
"""

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
