"""The one error shape, for the framework's errors too."""

import re

import httpx
import pytest
from tests.support.server_requests import make_token, problem


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("PATCH", "/v1/logs", 405),
        ("DELETE", "/v1/logs/default/events/0", 405),
        ("PUT", "/v1/logs/default/events", 405),
        ("POST", "/logs/default/checkpoint", 404),
        ("GET", "/v1/logs/default/events/abc", 503),  # an id, which only the index knows: none runs here
        ("GET", "/v1/logs/default/events/01", 400),
        ("GET", "/v1/logs/default/events/99999999", 404),
        ("GET", "/v1/logs/default/events/99999999/proof", 404),
        ("GET", "/v1/logs/nope/events/0", 404),
        ("GET", "/logs/nope/checkpoint", 404),
        ("DELETE", "/v1/tokens/nope", 404),
    ],
)
def test_every_refusal_has_the_one_shape(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status, answer.text
    problem(answer)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/tokens", {"name": "x", "roles": ["king"]}),
        ("/v1/tokens", {"name": "x", "roles": []}),
        ("/v1/tokens", {"name": "", "roles": ["reader"]}),
        ("/v1/tokens", {"name": "x", "roles": ["reader"], "logs": []}),
        ("/v1/tokens", {"name": "x", "rolls": ["reader"]}),
        ("/v1/tokens", {"name": 7, "roles": ["reader"]}),
        ("/v1/logs", {"name": "Bad Name"}),
        ("/v1/logs", {"name": "x", "origin": "https://x"}),
        ("/v1/logs", {}),
    ],
)
def test_bad_administration_is_refused_and_changes_nothing(
    client: httpx.Client, path: str, body: dict[str, object]
) -> None:
    before = client.get(path).json()
    answer = client.post(path, json=body)
    assert answer.status_code == 400, answer.text
    problem(answer)
    after = client.get(path).json()
    assert [row.get("id", row["name"]) for row in next(iter(after.values()))] == [
        row.get("id", row["name"]) for row in next(iter(before.values()))
    ]


def test_a_log_that_exists_is_a_conflict(client: httpx.Client) -> None:
    answer = client.post("/v1/logs", json={"name": "default"})
    assert (answer.status_code, problem(answer)["code"]) == (409, "log_exists")


def test_health_needs_no_token_and_metrics_need_one(client: httpx.Client) -> None:
    bare = {"Authorization": ""}
    assert httpx.get(client.base_url.join("/healthz")).json() == {"status": "ok"}
    assert httpx.get(client.base_url.join("/readyz")).status_code == 200
    for path in ("/healthz", "/readyz"):
        head = httpx.head(client.base_url.join(path))
        assert (head.status_code, head.content) == (200, b"")
    refused = client.get("/metrics", headers=bare)
    assert refused.status_code == 401
    assert "graven_log_size" in client.get("/metrics").text


def test_the_schema_describes_the_raw_calls_too(client: httpx.Client) -> None:
    document = client.get("/schema").json()
    paths = document["paths"]
    assert "application/x-ndjson" in paths["/v1/logs/{log}/events"]["post"]["requestBody"]["content"]
    for path in paths.values():
        for operation in path.values():
            shape = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert shape == {"$ref": "#/components/schemas/Error"}
            assert "400" not in operation["responses"]
    assert {"/k8s/{log}/audit", "/v1/blobs", "/v1/tokens", "/metrics", "/logs/{log}/checkpoint"} <= paths.keys()
    schemas = document["components"]["schemas"]
    assert schemas["Event"]["required"] == ["action", "actor"]
    assert sorted(schemas["Error"]["properties"]["error"]["properties"]) == ["code", "details", "hint", "message"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert paths["/healthz"]["get"]["security"] == []


def test_a_token_for_one_log_reads_its_metrics_and_no_others(client: httpx.Client) -> None:
    client.post("/v1/logs", json={"name": "metered"})
    text = client.get("/metrics", headers=make_token(client, "reader", logs=["metered"])).text
    logs = set(re.findall(r'log="([^"]*)"', text))
    assert (logs, "graven_append_seconds" in text) == ({"metered"}, False)
    text = client.get("/metrics", headers=make_token(client, "auditor", logs=["system"])).text
    assert set(re.findall(r'log="([^"]*)"', text)) == {"system"}
