"""Alerts over HTTP: who may read a log sees them, operators set and delete them. Changes are recorded first."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler

from graven.detect import Alert, Stored, Waiting, check_timeless, decode_alert, public_form, secret_of
from graven.detect.address import shown
from graven.detect.deliver import MOST_ATTEMPTS
from graven.detect.rule import digest_of
from graven.errors import NotFound
from graven.event.envelope import format_time
from graven.server.alerting import Alerting
from graven.server.service import Service
from graven.server.system import system_event

__all__ = ["AlertAnswer", "AlertsAnswer", "WaitingAnswer", "alert_routes"]

Call = Request[Any, Any, Any]


class WaitingAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`count` deliveries wait for an address. Where one failed: of the one that was tried most how often, of how many
    times at the most, when it is tried `next` (RFC 3339, UTC), and why the last attempt failed."""

    address: str
    count: int
    attempts: int | None = None
    most_attempts: int | None = None
    next: str | None = None
    detail: str | None = None


class AlertAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alert, from which log index on it listens, what keeps it from listening, and what waits to be sent, by
    address. Operators also get the `secrets` by which receivers check signatures, and addresses as they are."""

    alert: dict[str, Any]
    armed: int
    problem: str | None = None
    waiting: list[WaitingAnswer] | None = None
    secrets: dict[str, str] | None = None


class AlertsAnswer(msgspec.Struct, frozen=True):
    """By name."""

    alerts: list[AlertAnswer]


def alert_routes(service: Service) -> list[HTTPRouteHandler]:
    """The four calls."""
    alerting = service.alerting

    def found(log: str, name: str) -> Stored:
        for stored in alerting.store.alerts(log):
            if stored.alert.name == name:
                return stored
        raise NotFound(f"there is no alert {name[:80]!r} on the log {log}", code="unknown_alert")

    def told(log: str, name: str, *, operator: bool) -> AlertAnswer:
        return _answer(alerting, found(log, name), alerting.store.waiting(log, name), operator=operator)

    def all_told(log: str, *, operator: bool) -> AlertsAnswer:
        waiting = alerting.store.waiting(log)
        return AlertsAnswer([_answer(alerting, one, waiting, operator=operator) for one in alerting.store.alerts(log)])

    def seeing(request: Call, log: str) -> bool:
        """Whether the caller may see addresses; Forbidden unless it may see alerts at all."""
        principal = service.authenticate(dict(request.scope["headers"]))
        operator = principal.may("operate")
        if not operator:
            principal.require("read", log)
        service.logs.get(log)
        return operator

    @get("/v1/logs/{log:str}/alerts", tags=["alerts"])
    async def list_alerts(request: Call, log: str) -> AlertsAnswer:
        """The alerts of a log."""
        operator = seeing(request, log)
        return await service.on_disk(partial(all_told, log, operator=operator))

    @get("/v1/logs/{log:str}/alerts/{name:str}", tags=["alerts"])
    async def get_alert(request: Call, log: str, name: str) -> AlertAnswer:
        """One alert."""
        operator = seeing(request, log)
        return await service.on_disk(partial(told, log, name, operator=operator))

    @put("/v1/logs/{log:str}/alerts/{name:str}", tags=["alerts"])
    async def put_alert(request: Call, log: str, name: str) -> AlertAnswer:
        """Set an alert: `{"query","threshold":{"count","window_s","by"} | "silence":{"window_s"},"severity","to",
        "cooldown_s","enabled"}`. It listens from now on; recorded in `system` first. A query with a time told from now
        (`since:1h`) is refused, and so is a new address where this server never sends anything: a loopback address,
        `mailto:` without `alerts.mail_host`."""
        principal, opened = service.admit(request.scope, "operate", log)
        body = await request.body()
        now_ns = service.clock()
        alert = decode_alert(body, name=name)

        def set_it() -> AlertAnswer:
            _check_changed(alerting, log, alert, body)
            event = system_event(
                "alert.put",
                principal=principal,
                targets=(("log", log), ("alert", name)),
                attributes={"alert": public_form(alert)},
            )
            service.logs.system.record(event)
            alerting.store.put(log, alert, armed=opened.size, armed_ns=now_ns)
            return told(log, name, operator=True)

        return await service.on_disk(set_it)

    @delete("/v1/logs/{log:str}/alerts/{name:str}", tags=["alerts"])
    async def delete_alert(request: Call, log: str, name: str) -> Response[None]:
        """End an alert; recorded in `system` first. What it has fired is still sent."""
        principal, _ = service.admit(request.scope, "operate", log)

        def end_it() -> None:
            found(log, name)
            targets = (("log", log), ("alert", name))
            service.logs.system.record(system_event("alert.delete", principal=principal, targets=targets))
            alerting.store.delete(log, name)

        await service.on_disk(end_it)
        return Response(None, status_code=204)

    return [list_alerts, get_alert, put_alert, delete_alert]


def _check_changed(alerting: Alerting, log: str, alert: Alert, body: bytes) -> None:
    """InvalidInput for what is new in an alert and cannot be set. What was there before is no reason to refuse what is
    changed beside it, or to leave the alert on: a query of before may be refused by now."""
    known = [one.alert for one in alerting.store.alerts(log) if one.alert.name == alert.name]
    if alert.enabled or digest_of(alert) not in map(digest_of, known):
        decode_alert(body, check_timeless, name=alert.name)
    addresses = {address for one in known for address in one.to}
    alerting.check_reachable(address for address in alert.to if address not in addresses)


def _answer(alerting: Alerting, stored: Stored, waiting: Iterable[Waiting], *, operator: bool) -> AlertAnswer:
    name = stored.alert.name
    alert = msgspec.to_builtins(stored.alert) if operator else public_form(stored.alert)
    waits = [_waits(one, operator=operator) for one in waiting if one.alert == name] or None
    hooks = [address for address in stored.alert.to if not address.startswith("mailto:")]
    secrets = {address: secret_of(alerting.keys[0], address) for address in hooks} if operator else None
    return AlertAnswer(alert, stored.armed, alerting.problem_of(stored.log, name), waits, secrets)


def _waits(one: Waiting, *, operator: bool) -> WaitingAnswer:
    address = one.address if operator else shown(one.address)
    if one.due_ns is None:
        return WaitingAnswer(address, one.deliveries)
    return WaitingAnswer(address, one.deliveries, one.attempts, MOST_ATTEMPTS, format_time(one.due_ns), one.detail)
