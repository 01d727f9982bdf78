"""What the server records about itself in `system`."""

import json
from pathlib import Path
from typing import Any

import httpx
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event, make_token, problem, size

from graven.tlog.bundle import decode_bundle


def system_events(client: httpx.Client, start: int = 0) -> list[dict[str, Any]]:
    """Data of the entries of `system`; each read is itself recorded after the last one given."""
    stop = size(client, "system")
    return [client.get(f"/v1/logs/system/events/{i}").json()["data"] for i in range(start, stop)]


def actions(events: list[dict[str, Any]]) -> list[str]:
    return [data["action"] for data in events]


def test_the_first_start_is_recorded_in_order(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as client:
        found = actions(system_events(client))
    assert found == ["redaction.change", "settings.change", "server.start", "log.create", "key.create", "token.create"]


def test_a_restart_records_stop_start_and_only_changed_settings(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--listen", "127.0.0.1:0"):
        pass
    with running_server(tmp_path / "data", "--limits-body-bytes", "1000") as server, server.client() as client:
        events = system_events(client, 6)
    assert actions(events) == ["server.stop", "settings.change", "server.start"]
    assert events[1]["attributes"]["changed"] == [
        {"name": "limits.body_bytes", "before": 16 * 1024 * 1024, "after": 1000}
    ]
    assert events[2]["attributes"]["origins"]["limits.body_bytes"] == "flag"


def test_changed_redaction_rules_are_recorded_before_they_hold(tmp_path: Path) -> None:
    config = tmp_path / "graven.toml"
    config.write_text('[[redaction.rules]]\nname = "badge"\npaths = ["**.badge"]\n')
    with running_server(tmp_path / "data"):
        pass
    with running_server(tmp_path / "data", "--config", str(config)) as server, server.client() as client:
        events = system_events(client, 7)
        first = append(client, event(input={"badge": "4711"})).json()["first"]
        assert "4711" not in client.get(f"/v1/logs/default/events/{first}").text
    assert actions(events)[0] == "redaction.change"
    assert "badge" in json.dumps(events[0])


def test_tokens_and_logs_are_recorded_with_who_made_them(server: ServerProcess, client: httpx.Client) -> None:
    start = size(client, "system")
    token = make_token(client, "reader", logs=["default"])["Authorization"].split("_")[1]
    client.delete(f"/v1/tokens/{token}")
    client.post("/v1/logs", json={"name": "shop"})
    events = system_events(client, start)
    assert actions(events) == ["token.create", "token.revoke", "log.create", "key.create"]
    assert events[0]["targets"] == [{"type": "token", "id": token}]
    assert events[0]["attributes"]["by"] == server.token.split("_")[1]


def test_a_read_of_an_entry_is_recorded_once(client: httpx.Client) -> None:
    first = append(client, event()).json()["first"]
    before = size(client, "system")
    client.get(f"/v1/logs/default/events/{first}")
    assert size(client, "system") == before + 1
    [read] = system_events(client, before)
    assert read["action"] == "entry.read"
    assert {"type": "entry", "id": str(first)} in read["targets"]
    assert read["origin"] == {"ip": "127.0.0.1"}


def test_reading_system_is_recorded_once_and_not_recursively(client: httpx.Client) -> None:
    before = size(client, "system")
    client.get("/v1/logs/system/events/0")
    assert size(client, "system") == before + 1


def test_reads_of_bundles_are_coalesced_per_principal_and_log(server: ServerProcess, client: httpx.Client) -> None:
    append(client, event(), params={"wait": "published"})
    with server.client(headers=make_token(client, "auditor")) as reader:
        before = size(client, "system")
        for width in (1, 1, 1):
            assert reader.get(f"/logs/default/tile/entries/000.p/{width}").status_code == 200
        made = size(client, "system") - before
    assert made in (1, 2)  # 2 when a minute began in between


def test_hash_tiles_and_proofs_are_no_payload(client: httpx.Client) -> None:
    append(client, event(), params={"wait": "published"})
    before = size(client, "system")
    assert client.get("/logs/default/tile/0/000.p/1").status_code == 200
    assert client.get("/v1/logs/default/events/0/proof").status_code == 200
    assert size(client, "system") == before


def test_nobody_appends_to_system_over_http(client: httpx.Client) -> None:
    before = size(client, "system")
    for path in ("/v1/logs/system/events", "/k8s/system/audit"):
        answer = client.post(path, json=event())
        assert (answer.status_code, problem(answer)["code"]) == (403, "system_is_read_only")
    assert size(client, "system") == before


def test_system_is_for_auditors(server: ServerProcess, client: httpx.Client) -> None:
    with server.client(headers=make_token(client, "reader")) as reader:
        assert reader.get("/v1/logs/system/events/0").status_code == 403
    with server.client(headers=make_token(client, "auditor")) as auditor:
        assert auditor.get("/v1/logs/system/events/0").status_code == 200


def test_the_stop_is_the_last_entry_on_disk(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data):
        pass
    with running_server(data) as server, server.client() as client:
        published = int(client.get("/logs/system/checkpoint").text.split("\n")[1])
        bundle = client.get(f"/logs/system/tile/entries/000.p/{published}").content
    assert b'"server.stop"' in decode_bundle(bundle)[6]
