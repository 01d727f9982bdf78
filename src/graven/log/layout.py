"""Where the files of a log lie in a data directory (DESIGN.md §4)."""

import re
from dataclasses import dataclass
from pathlib import Path

from graven.errors import InvalidInput

__all__ = ["SYSTEM_LOG", "LogPaths", "check_name", "log_names"]

SYSTEM_LOG = "system"
"""The reserved log in which the server records what happens to itself and to the other logs."""

_NAME = re.compile(r"[a-z0-9-]{1,63}")


def check_name(name: str) -> str:
    """Give `name` back when it is a valid log name; raise InvalidInput otherwise."""
    if _NAME.fullmatch(name) is None:
        raise InvalidInput(
            f"invalid log name {name!r}",
            why="a log name has 1 to 63 of the characters a-z, 0-9 and -",
            hint="choose a name such as default, shop-prod or ci",
            code="invalid_log_name",
        )
    return name


def log_names(data_dir: Path) -> list[str]:
    """Names of the logs in a data directory, sorted; folders still being created are left out."""
    folder = data_dir / "logs"
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and _NAME.fullmatch(p.name))


@dataclass(frozen=True, slots=True)
class LogPaths:
    """All paths of one log; nothing is created or opened here. The name must have been checked."""

    data_dir: Path
    name: str

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def root(self) -> Path:
        return self.logs / self.name

    @property
    def keys(self) -> Path:
        return self.data_dir / "keys"

    @property
    def key(self) -> Path:
        return self.keys / f"{self.name}.key"

    @property
    def new_key(self) -> Path:
        """The key between the rename that creates a log and its move to `key` (see create.py)."""
        return self.root / "new.key"

    @property
    def vkey(self) -> Path:
        return self.root / "log.vkey"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def head(self) -> Path:
        return self.root / "head.sqlite"

    @property
    def checkpoint(self) -> Path:
        return self.root / "checkpoint"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def idempotency(self) -> Path:
        return self.root / "idempotency"

    @property
    def requests(self) -> Path:
        return self.root / "requests.sqlite"

    @property
    def blobs(self) -> Path:
        return self.data_dir / "blobs"
