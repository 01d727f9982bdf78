"""Hints that depend on where somebody stands: what was meant here, and what lies around."""

from pathlib import Path

from graven.errors import UsageError

__all__ = ["check_token_text", "way_to_a_log"]

_ADDRESS = "http://127.0.0.1:8470"


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
