"""Progress on stderr for work that takes longer than a second; nothing for the rest, nothing in a pipe."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["PATIENCE_S", "Progress", "progress"]

PATIENCE_S = 1.0
"""Seconds that a person waits without being told."""


class Progress:
    """Counts of work done; shows a bar from the first update after `PATIENCE_S` on."""

    def __init__(self, label: str, *, shown: bool, clock: Callable[[], float]) -> None:
        self._label = label
        self._shown = shown
        self._clock = clock
        self._started = clock()
        self._bar: Any = None
        self._task: Any = None

    def update(self, done: int, total: int | None = None, *, stage: str = "") -> None:
        """`done` of `total` units are finished; `total` None when it is not known."""
        if not self._shown:
            return
        if self._bar is None:
            if self._clock() - self._started < PATIENCE_S:
                return
            self._open()
        self._bar.update(self._task, completed=done, total=total, description=stage or self._label)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(self._label)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


@contextmanager
def progress(label: str, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """A progress bar for the block; silent with `quiet` or when stderr is no terminal."""
    bar = Progress(label, shown=not quiet and sys.stderr.isatty(), clock=clock)
    try:
        yield bar
    finally:
        bar.close()
