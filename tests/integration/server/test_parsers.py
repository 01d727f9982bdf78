"""Large bodies over HTTP: parsed elsewhere, answered as ever, and none lost when a parser dies."""

import json
import os
import signal

import httpx
from tests.support.process_tree import children_of, command_line
from tests.support.server_process import ServerProcess
from tests.support.server_requests import event, problem, size

NDJSON = {"Content-Type": "application/x-ndjson"}
LARGE = 600
"""Events of about 300 bytes that make a body too large to be parsed on the event loop."""


def body(prefix: str, *more: dict[str, object]) -> bytes:
    events = [event(id=f"{prefix}-{at}", message="m" * 250) for at in range(LARGE)]
    return b"\n".join(json.dumps(one).encode() for one in (*events, *more))


def parsers(server: ServerProcess) -> list[int]:
    return [child for child in children_of(server.process.pid) if "graven.server.parsing" in command_line(child)]


def test_a_large_batch_is_parsed_in_another_process_and_kept_in_order(
    client: httpx.Client, server: ServerProcess
) -> None:
    answer = client.post("/v1/logs/default/events", content=body("order"), headers=NDJSON)
    assert answer.status_code == 200
    assert parsers(server)
    first = answer.json()["first"]
    for at in (0, 1, LARGE - 1):
        assert client.get(f"/v1/logs/default/events/{first + at}").json()["id"] == f"order-{at}"


def test_a_bad_item_of_a_large_batch_is_named_and_nothing_is_stored(client: httpx.Client) -> None:
    before = size(client)
    answer = client.post(
        "/v1/logs/default/events", content=body("bad", {"action": "a", "actr": {"id": "b"}}), headers=NDJSON
    )
    assert answer.status_code == 422
    (fault,) = problem(answer)["details"]["errors"]
    assert (fault["item"], fault["field"]) == (LARGE, "actr")
    assert size(client) == before


def test_a_secret_in_a_large_batch_is_redacted_and_counted(client: httpx.Client) -> None:
    content = body("secret", event(id="secret", input={"password": "geheim-4711"}))
    answer = client.post("/v1/logs/default/events", content=content, headers=NDJSON)
    kept = client.get(f"/v1/logs/default/events/{answer.json()['first'] + LARGE}")
    assert "geheim-4711" not in kept.text
    assert kept.json()["redacted"] == 1


def test_a_killed_parser_costs_at_most_one_answer_and_the_same_request_again_is_taken(
    client: httpx.Client, server: ServerProcess
) -> None:
    client.post("/v1/logs/default/events", content=body("warm"), headers=NDJSON)
    before = size(client)
    for parser in parsers(server):
        os.kill(parser, signal.SIGKILL)
    answer = client.post("/v1/logs/default/events", content=body("again"), headers=NDJSON)
    if answer.status_code != 200:  # it was not dead yet when the request came
        assert problem(answer)["code"] == "parser_died"
        assert size(client) == before
        answer = client.post("/v1/logs/default/events", content=body("again"), headers=NDJSON)
    assert (answer.status_code, answer.json()["count"]) == (200, LARGE)
