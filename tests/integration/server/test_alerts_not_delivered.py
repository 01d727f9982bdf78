"""An alert whose receiver is away says so while it is, in the calls, in the metrics and at the command line."""

import time

import pytest
from tests.support.cli_run import CommandLine
from tests.support.receivers import hook_server
from tests.support.server_process import running_server
from tests.support.server_requests import append, event, make_token

WITHIN_S = 60


def failed(client, name):
    """What waits once an attempt has failed."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        waiting = client.get(f"/v1/logs/default/alerts/{name}").raise_for_status().json().get("waiting", [])
        if any("attempts" in one for one in waiting):
            return waiting
        time.sleep(0.05)
    raise AssertionError("no attempt failed within a minute")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with an alert whose webhook is a port that nobody listens on, after the first attempt."""
    home = tmp_path_factory.mktemp("served")
    with hook_server() as hook:
        address = f"http://127.0.0.1:{hook.port}/secret"
    with (
        running_server(home / "data", "--alerts-allow-local", index=True) as server,
        server.client() as client,
    ):
        alert = {"query": "", "threshold": {"count": 1, "window_s": 60}, "to": [address]}
        client.put("/v1/logs/default/alerts/each", json=alert).raise_for_status()
        append(client, event()).raise_for_status()
        failed(client, "each")
        line = CommandLine.at(home, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
        yield client, address, line


def test_an_operator_is_told_the_address_and_why(served):
    client, address, _ = served
    (waiting,) = failed(client, "each")
    assert (waiting["address"], waiting["detail"]) == (address, "ConnectError (ConnectionRefusedError)")


def test_a_reader_is_told_without_the_path_of_the_address(served):
    client, address, _ = served
    answer = client.get("/v1/logs/default/alerts", headers=make_token(client, "reader")).raise_for_status()
    (each,) = [one for one in answer.json()["alerts"] if one["alert"]["name"] == "each"]
    assert each["waiting"][0]["address"].startswith(address.removesuffix("secret") + "…")
    assert "secret" not in answer.text


def test_the_metrics_count_what_waits_and_what_failed(served):
    client, _, _ = served
    samples = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if not line.startswith("#"))
    assert samples['graven_log_alert_deliveries_waiting{log="default"}'] == "1.0"
    assert samples['graven_log_alert_deliveries_failing{log="default"}'] == "1.0"
    assert samples['graven_log_alert_deliveries_failing{log="system"}'] == "0.0"
    assert float(samples['graven_alert_attempts_total{kind="failed"}']) >= 1


def test_the_command_line_shows_that_nobody_was_told(served):
    *_, line = served
    assert "each             not delivered: attempt " in line.must("alert", "list").text
    shown = line.must("alert", "show", "each").text
    assert " of 12 failed (ConnectError (ConnectionRefusedError)), next " in shown


def test_a_delivery_that_was_given_up_is_shown(tmp_path):
    with (
        hook_server((410, {}, b"")) as hook,
        running_server(tmp_path / "data", "--alerts-allow-local", index=True) as server,
        server.client() as client,
    ):
        alert = {"query": "", "threshold": {"count": 1, "window_s": 60}, "to": [f"http://127.0.0.1:{hook.port}/secret"]}
        client.put("/v1/logs/default/alerts/each", json=alert).raise_for_status()
        append(client, event()).raise_for_status()
        line = CommandLine.at(tmp_path, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
        end = time.monotonic() + WITHIN_S
        while "GIVEN UP" not in (shown := line.must("alert", "show", "each").text):
            assert time.monotonic() < end, shown
        assert "410: the receiver is gone for good" in shown
