"""Alerts over HTTP: who may read a log sees them, operators set and delete them. Changes are recorded first."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler

from graven.detect import Stored, check_timeless, decode_alert, public_form, secret_of
from graven.errors import NotFound
from graven.server.service import Service
from graven.server.system import system_event

__all__ = ["AlertAnswer", "AlertsAnswer", "alert_routes"]

Call = Request[Any, Any, Any]


class AlertAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alert, from which log index on it listens, and what keeps it from listening. Operators also get the `secrets`
    by which receivers check signatures, by address."""

    alert: dict[str, Any]
    armed: int
    problem: str | None = None
    secrets: dict[str, str] | None = None


class AlertsAnswer(msgspec.Struct, frozen=True):
    """By name."""

    alerts: list[AlertAnswer]


def alert_routes(service: Service) -> list[HTTPRouteHandler]:
    """The four calls."""
    alerting = service.alerting

    def answer(stored: Stored, *, operator: bool) -> AlertAnswer:
        alert = msgspec.to_builtins(stored.alert) if operator else public_form(stored.alert)
        hooks = [address for address in stored.alert.to if not address.startswith("mailto:")]
        secrets = {address: secret_of(alerting.keys[0], address) for address in hooks} if operator else None
        return AlertAnswer(alert, stored.armed, alerting.problem_of(stored.log, stored.alert.name), secrets)

    def found(log: str, name: str) -> Stored:
        for stored in alerting.store.alerts(log):
            if stored.alert.name == name:
                return stored
        raise NotFound(f"there is no alert {name[:80]!r} on the log {log}", code="unknown_alert")

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
        stored = await service.on_disk(alerting.store.alerts, log)
        return AlertsAnswer([answer(one, operator=operator) for one in stored])

    @get("/v1/logs/{log:str}/alerts/{name:str}", tags=["alerts"])
    async def get_alert(request: Call, log: str, name: str) -> AlertAnswer:
        """One alert."""
        operator = seeing(request, log)
        return answer(await service.on_disk(found, log, name), operator=operator)

    @put("/v1/logs/{log:str}/alerts/{name:str}", tags=["alerts"])
    async def put_alert(request: Call, log: str, name: str) -> AlertAnswer:
        """Set an alert: `{"query","threshold":{"count","window_s","by"} | "silence":{"window_s"},"severity","to",
        "cooldown_s","enabled"}`. It listens from now on; recorded in `system` first. A query with a time told from now
        (`since:1h`) is refused, and so is a new address where this server never sends anything: a loopback address,
        `mailto:` without `alerts.mail_host`."""
        principal, opened = service.admit(request.scope, "operate", log)
        body = await request.body()
        now_ns = service.clock()
        alert = decode_alert(body, check_timeless, name=name)

        def set_it() -> Stored:
            # one that was there before is no reason to refuse what is changed beside it
            known = {
                address for one in alerting.store.alerts(log) if one.alert.name == name for address in one.alert.to
            }
            alerting.check_reachable(address for address in alert.to if address not in known)
            event = system_event(
                "alert.put",
                principal=principal,
                targets=(("log", log), ("alert", name)),
                attributes={"alert": public_form(alert)},
            )
            service.logs.system.record(event)
            alerting.store.put(log, alert, armed=opened.size, armed_ns=now_ns)
            return found(log, name)

        return answer(await service.on_disk(set_it), operator=True)

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
