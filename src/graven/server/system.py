"""The log of the log: what the server records about itself in `system`.

Changes are recorded before they take effect, and reads of payloads before their first byte goes out:
the caller waits until the entry is durable, and when it cannot be made the change or the read does not
happen. Events are ordinary event/1; no redaction applies, because nothing in them comes from a payload.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from graven.event.batch import PreparedBatch
from graven.event.intake import JSON, Producer, prepare_events
from graven.event.redact import Redactor
from graven.log.messages import Incident
from graven.log.opened import Log
from graven.log.record import incident_event
from graven.server.access import Principal
from graven.server.completions import Completions

__all__ = ["SERVER", "ReadRecorder", "SystemRecorder", "system_event"]

SERVER = Producer("graven", "")
"""Who stands in `by` of the entries of `system`."""

_SOURCE = "graven"

_Key = tuple[str, str, str, bytes]
"""Token, log, action, and the digest of what else tells reads apart: queries are long, and there may be many."""


def system_event(
    action: str,
    *,
    principal: Principal | None = None,
    ip: str = "",
    targets: tuple[tuple[str, str], ...] = (),
    attributes: Mapping[str, Any] | None = None,
    message: str = "",
    failed: bool = False,
) -> dict[str, Any]:
    """An event/1 about the installation; without a principal the server itself is the actor."""
    if principal is None:
        actor: dict[str, Any] = {"type": "system", "id": "graven"}
    else:
        actor = {"type": "service", "id": principal.token_id, "name": principal.name}
    event: dict[str, Any] = {
        "action": action,
        "source": _SOURCE,
        "outcome": "failure" if failed else "success",
        "actor": actor,
    }
    if targets:
        event["targets"] = [{"type": kind, "id": name} for kind, name in targets]
    if ip:
        event["origin"] = {"ip": ip}
    if message:
        event["message"] = message
    if attributes:
        event["attributes"] = dict(attributes)
    return event


class SystemRecorder:
    """Appends to `system`; blocking calls for threads, awaiting ones for the loop."""

    def __init__(self, log: Log, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.log = log
        self._clock = clock
        self._no_rules = Redactor(())

    def record(self, event: Mapping[str, Any]) -> int:
        """Make the entry durable; gives its index, raises what the log answers."""
        first = self.log.append(self._batch(event)).first
        return first if first is not None else self.log.size - 1

    def announce(self, action: str, facts: dict[str, Any]) -> None:
        """`tokens.Announce`: the fact `by` is the actor's token id, the rest are attributes."""
        attributes = {name: value for name, value in facts.items() if value is not None}
        self.record(system_event(action, targets=(("token", str(facts["token"])),), attributes=attributes))

    def incident(self, incident: Incident) -> None:
        """An incident of any log, `system` included when it works again."""
        self.record(incident_event(incident))

    async def arecord(self, event: Mapping[str, Any], completions: Completions) -> None:
        """`record` without blocking the loop."""
        await completions.append(self.log, self._batch(event))

    def _batch(self, event: Mapping[str, Any]) -> PreparedBatch:
        body = msgspec.json.encode(event)
        return prepare_events(body, JSON, SERVER, self._no_rules, now_ns=self._clock())


class ReadRecorder:
    """Records reads of payloads before their first byte. Lives on the loop."""

    def __init__(self, system: SystemRecorder, completions: Completions, *, clock: Callable[[], int]) -> None:
        self._system = system
        self._completions = completions
        self._clock = clock
        self._minute = -1
        self._seen: dict[_Key, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()  # the loop itself holds tasks weakly

    async def one(
        self,
        principal: Principal,
        ip: str,
        action: str,
        log: str,
        targets: tuple[tuple[str, str], ...],
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """One entry for this request."""
        event = system_event(
            action, principal=principal, ip=ip, targets=(("log", log), *targets), attributes=attributes
        )
        await self._system.arecord(event, self._completions)

    def soon(self, principal: Principal, ip: str, action: str, log: str, attributes: Mapping[str, Any]) -> None:
        """One entry without waiting for it: for what a client that has gone leaves to be said."""
        task = asyncio.get_running_loop().create_task(self.one(principal, ip, action, log, (), attributes))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def tiles(self, principal: Principal, ip: str, log: str, first: str) -> None:
        """One entry per principal, log and minute; later reads wait until that entry is durable."""
        await self._coalesced(principal, ip, "entries.read", log, {"first": first}, "all bundles read in this minute")

    async def few(self, principal: Principal, ip: str, action: str, log: str) -> None:
        """As `tiles`, for small reads that come with every key that somebody presses."""
        await self._coalesced(principal, ip, action, log, {}, "all of its kind in this minute")

    async def counts(self, principal: Principal, ip: str, log: str, facts: Mapping[str, Any], which: str) -> None:
        """As `tiles`, for the counts of one query (`which`): a look at a page of results asks for several at once."""
        what = "all counts of this query in this minute: histograms, facets, the newest match"
        await self._coalesced(principal, ip, "events.count", log, facts, what, which)

    async def _coalesced(
        self, principal: Principal, ip: str, action: str, log: str, facts: Mapping[str, Any], what: str, which: str = ""
    ) -> None:
        minute = self._clock() // 60_000_000_000
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        key = (principal.token_id, log, action, hashlib.sha256(which.encode("utf-8", "surrogatepass")).digest())
        known = self._seen.get(key)
        if known is None:
            # a task of its own: the first reader may go away while others wait for the same entry
            attributes = {**facts, "minute": minute, "note": f"stands for {what}"}
            known = self._seen[key] = asyncio.get_running_loop().create_task(
                self._stand_for_all(principal, ip, action, log, attributes)
            )
            self._running.add(known)
            known.add_done_callback(lambda made: self._forget_failed(key, made))
        await asyncio.shield(known)

    async def _stand_for_all(
        self, principal: Principal, ip: str, action: str, log: str, attributes: Mapping[str, Any]
    ) -> None:
        event = system_event(action, principal=principal, ip=ip, targets=(("log", log),), attributes=attributes)
        await self._system.arecord(event, self._completions)

    def _forget_failed(self, key: _Key, made: asyncio.Task[None]) -> None:
        """A read after a failure tries anew."""
        self._running.discard(made)
        failed = made.cancelled() or made.exception() is not None
        if failed and self._seen.get(key) is made:
            del self._seen[key]
