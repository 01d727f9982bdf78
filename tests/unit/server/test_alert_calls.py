"""What the calls for alerts refuse, and what they say of an alert."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from graven.detect import AlertStore, decode_alert
from graven.detect.address import shown
from graven.detect.store import Delivery
from graven.errors import InvalidInput
from graven.server.alert_calls import AlertAnswer, WaitingAnswer, alert_routes
from graven.server.alerting import Alerting
from graven.server.service import Service
from graven.server.settings import AlertSettings


class World:
    """A service with one log, `shop`, an operator, and a `system` that remembers."""

    def __init__(self, folder: Path) -> None:
        self.recorded: list[dict[str, Any]] = []
        self.store = AlertStore(folder / "alerts.sqlite")
        self.alerting = SimpleNamespace(store=self.store, keys=(b"k" * 32,), problem_of=self.problem_of)
        settings = AlertSettings()
        alerting = Alerting(folder, settings, lambda _: None, clock=lambda: 1, link="")
        self.alerting.check_reachable = alerting.check_reachable
        system = SimpleNamespace(record=self.recorded.append)
        self.logs = SimpleNamespace(get=lambda log: SimpleNamespace(size=7), system=system)
        self.clock = lambda: 1
        self.calls = {route.fn.__name__: cast("Any", route.fn) for route in alert_routes(cast("Service", self))}

        self.is_operator = True

    def authenticate(self, headers: object) -> Any:
        facts = {"token_id": "abc", "name": "ops", "roles": frozenset({"operator"}), "logs": None}
        return SimpleNamespace(require=lambda *_: None, may=lambda *_: self.is_operator, **facts)

    def admit(self, scope: object, permission: str, log: str) -> Any:
        return self.authenticate(None), self.logs.get(log)

    async def on_disk(self, function: Any, *args: Any) -> Any:
        return function(*args)

    def problem_of(self, log: str, name: str) -> str | None:
        return f"{log}/{name} is deaf"

    def list(self) -> Any:
        return asyncio.run(self.calls["list_alerts"](SimpleNamespace(scope={"headers": []}), "shop"))

    def get(self) -> AlertAnswer:
        request = SimpleNamespace(scope={"headers": []})
        return cast("AlertAnswer", asyncio.run(self.calls["get_alert"](request, "shop", "one")))

    def put(self, body: bytes) -> AlertAnswer:
        async def read() -> bytes:
            return body

        request = SimpleNamespace(scope={"headers": []}, body=read)
        return cast("AlertAnswer", asyncio.run(self.calls["put_alert"](request, "shop", "one")))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_alert_on_a_time_told_from_now_is_neither_recorded_nor_kept(world: World) -> None:
    with pytest.raises(InvalidInput, match="told from now") as refused:
        world.put(b'{"query":"outcome:denied since:1h","threshold":{"count":1,"window_s":60}}')
    assert "window_s" in refused.value.hint
    assert (world.recorded, world.store.alerts()) == ([], [])


def test_an_alert_is_recorded_and_listens_from_now_on(world: World) -> None:
    answer = world.put(b'{"query":"outcome:denied since:2026-11-27","threshold":{"count":1,"window_s":60}}')
    assert answer.armed == 7
    assert [event["action"] for event in world.recorded] == ["alert.put"]


@pytest.mark.parametrize(
    ("address", "setting"),
    [("http://127.0.0.1:9/x", "alerts.allow_local"), ("mailto:qa@shop.example", "alerts.mail_host")],
)
def test_an_address_where_nothing_is_ever_sent_is_refused(world: World, address: str, setting: str) -> None:
    with pytest.raises(InvalidInput, match="nothing") as refused:
        world.put(b'{"silence":{"window_s":60},"to":["%b"]}' % address.encode())
    assert (refused.value.code, setting in refused.value.hint) == ("invalid_address", True)
    assert (world.recorded, world.store.alerts()) == ([], [])


def test_an_address_that_was_there_before_may_stay(world: World) -> None:
    body = b'{"silence":{"window_s":60},"to":["mailto:qa@shop.example"]}'
    world.store.put("shop", decode_alert(body, name="one"), armed=0, armed_ns=0)
    world.put(body[:-1] + b',"enabled":false}')
    assert [one.alert.enabled for one in world.store.alerts()] == [False]


REFUSED_BY_NOW = b'{"query":"actor = alice","threshold":{"count":1,"window_s":60}%b}'


def test_an_alert_that_would_be_refused_by_now_can_be_switched_off(world: World) -> None:
    world.store.put("shop", decode_alert(REFUSED_BY_NOW % b"", name="one"), armed=0, armed_ns=0)
    world.put(REFUSED_BY_NOW % b',"enabled":false')
    assert [one.alert.enabled for one in world.store.alerts()] == [False]


def test_an_alert_that_would_be_refused_by_now_is_not_switched_on(world: World) -> None:
    world.store.put("shop", decode_alert(REFUSED_BY_NOW % b',"enabled":false', name="one"), armed=0, armed_ns=0)
    with pytest.raises(InvalidInput, match="= is no operator here"):
        world.put(REFUSED_BY_NOW % b"")
    assert [one.alert.enabled for one in world.store.alerts()] == [False]


def test_an_alert_that_is_off_is_still_refused_when_it_is_new(world: World) -> None:
    with pytest.raises(InvalidInput, match="= is no operator here"):
        world.put(REFUSED_BY_NOW % b',"enabled":false')
    assert (world.recorded, world.store.alerts()) == ([], [])


def test_what_keeps_an_alert_from_listening_is_listed(world: World) -> None:
    world.put(b'{"silence":{"window_s":60}}')
    assert [one.problem for one in world.list().alerts] == ["shop/one is deaf"]


HOOK = "https://hooks.example/T0/secret"


def waiting(world: World, *, attempts: int) -> World:
    body = b'{"silence":{"window_s":60},"to":["%b"]}' % HOOK.encode()
    world.store.put("shop", decode_alert(body, name="one"), armed=0, armed_ns=0)
    (stored,) = world.store.alerts("shop")
    one = Delivery("f1", HOOK, "shop", "one", b"{}", 0, 2 * 10**9, attempts, None, "503" if attempts else "")
    world.store.keep(stored, b"", [one])
    return world


def test_a_delivery_that_failed_says_how_often_why_and_when_it_is_tried_next(world: World) -> None:
    expected = [WaitingAnswer(HOOK, 1, 3, 12, "1970-01-01T00:00:02.000000000Z", "503")]
    assert waiting(world, attempts=3).get().waiting == expected
    assert [one.waiting for one in world.list().alerts] == [expected]


def test_who_is_no_operator_sees_no_secret_of_an_address_that_fails(world: World) -> None:
    world.is_operator = False
    found = waiting(world, attempts=3).get()
    assert [one.address for one in found.waiting or ()] == [shown(HOOK)]
    assert "/T0" not in str(found)


def test_a_delivery_that_was_not_tried_yet_only_waits(world: World) -> None:
    answer = msgspec.to_builtins(waiting(world, attempts=0).get())
    assert answer["waiting"] == [{"address": HOOK, "count": 1}]


def test_where_nothing_waits_nothing_is_said_of_it(world: World) -> None:
    assert "waiting" not in msgspec.to_builtins(world.put(b'{"silence":{"window_s":60}}'))
