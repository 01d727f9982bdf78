"""The logs that the index process knows of, and those of them that it has opened."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from graven.index.process.followed import FollowedLog
from graven.index.process.patience import Patience

__all__ = ["Logs"]

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class Logs:
    """`tell` is for the thread that reads what the server says, `open_new` for the following one, the rest for any."""

    def __init__(
        self, data_dir: Path, *, warn: Callable[[str], None], open_log: Callable[[Path, str], FollowedLog] = FollowedLog
    ) -> None:
        self._data_dir = data_dir
        self._warn = warn
        self._open = open_log
        self._lock = threading.Lock()  # a size is told in the order in which it is heard
        self._sizes: dict[str, int] = {}
        self._opened: dict[str, FollowedLog] = {}
        self._patience = Patience(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)

    def tell(self, sizes: dict[str, int]) -> None:
        """The logs have that many committed entries."""
        with self._lock:
            self._sizes = {**self._sizes, **sizes}
            for name, size in sizes.items():
                if (log := self._opened.get(name)) is not None:
                    log.grew(size)

    def get(self, name: str) -> FollowedLog | None:
        return self._opened.get(name)

    def all(self) -> list[FollowedLog]:
        return list(self._opened.values())

    def open_new(self) -> list[FollowedLog]:
        """Open those that are not open yet; one that cannot be is tried again, and keeps no other waiting."""
        made = []
        for name in self._sizes:
            if name in self._opened or not self._patience.ready(name):
                continue
            try:
                log = self._open(self._data_dir, name)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one log, the others have to go on
                pause = self._patience.failed(name)
                self._warn(f"the log {name} cannot be opened for indexing, tried again in {pause:g} s: {error!r}")
                continue
            for line in log.index.dropped:
                self._warn(f"made again: {line}")
            with self._lock:
                self._opened = {**self._opened, name: log}
                log.grew(self._sizes[name])
            made.append(log)
        return made
