"""Which test runs in this process at the moment: read by everything that records a call.

Not a `ContextVar`: a thread starts with an empty context and an event loop keeps the context in which it was
made, so a test's calls would be put down to no test or to an earlier one. A process runs one test at a time,
hence one place for all its threads and tasks.
"""

from dataclasses import dataclass

__all__ = ["Current", "Place", "current"]


@dataclass(frozen=True, slots=True)
class Place:
    """Ids are lower-case hex of W3C trace context: 32 and 16 digits. `test` is "" outside of tests."""

    run: str
    test: str = ""
    suite: str = ""
    attempt: int = 0
    phase: str = ""
    trace_id: str = ""
    span_id: str = ""


class Current:
    """`get()` and `set()`, as a context variable has them."""

    def __init__(self) -> None:
        self._place: Place | None = None

    def get(self, default: Place | None = None) -> Place | None:
        """The place, or `default` where nothing is recorded."""
        return default if self._place is None else self._place

    def set(self, place: Place | None) -> None:
        """Move on; one assignment, so that readers in other threads see the old place or the new one."""
        self._place = place


current = Current()
