import hashlib

import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.exchange import BodyTap, Exchange, named_values

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def transport():
    return ScriptedTransport()


@pytest.fixture
def client(transport, tmp_path):
    with scripted_client(transport, tmp_path) as client:
        yield client


def exchange(client, **given):
    defaults = {
        "action": "http.request", "method": "GET", "path": "/x", "query": "",
        "protocol": "HTTP/1.1", "peer": "10.0.0.1",
        "headers": [], "body_bytes": 100, "who": lambda: None, "now_ns": 10**18, "tick_ns": 5,
    }  # fmt: skip
    return Exchange(client=client, **{**defaults, **given})


def finished(client, transport, made, status=200, error=None):
    made.answered(status, [("Content-Type", "text/plain")])
    with made.scope():
        made.ended(12, error)
    assert client.flush()
    return transport.events[-1]


def test_a_request_becomes_an_event(client, transport):
    headers = [("User-Agent", "curl"), ("Accept", "a"), ("Accept", "b")]
    event = finished(client, transport, exchange(client, headers=headers, query="a=1&b=2&b=3"))
    assert event["method"] == {"protocol": "HTTP/1.1", "operation": "GET", "uri": "/x"}
    assert event["origin"] == {"ip": "10.0.0.1", "user_agent": "curl"}
    assert event["actor"] == {"type": "anonymous", "id": "anonymous"}
    assert event["duration_ns"] == 7
    assert event["input"]["query"]["a"] == "1"
    assert event["output"] == {"status": 200, "headers": {"content-type": "text/plain"}}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "success"), (302, "success"), (404, "failure"), (401, "denied"), (403, "denied"), (500, "error")],
)
def test_the_outcome_follows_the_status(client, transport, status, outcome):
    assert finished(client, transport, exchange(client), status)["outcome"] == outcome


def test_an_exception_is_an_error_whatever_the_status(client, transport):
    event = finished(client, transport, exchange(client), 200, ValueError("late"))
    assert (event["outcome"], event["error"]["message"]) == ("error", "late")


def test_the_callers_trace_is_continued(client, transport):
    trace = finished(client, transport, exchange(client, headers=[("traceparent", PARENT)]))["trace"]
    assert trace["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert trace["parent_span_id"] == "b7ad6b7169203331"
    assert len(trace["span_id"]) == 16


@pytest.mark.parametrize(
    "header",
    ["", "junk", PARENT.upper(), PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32), "ff" + PARENT[2:]],
)
def test_a_malformed_trace_begins_a_new_one(client, transport, header):
    trace = finished(client, transport, exchange(client, headers=[("traceparent", header)]))["trace"]
    assert set(trace) == {"trace_id", "span_id"}


def test_the_run_in_the_baggage_joins_the_run(client, transport):
    event = finished(client, transport, exchange(client, headers=[("baggage", "a=b, graven-run=ci-118;p=1")]))
    assert event["qa"] == {"run": "ci-118"}


def test_a_run_of_any_name_comes_through_the_baggage(client, transport):
    event = finished(client, transport, exchange(client, headers=[("baggage", "graven-run=Pr%C3%BCfung%2042%2C%20b")]))
    assert event["qa"] == {"run": "Prüfung 42, b"}


def test_an_actor_that_is_known_late_is_recorded(client, transport):
    known = []
    made = exchange(client, who=lambda: known[0] if known else None)
    known.append("alice")
    assert finished(client, transport, made)["actor"] == {"id": "alice"}


def test_a_callback_that_raises_is_nobody(client, transport):
    assert finished(client, transport, exchange(client, who=lambda: 1 / 0))["actor"]["type"] == "anonymous"


def test_an_exchange_is_recorded_once(client, transport):
    made = exchange(client)
    finished(client, transport, made)
    made.ended(99)
    assert client.stats().recorded == 1


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("application/json; charset=utf-8", b'{"a":1}', {"a": 1}),
        ("application/problem+json", b"[1]", [1]),
        ("application/x-www-form-urlencoded", b"a=1&b=x+y", {"a": "1", "b": "x y"}),
        ("text/plain", b"hello", "hello"),
    ],
)
def test_a_body_that_can_be_searched_is_shown(kind, body, shown):
    tap = BodyTap(100)
    tap.saw(body[:3])
    tap.saw(body[3:])
    assert tap.content(kind, "") == shown


@pytest.mark.parametrize(
    ("kind", "coding", "body"),
    [
        ("application/json", "", b'{"a":'),
        ("application/json", "gzip", b"{}"),
        ("application/octet-stream", "", b"abc"),
        ("multipart/form-data; boundary=x", "", b"--x\r\n"),
        ("text/plain", "", b"\xff"),
        ("text/plain", "", b"x" * 101),
        ("", "", b"x"),
    ],
)
def test_any_other_body_shows_size_and_digest(kind, coding, body):
    tap = BodyTap(100)
    tap.saw(body)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert tap.content(kind, coding) == {"$bytes": {"size": len(body), "digest": digest}}


def test_a_body_keeps_no_more_than_its_bound():
    tap = BodyTap(100)
    for _ in range(1000):
        tap.saw(b"x" * 1000)
    assert tap.size == 1_000_000
    assert len(tap._kept) == 100


def test_no_body_is_kept_unless_asked():
    tap = BodyTap(0)
    tap.saw(b"{}")
    assert tap.content("application/json", "") is None


def test_repeated_names_keep_all_their_values():
    assert named_values([("a", "1"), ("b", "2"), ("a", "3")]) == {
        "a": [{"name": "a", "value": "1"}, {"name": "a", "value": "3"}],
        "b": "2",
    }


def test_secrets_sent_twice_under_one_name_are_both_taken(client, transport):
    finished(
        client, transport, exchange(client, query="token=aaaaaa1&token=bbbbbb2", headers=[("x-api-key", "cccccc3")] * 2)
    )
    text = b"".join(event for batch in transport.accepted for event in batch.events())
    assert not [secret for secret in (b"aaaaaa1", b"bbbbbb2", b"cccccc3") if secret in text]
