"""The folder of a file that is to be written: looked at before anything is asked for, which would be recorded."""

import os
import shlex
from pathlib import Path

from graven.errors import UsageError

__all__ = ["check_folder"]


def check_folder(output: Path) -> None:
    """UsageError unless `output` can be made where it is to be, which names the first folder that is missing."""
    folder = output.parent
    above = (folder, *folder.parents)
    there = next(one for one in above if one.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is a file, not a folder", why=f"{output} is to be written into it")
    if there != folder:
        missing = above[above.index(there) - 1]
        raise UsageError(
            f"there is no folder {missing}",
            why=f"{output} is to be written into {folder}" if missing != folder else f"{output} is to be written there",
            hint=f"mkdir -p {shlex.quote(str(folder))}",
        )
    if not output.exists() and not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"you may not write into the folder {folder}", why=f"{output} is to be made there")
