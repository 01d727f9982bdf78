"""What the envelope needs of checked events, so that the decoded events themselves can go at once.

A thousand decoded events are several megabytes, more than a core's cache. Decoding some hundred at a time and
keeping only these lists costs a third less on a busy machine than decoding all first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graven.event.model import Attachment, Event

__all__ = ["Extract"]


@dataclass(slots=True)
class Extract:
    """Parallel lists, one element an event, in order."""

    ids: list[str | None] = field(default_factory=list)
    times: list[str | None] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    attachments: list[Sequence[Attachment] | None] = field(default_factory=list)

    def add(self, events: Sequence[Event]) -> None:
        """Append what these events say."""
        self.ids += [event.id for event in events]
        self.times += [event.time for event in events]
        self.sources += [event.source or "" for event in events]
        self.attachments += [event.attachments for event in events]

    def put(self, at: int, event: Event) -> None:
        """Replace what stands at position `at`."""
        self.ids[at] = event.id
        self.times[at] = event.time
        self.sources[at] = event.source or ""
        self.attachments[at] = event.attachments

    @classmethod
    def blank(cls, count: int) -> "Extract":
        """Of `count` events of which nothing is known yet."""
        return cls([None] * count, [None] * count, [""] * count, [None] * count)
