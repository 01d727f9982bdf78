"""Whoever may record into one log does not keep others from being told of another."""

import json
import time

from tests.support.receivers import Hook, hook_server
from tests.support.server_process import running_server
from tests.support.server_requests import append, event, make_token

FLOOD = 4_000
TWO_MINUTES = 2 * 60
"""A flood may lie across the end of one minute: so many firings of it stand for themselves at the most."""


def told(hook: Hook, alert: str) -> int:
    """How many were sent before that of `alert` came."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        names = [json.loads(body)["data"]["alert"] for _, _, body in list(hook.got)]
        if alert in names:
            return names.index(alert)
        time.sleep(0.05)
    raise AssertionError(f"{alert} was not sent within a minute; {len(hook.got)} others were")


def test_a_flood_in_one_log_neither_drops_nor_delays_the_alert_of_another(tmp_path):
    with (
        hook_server() as hook,
        running_server(tmp_path / "data", "--alerts-allow-local", index=True) as server,
        server.client() as client,
    ):
        to = [f"http://127.0.0.1:{hook.port}/"]
        threshold = {"count": 1, "window_s": 1}
        flooded = {"threshold": threshold | {"by": "correlation"}, "cooldown_s": 3600, "to": to}
        for log, name, alert in (("noisy", "exec", flooded), ("vault", "real", {"threshold": threshold, "to": to})):
            assert client.post("/v1/logs", json={"name": log}).status_code == 201
            assert client.put(f"/v1/logs/{log}/alerts/{name}", json={"query": "", **alert}).is_success
        noisy = make_token(client, "recorder", logs=["noisy"])
        for part in range(0, FLOOD, 1_000):
            many = [event(correlation_id=f"c{part + n}") for n in range(1_000)]
            assert append(client, *many, log="noisy", headers=noisy).is_success
        assert append(client, event(), log="vault").is_success
        assert told(hook, "real") <= TWO_MINUTES
