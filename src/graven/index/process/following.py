"""The threads that make the index: one follows all logs in turn, one seals, and looks over what is sealed."""

import threading
import time
from collections.abc import Callable
from typing import Final

from graven.index.derive.view import VERSION
from graven.index.process.followed import FollowedLog
from graven.index.process.logs import Logs
from graven.index.process.patience import Patience
from graven.index.process.sealing import Sealer

__all__ = ["Following"]

_SOON: Final = 1.5
"""Segments' worth of hot rows, beyond which the next one is going to be sealed right after this one."""

_PAUSE_S: Final = 1.0
"""Between attempts at what failed, and looks at what nobody told us of."""


class Following:
    """`progress` is told of each log that got further, `warn` of what failed, `broken` that a thread ended by it."""

    def __init__(
        self,
        logs: Logs,
        *,
        progress: Callable[[FollowedLog], None],
        warn: Callable[[str], None],
        broken: Callable[[], None],
    ) -> None:
        self._logs = logs
        self._progress = progress
        self._warn = warn
        self._broken = broken
        self._stopping = threading.Event()
        self._grown = threading.Event()
        self._sealable = threading.Event()
        self._rebuilds: set[str] = set()
        self._lock = threading.Lock()
        self._sealer = Sealer()
        self._follow_patience = Patience(_PAUSE_S, 30.0)
        self._seal_patience = Patience(_PAUSE_S, 300.0)
        self._threads = [
            threading.Thread(target=self._lasting, args=(self._follow,), name="follow", daemon=True),
            threading.Thread(target=self._lasting, args=(self._seal,), name="seal", daemon=True),
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
        self._sealer.stop()
        for thread in self._threads:
            thread.join()

    def _lasting(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - without this thread the process would live on and index nothing
            self._warn(f"the thread {threading.current_thread().name} ended: {error!r}")
            self._broken()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._grown.clear()
            wait_s = _PAUSE_S
            for log in self._logs.open_new():
                self._progress(log)
            for log in self._logs.all():
                if not self._follow_patience.ready(log.name):
                    continue
                try:
                    self._rebuild_if_asked(log)
                    due_s = log.due_s()  # once: asked again for the wait, a pause that has just passed would be missed
                    if due_s > 0:
                        wait_s = min(wait_s, due_s)
                    elif self._follow_one(log):
                        wait_s = 0.0
                    self._follow_patience.worked(log.name)
                except Exception as error:  # noqa: BLE001 - one log that cannot be followed must not stop the others
                    pause = self._follow_patience.failed(log.name)
                    self._warn(f"the log {log.name} cannot be followed, tried again in {pause:g} s: {error!r}")
            if wait_s > 0:
                self._grown.wait(wait_s)

    def _follow_one(self, log: FollowedLog) -> bool:
        if not log.follow():
            return False
        self._progress(log)
        if log.index.hot_rows() >= log.index.sealed_rows:
            self._sealable.set()
        return True

    def _rebuild_if_asked(self, log: FollowedLog) -> None:
        with self._lock:
            asked = log.name in self._rebuilds
            self._rebuilds.discard(log.name)
        if asked:
            log.rebuild()
            self._progress(log)

    def _seal(self) -> None:
        while not self._stopping.is_set():
            self._sealable.clear()
            done = False
            for log in self._logs.all():
                if self._stopping.is_set() or not self._seal_patience.ready(log.name):
                    continue
                try:
                    done |= self._seal_one(log)
                    if not done and (wrong := log.checked.look(log.index.sealed)):
                        self._warn(f"{wrong}; this part of the index of {log.name} is derived again")
                        done = True
                    self._seal_patience.worked(log.name)
                except Exception as error:  # noqa: BLE001 - one that cannot be sealed must not stop the others
                    if not self._stopping.is_set():
                        pause = self._seal_patience.failed(log.name)
                        self._warn(
                            f"the index of {log.name} could not be sealed, tried again in {pause:g} s: {error!r}"
                        )
            if not done:
                self._sealer.rest()
                self._sealable.wait(_PAUSE_S)

    def _seal_one(self, log: FollowedLog) -> bool:
        """Seal the oldest full part, else one segment that is damaged or that an older mapper made."""
        generation = log.index.generation  # before anything is read: what is forgotten meanwhile is not taken
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
        began = time.monotonic()
        more = log.index.hot_rows() >= _SOON * log.index.sealed_rows
        home = log.index.home
        folder = self._sealer.seal(table, first, home, mapper=VERSION, leaf=leaf, secret=secret, more=more)
        log.index.take_sealed(folder, generation)
        log.note_sealing(time.monotonic() - began)
        self._progress(log)
        self._grown.set()
        return True
