"""The thread that talks to the server: one batch in flight, in order, until it is settled."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable

import msgspec

from graven.errors import InvalidInput
from graven.sdk.answers import Accepted, Later, Refused
from graven.sdk.backoff import Backoff
from graven.sdk.frozen import FrozenBatch, freeze
from graven.sdk.guard import internal
from graven.sdk.ledger import Ledger
from graven.sdk.outbox import Outbox
from graven.sdk.refusal import take_apart
from graven.sdk.spoolroot import REFUSED_NAME, SpoolRoot
from graven.sdk.transport import Transport

__all__ = ["Sender"]

_REQUESTS_PER_REFUSED_BATCH = 64
"""How many requests looking for the poisoned events of one batch may cost before the rest is given up."""


class Sender:
    """`run` until `stop`. `unreachable` and `in_flight_since` (monotonic seconds) are read by other threads."""

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        ledger: Ledger,
        root: SpoolRoot | None,
        backoff: Backoff,
        make_key: Callable[[], str],
    ) -> None:
        self.unreachable = False
        self.in_flight_since: float | None = None
        self._outbox = outbox
        self._transport = transport
        self._ledger = ledger
        self._root = root
        self._backoff = backoff
        self._make_key = make_key
        self._plain = False
        self._stopping = threading.Event()

    def run(self) -> None:
        """Send until `stop`; then close the outbox. No answer and no failure ends this loop."""
        with internal():
            try:
                while not self._stopping.is_set():
                    try:
                        self.step()
                    except Exception as error:  # noqa: BLE001 - a bug here must not end all recording
                        self._ledger.warn("internal", 0, f"{type(error).__name__}: {error}")
                        self._wait(1.0 + random.random())  # noqa: S311 - jitter
            finally:
                self._outbox.close()
                self._transport.close()

    def stop(self) -> None:
        """Let `run` end after the request that is in flight."""
        with self._outbox.changed:
            self._stopping.set()
            self._outbox.changed.notify_all()

    def step(self) -> None:
        """Send the oldest batch until it is settled, or until `stop`; wait a little when there is none."""
        with self._outbox.changed:
            if self._stopping.is_set():  # looked at under the lock: a `stop` before the wait must not be missed
                return
            head = self._outbox.head()
            if head is None:
                self._outbox.changed.wait(timeout=5.0)  # now and then, look for orphans
                return
        if head.orphan:
            self._ledger.add("adopted", head.batch.count)
        parts = deque([head.batch])
        budget = _REQUESTS_PER_REFUSED_BATCH
        while parts:
            if self._stopping.is_set():
                if head.orphan:  # it stays where it is, for the next process
                    self._ledger.add("adopted", -sum(part.count for part in parts))
                return
            match self._send(parts[0]):
                case Accepted():
                    self._ledger.add("acknowledged", parts.popleft().count)
                case Refused() as refused:
                    budget -= 1
                    part = parts.popleft()
                    parts.extendleft(reversed(self._divide(part, refused, may_split=budget > 0)))
                case Later(reason, retry_after_s):
                    self._outbox.persist()
                    with self._outbox.changed:  # who waits for an answer hears that there is none
                        self._outbox.changed.notify_all()
                    delay = self._backoff.next(retry_after_s)
                    self._ledger.warn("waiting", 0, f"{reason}; next attempt in {delay:.1f} s")
                    self._wait(delay)
        self._outbox.settle(head)

    def _send(self, part: FrozenBatch) -> Accepted | Refused | Later:
        self.in_flight_since = time.monotonic()
        try:
            answer = self._transport.send(part)
        finally:
            self.in_flight_since = None
        self._ledger.add("sent", part.count)
        self.unreachable = isinstance(answer, Later) and not answer.reached
        if not isinstance(answer, Later):
            self._backoff.reset()
        return answer

    def _divide(self, part: FrozenBatch, refused: Refused, *, may_split: bool) -> list[FrozenBatch]:
        try:
            events = part.events()
        except InvalidInput as error:
            self._refuse([(part.body, f"{refused.message} ({error.message})")], part.count, refused, part.key)
            return []
        if refused.wants_plain and part.encoding != "identity":
            return [freeze(events, self._make_key(), "identity")]
        parts = take_apart(events, refused, may_split=may_split)
        if parts.lost:
            self._refuse(parts.lost, len(parts.lost), refused, part.key)
        return [freeze(keep, self._make_key(), part.encoding) for keep in parts.keep]

    def _refuse(self, lost: list[tuple[bytes, str]], count: int, refused: Refused, key: str) -> None:
        detail = f"{refused.status} {refused.code}: {lost[0][1]}"
        if self._root is not None:
            to = self._root.destination
            lines = [_refused_line(event, reason, refused, to) for event, reason in lost]
            name = f"{time.time_ns():020d}-{key}.ndjson"
            kept = self._root.keep_refused(name, b"".join(lines))
            folder = self._root.root / REFUSED_NAME
            detail += f"; kept in {folder / name}" if kept else f"; not kept: {folder} has no room"
        self._ledger.lose("refused", count, detail)

    def _wait(self, delay_s: float) -> None:
        deadline = time.monotonic() + delay_s
        with self._outbox.changed:
            while not self._stopping.is_set() and (left := deadline - time.monotonic()) > 0:
                self._outbox.changed.wait(left)


def _refused_line(event: bytes, reason: str, refused: Refused, to: str) -> bytes:
    about = msgspec.json.encode({"status": refused.status, "code": refused.code, "reason": reason, "to": to})
    try:
        msgspec.json.decode(event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = msgspec.json.encode(event)  # a body that could not be opened: base64
    return b'{"refused":' + about + b',"event":' + event + b"}\n"
