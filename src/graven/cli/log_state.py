"""Size and root of a log, from its published checkpoint under its own key."""

from typing import NamedTuple

from graven.cli.access.ports import ReadAccess
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.encoding import encode_base64
from graven.tlog.note import VerifierKey

__all__ = ["LogState", "log_state"]


class LogState(NamedTuple):
    """`root` in base64."""

    name: str
    size: int
    root: str


def log_state(access: ReadAccess, log: str) -> LogState:
    """What the log promises at this moment; raises what `access` raises, and Tampered for a bad signature."""
    checkpoint = open_checkpoint(access.checkpoint(log), VerifierKey.parse(access.verifier_key(log)))
    return LogState(log, checkpoint.size, encode_base64(checkpoint.root))
