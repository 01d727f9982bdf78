"""Bad input over HTTP: a clear error of the one shape, and nothing stored."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import zstandard
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import event, make_token, problem, raw_exchange, size

JSON = {"Content-Type": "application/json"}
DIGEST = "sha256:" + "ab" * 32
NESTED: str = '{"a":' * 70 + "1" + "}" * 70


@pytest.fixture(autouse=True)
def nothing_is_stored(client: httpx.Client) -> Iterator[None]:
    before = size(client)
    yield
    assert size(client) == before


def body(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


INVALID_EVENTS: dict[str, tuple[bytes, str]] = {
    "unknown field": (body('{"action":"a","actr":{"id":"x"},"actor":{"id":"x"}}'), "actr"),
    "missing actor": (body('{"action":"a"}'), "actor"),
    "wrong type": (body('{"action":7,"actor":{"id":"x"}}'), "action"),
    "time without zone": (body('{"action":"a","actor":{"id":"x"},"time":"2026-01-01T00:00:00"}'), "time"),
    "id too long": (body('{"action":"a","actor":{"id":"x"},"id":"%s"}' % ("i" * 129)), "id"),
    "forged redaction": (
        body('{"action":"a","actor":{"id":"x"},"input":{"$redacted":{"by":"server","rule":"r","hmac":"k:00"}}}'),
        "input",
    ),
    "forged seal": (body('{"action":"a","actor":{"id":"x"},"input":{"$sealed":1}}'), "input"),
    "attachment never uploaded": (
        body(
            '{"action":"a","actor":{"id":"x"},"attachments":[{"name":"n","media_type":"text/plain",'
            f'"digest":"{DIGEST}","size":3}}]}}'
        ),
        "attachments",
    ),
    "duplicate key": (body('{"action":"a","action":"b","actor":{"id":"x"}}'), ""),
    "nested duplicate key": (body('{"action":"a","actor":{"id":"x"},"input":{"k":{"b":1,"b":2}}}'), ""),
    "escaped duplicate key": (body(r'{"action":"a","actor":{"id":"x"},"input":{"b":1,"\u0062":2}}'), ""),
    "depth": (body('{"action":"a","actor":{"id":"x"},"input":' + NESTED + "}"), ""),
    "lone surrogate": (body(r'{"action":"a","actor":{"id":"x"},"message":"\ud800"}'), ""),
    "not a number": (body('{"action":"a","actor":{"id":"x"},"input":NaN}'), ""),
    "infinite number": (body('{"action":"a","actor":{"id":"x"},"input":1e400}'), ""),
    "not an object": (b"7", ""),
}


@pytest.mark.parametrize("case", list(INVALID_EVENTS))
def test_an_invalid_event_is_refused_and_says_where(client: httpx.Client, case: str) -> None:
    content, field = INVALID_EVENTS[case]
    answer = client.post("/v1/logs/default/events", content=content, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    error = problem(answer)
    if answer.status_code == 422:
        faults = error["details"]["errors"]
        assert faults
        assert all({"item", "field", "reason"} <= fault.keys() for fault in faults)
        assert field in faults[0]["field"] or field in faults[0]["reason"]
    else:
        assert not field, error


@pytest.mark.parametrize("case", list(INVALID_EVENTS))
def test_one_invalid_item_refuses_the_whole_batch(client: httpx.Client, case: str) -> None:
    content, _ = INVALID_EVENTS[case]
    lines = json.dumps(event()).encode() + b"\n" + content
    answer = client.post("/v1/logs/default/events", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code in (400, 422), answer.text
    problem(answer)


def test_an_unknown_field_gets_a_suggestion(client: httpx.Client) -> None:
    answer = client.post("/v1/logs/default/events", json={"action": "a", "actr": {"id": "x"}})
    assert answer.status_code == 422
    assert "actor" in json.dumps(problem(answer)["details"])


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'{"action":"a"', b"[{}", b"null"])
def test_what_is_no_json_or_holds_no_event_is_refused(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/v1/logs/default/events", content=content, headers=JSON)
    assert answer.status_code in (400, 422)
    problem(answer)


def _gzip_bomb() -> bytes:
    return gzip.compress(b" " * (64 * 1024 * 1024))


ENCODED: dict[str, tuple[str, Callable[[], bytes], int, str]] = {
    "cut gzip": ("gzip", lambda: gzip.compress(json.dumps(event()).encode())[:-4], 400, "cut_body"),
    "no gzip": ("gzip", lambda: b"{}" * 20, 400, "damaged_body"),
    "junk after gzip": ("gzip", lambda: gzip.compress(json.dumps(event()).encode()) + b"junk", 400, "damaged_body"),
    "cut zstd": ("zstd", lambda: zstandard.compress(json.dumps(event()).encode())[:-2], 400, "cut_body"),
    "no zstd": ("zstd", lambda: b"{}", 400, "damaged_body"),
    "gzip bomb": ("gzip", _gzip_bomb, 413, "body_too_large"),
    "zstd bomb": ("zstd", lambda: zstandard.compress(b" " * (64 * 1024 * 1024)), 413, "body_too_large"),
    "unknown coding": ("br", lambda: b"{}", 415, "unsupported_encoding"),
}


@pytest.mark.parametrize("case", list(ENCODED))
def test_a_bad_encoding_is_refused(client: httpx.Client, case: str) -> None:
    coding, make, status, code = ENCODED[case]
    answer = client.post("/v1/logs/default/events", content=make(), headers={**JSON, "Content-Encoding": coding})
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


@pytest.mark.parametrize("media_type", ["text/plain", "", "application/xml", "application/jsonx"])
def test_a_wrong_content_type_is_refused(client: httpx.Client, media_type: str) -> None:
    answer = client.post("/v1/logs/default/events", content=json.dumps(event()), headers={"Content-Type": media_type})
    assert answer.status_code == 415
    problem(answer)


def test_a_body_above_the_limit_is_refused_before_it_is_read(client: httpx.Client) -> None:
    answer = client.post("/v1/logs/default/events", content=b"x" * (17 * 1024 * 1024), headers=JSON)
    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


def test_a_chunked_body_above_the_limit_is_refused(client: httpx.Client) -> None:
    piece = b"x" * (1024 * 1024)
    answer = client.post("/v1/logs/default/events", content=(piece for _ in range(18)), headers=JSON)
    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


def test_an_unknown_log_gets_a_suggestion(client: httpx.Client) -> None:
    answer = client.post("/v1/logs/defualt/events", json=event())
    assert answer.status_code == 404
    assert problem(answer)["hint"] == "did you mean default?"


@pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
def test_a_malformed_idempotency_key_is_refused(client: httpx.Client, key: str) -> None:
    answer = client.post("/v1/logs/default/events", json=event(), headers={"Idempotency-Key": key})
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_idempotency_key")


def test_an_unknown_query_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/logs/default/events?wait=forever", json=event())
    assert (answer.status_code, problem(answer)["code"]) == (400, "unknown_query")


def _head(server: ServerProcess, length: int) -> bytes:
    return (
        f"POST /v1/logs/default/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _problem_of(raw: bytes) -> tuple[int, dict[str, Any]]:
    head, _, content = raw.partition(b"\r\n\r\n")
    answer = httpx.Response(int(head.split(b" ")[1]), headers=JSON, content=content)
    return answer.status_code, problem(answer)


def test_a_body_shorter_than_its_content_length_is_refused(server: ServerProcess) -> None:
    content = json.dumps(event()).encode()
    status, error = _problem_of(raw_exchange(server.url, _head(server, len(content) + 5) + content, half_close=True))
    assert (status, error["code"]) == (400, "cut_body")


def test_a_body_longer_than_its_content_length_is_refused(server: ServerProcess) -> None:
    content = json.dumps(event()).encode()
    raw = raw_exchange(server.url, _head(server, len(content) - 5) + content, half_close=True)
    assert _problem_of(raw)[0] == 400


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/logs/default/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/logs/default/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/logs/default/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ],
)
def test_what_is_no_http_request_is_refused(server: ServerProcess, head: bytes) -> None:
    status, error = _problem_of(raw_exchange(server.url, head))
    assert (status, error["code"]) == (400, "bad_request")


def test_headers_without_end_are_refused(server: ServerProcess) -> None:
    raw = raw_exchange(server.url, b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000, half_close=True)
    assert _problem_of(raw)[0] == 431


def test_missing_wrong_and_weak_tokens_are_refused(server: ServerProcess, client: httpx.Client) -> None:
    token = server.token
    for given, code in [
        (None, "missing_token"),
        ("Bearer nonsense", "malformed_token"),
        (f"Bearer {token[:-1]}{'a' if token[-1] != 'a' else 'b'}", "unknown_token"),
        ("Basic abc", "unauthenticated"),
    ]:
        headers = {} if given is None else {"Authorization": given}
        with server.client(headers=headers) as stranger:
            answer = stranger.post("/v1/logs/default/events", json=event())
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert problem(answer)["code"] == code
    with server.client(headers=make_token(client, "reader")) as reader:
        answer = reader.post("/v1/logs/default/events", json=event())
    assert (answer.status_code, problem(answer)["code"]) == (403, "missing_role")


BODIES: dict[str, tuple[str, str, str]] = {
    "login": ("POST", "/v1/login", '"token":"grv_a"'),
    "token": ("POST", "/v1/tokens", '"name":"v","roles":["reader"]'),
    "log": ("POST", "/v1/logs", '"name":"spelled-once"'),
    "view": ("PUT", "/v1/logs/default/views/spelled-once", '"query":"a"'),
    "alert": ("PUT", "/v1/logs/default/alerts/spelled-once", '"silence":{"window_s":60},"query":"a"'),
}
"""Method, path and members of a body that a call takes."""


@pytest.mark.parametrize("case", list(BODIES))
def test_a_body_that_says_a_member_twice_is_refused(client: httpx.Client, case: str) -> None:
    method, path, members = BODIES[case]
    again = members[members.rindex(',"') + 1 :] if ',"' in members else members
    answer = client.request(method, path, content=f"{{{members},{again}}}", headers=JSON)
    error = problem(answer)
    assert (answer.status_code, error["code"]) == (400, "invalid_alert" if case == "alert" else "bad_request")
    assert "duplicate member" in error["message"]


def test_two_roles_members_make_no_operator(client: httpx.Client) -> None:
    before = client.get("/v1/tokens").json()
    content = '{"name":"v","roles":["reader"],"roles":["operator"]}'
    assert client.post("/v1/tokens", content=content, headers=JSON).status_code == 400
    assert client.get("/v1/tokens").json() == before


@pytest.mark.parametrize("case", list(BODIES))
@pytest.mark.parametrize("depth", [70, 30_000])
def test_a_body_that_nests_too_deep_is_refused(client: httpx.Client, case: str, depth: int) -> None:
    method, path, _ = BODIES[case]
    answer = client.request(method, path, content='{"name":' + "[" * depth + "]" * depth + "}", headers=JSON)
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_alert" if case == "alert" else "bad_request")
    assert case == "alert" or "nested too deep" in problem(answer)["message"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"name":1e999}', '{"name":"\\ud800"}'])
def test_a_body_of_another_shape_is_refused(client: httpx.Client, content: str) -> None:
    answer = client.post("/v1/logs", content=content, headers=JSON)
    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_request")


def test_a_view_whose_name_hides_what_it_is_is_refused(client: httpx.Client) -> None:
    answer = client.put("/v1/logs/default/views/a%E2%80%AEb", json={})
    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_view")


def test_a_full_server_says_when_to_come_back(tmp_path: Any) -> None:
    with running_server(tmp_path / "data", "--limits-in-flight-bytes", "1000") as small, small.client() as client:
        answer = client.post("/v1/logs/default/events", json=event(message="m" * 2000))
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert problem(answer)["code"] == "too_many_bytes_in_flight"
        assert client.post("/v1/logs/default/events", json=event()).status_code == 200
