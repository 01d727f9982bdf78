"""The audit webhook: one bad item never costs the others, and nothing is lost."""

import json
from typing import Any

import httpx
from tests.support.server_process import ServerProcess
from tests.support.server_requests import make_token, problem


def audit(audit_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": audit_id,
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/pods",
        "verb": "list",
        "user": {"username": "alice", "groups": ["dev"]},
        "sourceIPs": ["10.0.0.1"],
        "requestReceivedTimestamp": "2026-11-22T20:01:02.123456Z",
        "stageTimestamp": "2026-11-22T20:01:02.223456Z",
        **fields,
    }


def post(client: httpx.Client, *items: Any) -> httpx.Response:
    body = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": list(items)}
    return client.post("/k8s/default/audit?timeout=30s", json=body)


def test_a_list_is_recorded_under_its_audit_ids(client: httpx.Client) -> None:
    answer = post(client, audit("k1"), audit("k2"))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["count"], answer.json()["quarantined"]) == (2, 0)
    kept = client.get(f"/v1/logs/default/events/{answer.json()['first']}").json()
    assert (kept["id"], kept["format"], kept["source"]) == ("k1/ResponseComplete", "k8s.audit/v1", "k8s/default")


def test_a_bad_item_goes_to_quarantine_and_the_others_are_recorded(client: httpx.Client) -> None:
    answer = post(client, audit("k3"), 7, audit("k4"))
    assert answer.status_code == 200
    assert (answer.json()["count"], answer.json()["quarantined"]) == (3, 1)
    formats = [client.get(f"/v1/logs/default/events/{answer.json()['first'] + i}").json()["format"] for i in range(3)]
    assert sorted(formats) == ["k8s.audit/v1", "k8s.audit/v1", "quarantine/1"]
    assert 'graven_quarantined_items_total{log="default"}' in client.get("/metrics").text


def test_a_body_that_is_no_json_is_kept(client: httpx.Client) -> None:
    answer = client.post("/k8s/default/audit", content=b"{nonsense", headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["quarantined"] == answer.json()["count"] == 1


def test_a_repeated_call_stores_nothing_again(client: httpx.Client) -> None:
    first = post(client, audit("k5"), audit("k6")).json()["first"]
    again = post(client, audit("k5"), audit("k6")).json()
    assert (again["count"], again["duplicates"]) == (0, {"0": first, "1": first + 1})


def test_a_known_id_with_other_content_goes_to_quarantine(client: httpx.Client) -> None:
    post(client, audit("k7"))
    answer = post(client, audit("k7", verb="delete"), audit("k8"))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["count"], answer.json()["quarantined"]) == (2, 1)
    again = post(client, audit("k7", verb="delete"), audit("k8"))
    assert (again.status_code, again.json()["count"]) == (200, 0)


def test_the_source_may_be_named(client: httpx.Client) -> None:
    body = json.dumps(audit("k9"))
    answer = client.post("/k8s/default/audit?source=k8s/staging", content=body)
    assert client.get(f"/v1/logs/default/events/{answer.json()['first']}").json()["source"] == "k8s/staging"


def test_a_reader_may_not_post(client: httpx.Client, server: ServerProcess) -> None:
    with server.client(headers=make_token(client, "reader")) as reader:
        answer = post(reader, audit("k10"))
    assert (answer.status_code, problem(answer)["code"]) == (403, "missing_role")
