"""Hints that depend on where somebody stands: which command works here, and what lies around."""

import shutil
import sys
from pathlib import Path

from graven.errors import UsageError

__all__ = ["check_token_text", "program", "way_to_a_log"]

_ADDRESS = "http://127.0.0.1:8470"


def program() -> str:
    """How this program is called here: `graven` when that is this installation, else a path that runs it."""
    beside = Path(sys.executable).parent / "graven"
    found = shutil.which("graven")
    if found is not None and Path(found).parent == beside.parent:
        return "graven"
    return str(beside) if beside.is_file() else f"{sys.executable} -m graven"


def check_token_text(token: str | None, *, because: str) -> None:
    """`UsageError` when a token is the path of the file that holds it: `--token data/owner.token`."""
    if not token or token.startswith("grv_"):
        return
    try:
        is_file = Path(token).is_file()
    except (OSError, ValueError):  # too long for a path, or with a null byte
        return
    if is_file:
        raise UsageError(
            f"{because} is the path of a file, not a token: {token}",
            hint=f"export GRAVEN_TOKEN=$(cat {token})",
        )


def way_to_a_log(here: Path) -> str:
    """What to do where neither a server nor a data directory was named; a data directory in `here` is pointed at."""
    try:
        near = sorted(path.name for path in here.iterdir() if (path / "logs").is_dir() and (path / "keys").is_dir())
    except OSError:
        near = []
    folder = near[0] if near else "DIR"
    ways = (
        f"--data {folder}" if near else "graven serve --data ./graven-data in another terminal, or --data DIR",
        f"when a server runs: export GRAVEN_SERVER={_ADDRESS} GRAVEN_TOKEN=$(cat {folder}/owner.token)",
    )
    return "\n".join(ways)
