"""A copy of a data directory whose original is still there: whatever is signed in it is a second history."""

import shlex
from pathlib import Path

from graven.errors import RefusedToStart
from graven.log.layout import SYSTEM_LOG
from graven.log.start import original_of

__all__ = ["refuse_copy"]


def refuse_copy(data: Path) -> None:
    """RefusedToStart (`copy_of_another`) when there is an original that opening `data` would put out of use."""
    original = original_of(data, SYSTEM_LOG)
    if original is None:
        return
    copy = shlex.quote(str(data))
    raise RefusedToStart(
        f"{data} is a copy of {original}, which is still there",
        why="reads of payloads are recorded, too: its log system would go on by itself, and the original be refused",
        hint=f"to look at the copy: XDG_STATE_HOME=$(mktemp -d) graven … --data {copy}; if it is to go on in place of"
        " the original, move the original away first",
        code="copy_of_another",
    )
