"""`POST /v1/logs/{log}/entries` and `…/entries/known` at a real server: what a client that is not ours may send."""

import hashlib
import json

import pytest
from tests.support.server_process import running_server
from tests.support.verify_logs import graven_entry

from graven.tlog.bundle import encode_bundle
from graven.tlog.hashing import leaf_hash

ORIGIN = "job.example/1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def client(server):
    with server.client() as opened:
        yield opened


def entry(number: int, **members) -> bytes:
    data = {"action": "a.b", "actor": {"id": "x"}, "source": "shop", **members}
    return graven_entry(number, data=json.dumps(data).encode())


def send(client, *entries: bytes, origin: str = ORIGIN, first: int = 0):
    params = {"origin": origin, "first": str(first)}
    return client.post("/v1/logs/default/entries", content=encode_bundle(entries), params=params)


def known(client, *entries: bytes, origin: str, first: int = 0):
    body = b"".join(leaf_hash(one) for one in entries)
    params = {"origin": origin, "first": str(first)}
    return client.post("/v1/logs/default/entries/known", content=body, params=params).json()["known"]


def test_known_are_exactly_those_that_are_there_at_their_place(client):
    entries = [entry(number) for number in range(6)]
    first = send(client, *entries[1:3], origin="known.example/1", first=1).json()["first"]
    send(client, entries[4], origin="known.example/1", first=4)
    assert known(client, *entries, origin="known.example/1") == [[1, first, 2], [4, first + 2, 1]]
    assert known(client, *entries, origin="other.example/1") == []
    assert known(client, *entries, origin="known.example/1", first=1) == []


def test_the_same_again_is_a_duplicate_and_other_bytes_are_an_entry_of_their_own(client):
    one = send(client, entry(1), origin="again.example/1").json()
    assert send(client, entry(1), origin="again.example/1").json()["duplicates"] == {"0": one["first"]}
    other = send(client, entry(1, message="other"), origin="again.example/1").json()
    assert (other["count"], other["duplicates"]) == (1, {})


def test_a_native_event_with_the_same_id_is_another_thing(client):
    native = {"id": "e-77", "action": "a.b", "actor": {"id": "x"}, "source": "shop"}
    assert client.post("/v1/logs/default/events", json=native).json()["count"] == 1
    assert send(client, entry(77)).json()["count"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid_input"),
        ("origin=a%20b", "invalid_input"),
        ("origin=a&first=-1", "invalid_input"),
        ("origin=a&first=01", "invalid_input"),
        ("origin=a&origin=b", "unknown_query"),
        ("origin=a&wait=published", "unknown_query"),
    ],
)
def test_a_place_that_is_none_is_refused(client, query, code):
    for path in ("entries", "entries/known"):
        answer = client.post(f"/v1/logs/default/{path}?{query}", content=encode_bundle([entry(1)]))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("body", [b"", b"\x00", encode_bundle([entry(1)])[:-1], b"\xff\xff" + entry(1)])
def test_what_is_no_bundle_is_refused(client, body):
    answer = client.post(f"/v1/logs/default/entries?origin={ORIGIN}", content=body)
    assert answer.status_code == 400


def test_a_cut_hash_is_refused(client):
    answer = client.post(f"/v1/logs/default/entries/known?origin={ORIGIN}", content=b"x" * 33)
    assert answer.status_code == 400


def test_one_bad_entry_refuses_the_whole_and_is_named(client):
    good = entry(500)
    answer = send(client, good, graven_entry(501, data=b'{"action":"a"}'))
    assert answer.status_code == 422
    assert [fault["item"] for fault in answer.json()["error"]["details"]["errors"]] == [1]
    assert known(client, good, origin=ORIGIN) == []


def test_a_compressed_bundle_is_taken(client):
    import gzip

    body = gzip.compress(encode_bundle([entry(600)]))
    answer = client.post(
        f"/v1/logs/default/entries?origin={ORIGIN}", content=body, headers={"Content-Encoding": "gzip"}
    )
    assert answer.json()["count"] == 1


def test_blobs_that_are_missing_are_listed_and_taken_once_they_are_there(client):
    content = json.dumps({"action": "a.b", "actor": {"id": "x"}, "source": "shop", "message": "x" * 70_000}).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    large = graven_entry(700, blob=(digest, len(content)))
    error = send(client, large).json()["error"]
    assert (error["code"], error["details"]["digests"]) == ("unknown_attachment", [digest])
    client.put("/v1/blobs", content=content)
    first = send(client, large).json()["first"]
    assert client.get(f"/v1/blobs/{digest}").content == content
    assert client.get(f"/v1/logs/default/events/{first}").json()["data"]["entry"]["blob"]["digest"] == digest


def test_a_blob_of_somebody_else_is_not_read_for_whoever_only_knows_its_digest(client, server):
    secret = b'{"not":"an event"}'
    digest = client.put("/v1/blobs", content=secret).json()["digest"]
    token = client.post("/v1/tokens", json={"name": "other", "roles": ["recorder"]}).json()["token"]
    with server.client(headers={"Authorization": f"Bearer {token}"}) as other:
        here = send(other, graven_entry(1, blob=(digest, len(secret)))).json()["error"]
        nowhere = send(other, graven_entry(1, blob=("sha256:" + "0" * 64, len(secret)))).json()["error"]
    assert here["code"] == nowhere["code"] == "unknown_attachment"
    assert here["message"] == nowhere["message"]


def test_a_server_redacts_what_the_job_kept(client):
    first = send(client, entry(800, input={"password": "hunter2"})).json()["first"]
    stored = client.get(f"/v1/logs/default/events/{first}").json()
    assert stored["redacted"] == 1
    assert stored["data"]["entry"]["data"]["input"]["password"]["$redacted"]["rule"] == "password-field"


def test_no_token_no_entry(server):
    with server.client(headers={}) as nobody:
        assert send(nobody, entry(1)).status_code == 401
