"""A copy of a data directory whose original is still there: nothing is written to it by a command."""

import shlex
from pathlib import Path

from graven.errors import RefusedToStart

__all__ = ["refuse_copy"]


def refuse_copy(data: Path, original: Path | None) -> None:
    """RefusedToStart (`copy_of_another`) when there is an original that writing to `data` would put out of use."""
    if original is None:
        return
    copy = shlex.quote(str(data))
    raise RefusedToStart(
        f"{data} is a copy of {original}, which is still there",
        why="reading payloads and recording make its log system longer: the original would be refused as an older one",
        hint=f"to look at the copy: XDG_STATE_HOME=$(mktemp -d) graven … --data {copy}; if it is to go on in place of"
        " the original, move the original away first",
        code="copy_of_another",
    )
