"""From entries to run events: a cheap byte test, then a lenient decode of the few fields that runs are made of.

Most entries are no run events, so an entry is decoded only when its bytes could spell one of the four actions.
Strings may be redacted or sealed (objects in their place): a run or test that cannot be read makes the event
malformed, any other such text is shown as `REDACTED`.

An index that takes over gives `RunEvent`s in log order to the views' `take`, and needs to store nothing else:
its columns are the fields of `RunEvent`; it selects by action, run, and (suite, test).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from graven.errors import GravenError
from graven.event.pushed import FORMAT as PUSHED
from graven.event.recorded import BROKEN, READ, may_lie_in_blob, recorded
from graven.index.query.times import time_ns

__all__ = ["ACTIONS", "MESSAGE_CHARS", "REDACTED", "RunEvent", "RunEvents"]

RUN_START, RUN_FINISH, SUITE_FINISH, CASE_FINISH = ACTIONS = (
    "test.run.start",
    "test.run.finish",
    "test.suite.finish",
    "test.case.finish",
)
REDACTED = "(redacted)"
MESSAGE_CHARS = 2000
"""An error message is kept up to here; the whole of it stands in the entry."""


class RunEvent(NamedTuple):
    """What a run is made of. Times are Unix nanoseconds; absent texts are "", absent numbers None."""

    index: int  # type: ignore[assignment]  # the log's own word; tuple.index is not missed
    received_ns: int
    claimed_ns: int | None
    action: str
    outcome: str
    run: str
    suite: str
    test: str
    environment: str
    attempt: int
    status: str
    commit: str
    branch: str
    tree: str
    build: str
    shard: str
    identity: str
    duration_ns: int | None
    error_type: str
    error_message: str


class _Qa(msgspec.Struct):
    run: Any = None
    suite: Any = None
    test: Any = None
    environment: Any = None
    attempt: int | None = None
    status: Any = None
    commit: Any = None
    branch: Any = None
    tree: Any = None
    build: Any = None


class _Data(msgspec.Struct):
    action: Any
    time: Any = None
    outcome: Any = None
    qa: _Qa | None = None
    attributes: Any = None
    error: Any = None
    duration_ns: Any = None


_DATA = msgspec.json.Decoder(_Data)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else REDACTED


def _could_be(raw: bytes) -> bool:
    """Whether the bytes may spell a run event: its action as it is, or letters of it escaped."""
    return b'"test.' in raw or b"\\u00" in raw


class RunEvents:
    """Reads entries one by one and counts what it left out."""

    def __init__(self, load_blob: Callable[[str], bytes | None] | None = None) -> None:
        """`load_blob` gives the data of an oversize entry by its digest; without it such entries are `absent`."""
        self._load = load_blob
        self.malformed = 0
        """Entries that could be run events and are not readable as one."""
        self.unknown_format = 0
        """Entries that mention tests in a format other than event/1."""
        self.absent = 0
        """Oversize entries whose data could not be had."""

    def read(self, index: int, raw: bytes) -> RunEvent | None:
        """The run event that an entry is, or None. Raises nothing for whatever bytes."""
        if not _could_be(raw) and not may_lie_in_blob(raw):
            return None
        try:
            entry, data = recorded(raw, self._blob)
        except BROKEN:
            self.malformed += 1
            return None
        if entry.format not in READ:
            self.unknown_format += 1
            return None
        if entry.format == PUSHED or data is None or not _could_be(data):
            return None
        received = time_ns(entry.received)
        try:
            if received is None:
                raise msgspec.DecodeError("received is no time")
            decoded = _DATA.decode(data)
            if decoded.action not in ACTIONS:
                return None
            return _event(index, received, decoded)
        except BROKEN:
            self.malformed += 1
            return None

    def _blob(self, digest: str) -> bytes | None:
        try:
            data = self._load(digest) if self._load is not None else None
        except GravenError:  # absent or out of reach: counted, and the other entries still tell their part
            data = None
        if data is None:
            self.absent += 1
        return data


def _event(index: int, received_ns: int, data: _Data) -> RunEvent | None:
    qa = data.qa
    if qa is None or qa.run is None:
        return None  # a test without a run belongs to none
    is_case = data.action == CASE_FINISH
    if not isinstance(qa.run, str) or (is_case and not isinstance(qa.test, str)):
        raise msgspec.DecodeError("a run or a test without a readable name")
    attributes = data.attributes if isinstance(data.attributes, dict) else {}
    error = data.error if isinstance(data.error, dict) else {}
    shard, identity = attributes.get("shard"), attributes.get("identity")
    duration = data.duration_ns
    return RunEvent(
        index=index,
        received_ns=received_ns,
        claimed_ns=time_ns(data.time) if isinstance(data.time, str) else None,
        action=data.action,
        outcome=_text(data.outcome),
        run=qa.run,
        suite=_text(qa.suite),
        test=_text(qa.test),
        environment=_text(qa.environment),
        attempt=1 if qa.attempt is None else qa.attempt,
        status=_text(qa.status),
        commit=_text(qa.commit),
        branch=_text(qa.branch),
        tree=_text(qa.tree),
        build=_text(qa.build),
        shard="" if shard is None else shard if isinstance(shard, str) else msgspec.json.encode(shard).decode(),
        identity="1" if identity is None else str(identity),
        duration_ns=duration if type(duration) is int and duration >= 0 else None,
        error_type=_text(error.get("type")),
        error_message=_text(error.get("message"))[:MESSAGE_CHARS],
    )
