"""The threads that make the index: one follows all logs in turn, one seals."""

import subprocess
import threading
from collections.abc import Callable, Iterable
from typing import Final

from graven.errors import GravenError
from graven.index.process.followed import FollowedLog
from graven.index.process.sealing import seal_apart

__all__ = ["Following"]

_PAUSE_S: Final = 1.0
"""Between attempts at what failed, and looks at what nobody told us of."""


class Following:
    """`logs` gives the followed logs at the moment; `progress` is told of each that got further."""

    def __init__(
        self,
        logs: Callable[[], Iterable[FollowedLog]],
        *,
        progress: Callable[[FollowedLog], None],
        warn: Callable[[str], None],
    ) -> None:
        self._logs = logs
        self._progress = progress
        self._warn = warn
        self._stopping = threading.Event()
        self._grown = threading.Event()
        self._sealable = threading.Event()
        self._rebuilds: set[str] = set()
        self._lock = threading.Lock()  # held while an index is changed otherwise than by adding to it
        self._sealing: subprocess.Popen[bytes] | None = None
        self._threads = [
            threading.Thread(target=self._follow, name="follow", daemon=True),
            threading.Thread(target=self._seal, name="seal", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def grown(self) -> None:
        """Some log has more entries."""
        self._grown.set()

    def rebuild(self, log: FollowedLog) -> None:
        """Derive everything of a log again."""
        with self._lock:
            self._rebuilds.add(log.name)
            log.ask_rebuild()
        self._progress(log)
        self._grown.set()

    def stop(self) -> None:
        """End both threads; a segment that is being made is given up."""
        self._stopping.set()
        self._grown.set()
        self._sealable.set()
        sealing = self._sealing
        if sealing is not None:
            sealing.kill()
        for thread in self._threads:
            thread.join()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._grown.clear()
            went_on = False
            for log in self._logs():
                try:
                    self._rebuild_if_asked(log)
                    went_on |= self._follow_one(log)
                except (GravenError, OSError) as error:
                    self._warn(f"the log {log.name} cannot be followed: {error}")
                    self._stopping.wait(_PAUSE_S)
            if not went_on:
                self._grown.wait(_PAUSE_S)

    def _follow_one(self, log: FollowedLog) -> bool:
        if not log.follow():
            return False
        self._progress(log)
        if log.index.hot_rows() >= log.index.sealed_rows:
            self._sealable.set()
        return True

    def _rebuild_if_asked(self, log: FollowedLog) -> None:
        with self._lock:
            if log.name in self._rebuilds:
                self._rebuilds.discard(log.name)
                log.rebuild()
                self._progress(log)

    def _seal(self) -> None:
        while not self._stopping.is_set():
            self._sealable.clear()
            done = False
            for log in self._logs():
                try:
                    done |= self._seal_one(log)
                except (GravenError, ValueError, OSError) as error:
                    if not self._stopping.is_set():
                        self._warn(f"the index of {log.name} could not be sealed: {error}")
                        self._stopping.wait(_PAUSE_S)
            if not done:
                self._sealable.wait(_PAUSE_S)

    def _seal_one(self, log: FollowedLog) -> bool:
        """Seal the oldest full part, else one segment that an older mapper made."""
        full = log.index.full()
        if full is not None:
            first, table = full
        else:
            old = log.index.outdated()
            if old is None:
                return False
            first, table = old.first, log.derive(old.first, old.count)
        secret = log.index.secret
        leaf = log.leaf(first + len(table) - 1)
        folder = seal_apart(table, first, log.index.home, leaf=leaf, secret=secret, wait=self._wait)
        with self._lock:
            if log.name not in self._rebuilds and log.index.size > first:
                log.index.take_sealed(folder)
        self._progress(log)
        self._grown.set()
        return True

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        self._sealing = process
        if self._stopping.is_set():
            process.kill()
        process.wait()
        self._sealing = None
