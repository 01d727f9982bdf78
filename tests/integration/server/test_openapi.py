"""Schemathesis reads the document at `/schema` and tries every call with what it allows, and with what it does not."""

import json
import urllib.parse

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from tests.support.server_process import running_server

ENDLESS = ("/tail",)
"""A tail never ends by itself; its refusals are tested by hand."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    flags = ("--limits-header-timeout-s", "60")
    with running_server(tmp_path_factory.mktemp("openapi") / "data", *flags, index=True) as server:
        with server.client() as client:
            event = {"action": "order.create", "actor": {"id": "alice"}, "id": "one", "message": "hello"}
            client.post("/v1/logs/default/events", json=event).raise_for_status()
        yield server


@pytest.fixture(scope="module")
def operations(served):
    with served.client() as client:
        document = client.get("/schema").raise_for_status().json()
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in found if not operation.path.endswith(ENDLESS)]


def attempts(operation):
    """Requests with what the document allows, and with what it does not; most of them about the log that is there."""
    kinds = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=kind) for kind in kinds])


def is_described(operation, answer):
    """Its status stands in the document, or is one that every call may give."""
    described = operation.definition.raw["responses"]
    return str(answer.status_code) in described or answer.status_code in {
        400,
        401,
        403,
        404,
        405,
        409,
        413,
        415,
        422,
        429,
        503,
    }


@pytest.mark.slow
def test_no_call_fails_and_every_answer_is_described(served, operations):
    assert len(operations) > 30
    with served.client() as client:
        for operation in operations:
            try_it(client, operation)
        assert client.get("/readyz").status_code == 200


def try_it(client, operation):
    @given(attempts(operation))
    @settings(
        max_examples=15, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    def check(case):
        arguments = case.as_transport_kwargs(base_url=str(client.base_url))
        path = urllib.parse.urlsplit(arguments["url"]).path
        if "{" not in operation.path or "default" not in path:
            path = operation.path.replace("{log}", "default") if "{log}" in operation.path else path
            path = path.replace("{index}", "0")
        if "{" in path:
            path = urllib.parse.urlsplit(arguments["url"]).path
        answer = client.request(
            arguments["method"],
            path,
            params=arguments.get("params"),
            content=body_of(arguments),
            headers={name: value for name, value in (arguments.get("headers") or {}).items() if sendable(name, value)},
        )
        # one of the calls has the index made anew, and what is not in it yet is to be asked for again
        is_away = answer.status_code == 503 and answer.json()["error"]["code"] == "index_away"
        assert answer.status_code < 500 or is_away, (operation.label, path, arguments, answer.text)
        assert is_described(operation, answer), (operation.label, answer.status_code, answer.text)
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"code", "message", "hint", "details"}, answer.text

    check()


def body_of(arguments):
    if arguments.get("json") is not None:
        return json.dumps(arguments["json"]).encode()
    data = arguments.get("data")
    return data if isinstance(data, bytes) else data.encode("utf-8", "replace") if isinstance(data, str) else b""


def sendable(name, value):
    """What a client can put on the wire, but for what would take the token away."""
    return name.lower() not in {"authorization", "content-length", "transfer-encoding", "host"} and str(value).isascii()
