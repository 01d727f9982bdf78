"""How to call this program from where somebody stands: what is printed for them to paste must run there."""

import shutil
import sys
from pathlib import Path

__all__ = ["program"]


def program() -> str:
    """`graven` when that is this installation, else a path that runs it."""
    beside = Path(sys.executable).parent / "graven"
    found = shutil.which("graven")
    if found is not None and Path(found).parent == beside.parent:
        return "graven"
    return str(beside) if beside.is_file() else f"{sys.executable} -m graven"
