"""Appending over HTTP: answers, order, idempotency, compression, publication."""

import gzip
import json
from pathlib import Path

import httpx
import pytest
import zstandard
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event, problem, raw_exchange, size

from graven.tlog.note import VerifierKey
from graven.tlog.proof import parse_proof, verify_proof

NDJSON = {"Content-Type": "application/x-ndjson"}


def entry(client: httpx.Client, index: int) -> dict[str, object]:
    answer = client.get(f"/v1/logs/default/events/{index}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_single_event_is_kept_with_the_producer_as_the_server_saw_it(
    client: httpx.Client, server: ServerProcess
) -> None:
    answer = client.post("/v1/logs/default/events", json=event(id="one", source="shop"))
    assert answer.status_code == 200
    first = answer.json()["first"]
    assert answer.json() == {"first": first, "count": 1, "duplicates": {}, "ids": {}}
    kept = entry(client, first)
    assert kept["index"] == first
    assert kept["by"] == {"token": server.token.split("_")[1], "ip": "127.0.0.1"}
    assert (kept["id"], kept["source"], kept["format"]) == ("one", "shop", "event/1")
    assert kept["data"] == event(id="one", source="shop")


def test_an_array_and_ndjson_keep_their_order_contiguously(client: httpx.Client) -> None:
    lines = b"\n".join(json.dumps(event(id=f"line-{i}")).encode() for i in range(5))
    first = client.post("/v1/logs/default/events", content=lines, headers=NDJSON).json()["first"]
    second = append(client, *(event(id=f"item-{i}") for i in range(3))).json()["first"]
    assert second == first + 5
    assert [entry(client, first + i)["id"] for i in range(8)] == [
        *(f"line-{i}" for i in range(5)),
        *(f"item-{i}" for i in range(3)),
    ]


def test_an_event_without_id_gets_one_and_the_answer_names_it(client: httpx.Client) -> None:
    answer = append(client, event(id="given"), event()).json()
    assert list(answer["ids"]) == ["1"]
    assert entry(client, answer["first"] + 1)["id"] == answer["ids"]["1"]


def test_the_same_event_again_gives_the_first_index_and_stores_nothing(client: httpx.Client) -> None:
    first = append(client, event(id="again")).json()["first"]
    before = size(client)
    again = append(client, event(id="again")).json()
    assert again == {"first": None, "count": 0, "duplicates": {"0": first}, "ids": {}}
    assert size(client) == before


def test_the_same_id_with_other_bytes_is_a_conflict_that_names_the_first(client: httpx.Client) -> None:
    first = append(client, event(id="taken")).json()["first"]
    before = size(client)
    refused = append(client, event(id="free"), event(id="taken", message="other"))
    assert refused.status_code == 409
    error = problem(refused)
    assert error["details"]["index"] == first
    assert size(client) == before


def test_a_keyed_request_repeated_gets_the_first_answer_and_says_so(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "request-1"}
    first = append(client, event(), event(), headers=key)
    before = size(client)
    again = append(client, event(), event(), headers=key)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert size(client) == before


def test_a_key_reused_for_another_body_is_a_conflict(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "request-2"}
    append(client, event(), headers=key)
    refused = append(client, event(message="other"), headers=key)
    assert refused.status_code == 409
    assert problem(refused)["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_compressed_bodies_are_taken(client: httpx.Client, coding: str) -> None:
    body = json.dumps(event(id=f"compressed-{coding}")).encode()
    packed = gzip.compress(body) if coding == "gzip" else zstandard.compress(body)
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = client.post("/v1/logs/default/events", content=packed, headers=headers)
    assert answer.status_code == 200, answer.text
    assert entry(client, answer.json()["first"])["id"] == f"compressed-{coding}"


def test_a_chunked_body_is_taken(client: httpx.Client) -> None:
    body = json.dumps(event(id="chunked")).encode()
    answer = client.post(
        "/v1/logs/default/events", content=iter([body[:10], body[10:]]), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    assert entry(client, answer.json()["first"])["id"] == "chunked"


def test_waiting_for_publication_answers_when_the_checkpoint_covers_the_entry(client: httpx.Client) -> None:
    answer = append(client, event(id="published"), params={"wait": "published"})
    assert answer.status_code == 200
    published = int(client.get("/logs/default/checkpoint").text.split("\n")[1])
    assert published > answer.json()["first"]


def test_an_entry_too_large_for_a_bundle_reads_as_if_it_were_not(client: httpx.Client) -> None:
    large = event(id="large", input={"text": "x" * 100_000})
    first = append(client, large).json()["first"]
    kept = entry(client, first)
    assert kept["data"] == large
    digest = kept["blob"]["digest"]  # type: ignore[index]
    assert json.loads(client.get(f"/v1/blobs/{digest}").content) == large


def test_the_exact_bytes_of_an_entry_are_what_the_leaf_hashes(client: httpx.Client) -> None:
    first = append(client, event(id="exact"), params={"wait": "published"}).json()["first"]
    exact = client.get(f"/v1/logs/default/events/{first}", headers={"Accept": "application/octet-stream"}).content
    proof = parse_proof(client.get(f"/v1/logs/default/events/{first}/proof").content)
    key = VerifierKey.parse(client.get("/logs/default/log.vkey").text.strip())
    assert verify_proof(proof, exact, key).size > first


def test_secrets_are_replaced_before_they_are_kept(client: httpx.Client) -> None:
    first = append(client, event(id="secret", input={"password": "hunter2", "user": "alice"})).json()["first"]
    raw = client.get(f"/v1/logs/default/events/{first}").text
    assert "hunter2" not in raw
    assert '"redacted":1' in raw


def test_pipelined_requests_keep_their_bodies(client: httpx.Client, server: ServerProcess) -> None:
    def request(body: bytes, *, framing: bytes, more: bytes = b"") -> bytes:
        head = b"POST /v1/logs/default/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        return b"%bAuthorization: Bearer %b\r\n%b%b\r\n\r\n%b" % (head, server.token.encode(), more, framing, body)

    lines = [json.dumps(event(id=f"pipelined-{i}")).encode() + b"\n" for i in range(3)]
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in lines[1:]) + b"0\r\n\r\n"
    first = request(lines[0], framing=b"Content-Length: %d" % len(lines[0]))
    second = request(chunked, framing=b"Transfer-Encoding: chunked", more=b"Connection: close\r\n")
    cut = len(second) - len(chunked) // 2
    # the second body is half there when the first request is answered
    answers = raw_exchange(server.url, first + second[:cut], second[cut:])
    assert answers.count(b"HTTP/1.1 200") == 2
    assert b'"count":2' in answers


def test_more_events_than_the_limit_are_refused_in_a_small_body_too(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--limits-events", "3") as server, server.client() as client:
        assert append(client, *(event() for _ in range(3))).status_code == 200
        refused = append(client, *(event() for _ in range(4)))
        assert (refused.status_code, problem(refused)["code"]) == (413, "too_many_events")
        assert size(client) == 3
