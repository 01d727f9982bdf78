"""httpx, httpx2, requests and urllib3 against one real server: each request seen once, and not changed."""

import asyncio
import hashlib
import threading

import httpx
import httpx2
import pytest
import requests
import urllib3

from graven.pytest_plugin import io

LARGE = b"0123456789abcdef" * 65536


def httpx_get(module):
    def get(method, url, body=None):
        with module.Client(follow_redirects=True) as client:
            answer = client.request(method, url, content=body)
            return answer.status_code, answer.content

    return get


def httpx_async(module):
    def get(method, url, body=None):
        async def run():
            async with module.AsyncClient(follow_redirects=True) as client:
                content = aparts(body) if isinstance(body, list) else body
                answer = await client.request(method, url, content=content)
                return answer.status_code, answer.content

        return asyncio.run(run())

    return get


async def aparts(parts):
    for part in parts:
        yield part


def by_requests(method, url, body=None):
    with requests.Session() as session:
        answer = session.request(method, url, data=iter(body) if isinstance(body, list) else body)
        return answer.status_code, answer.content


def by_urllib3(method, url, body=None):
    with urllib3.PoolManager() as pool:
        answer = pool.request(method, url, body=iter(body) if isinstance(body, list) else body)
        return answer.status, answer.data


CLIENTS = {
    "httpx": httpx_get(httpx),
    "httpx2": httpx_get(httpx2),
    "httpx-async": httpx_async(httpx),
    "httpx2-async": httpx_async(httpx2),
    "requests": by_requests,
    "urllib3": by_urllib3,
}


@pytest.fixture(params=sorted(CLIENTS))
def client(request):
    return CLIENTS[request.param]


def test_request_and_response_are_seen_exactly(client, server, recorded):
    assert client("POST", server.url + "/echo?q=1", b"hi there") == (200, b'{"ok": true}')
    (event,) = recorded
    assert event["action"] == "http.request"
    assert event["outcome"] == "success"
    assert event["method"] == {"protocol": "http", "operation": "POST", "uri": server.url + "/echo?q=1"}
    assert event["input"]["body"] == "hi there"
    assert event["output"]["status"] == 200
    assert event["output"]["body"] == '{"ok": true}'
    assert event["output"]["headers"]["content-type"] == "application/json"
    assert event["duration_ns"] > 0


def test_a_redirect_is_a_request_of_its_own_with_its_own_span(client, server, recorded):
    client("GET", server.url + "/redirect")
    assert server.paths() == ["/redirect", "/end"]
    assert [event["output"]["status"] for event in recorded] == [302, 200]
    sent = [headers.get("traceparent") for _, _, headers, _ in server.seen]
    assert sent == [f"00-{'a' * 32}-{event['trace']['span_id']}-01" for event in recorded]
    assert [headers["baggage"] for _, _, headers, _ in server.seen] == ["graven-run=run-7"] * 2


def test_a_run_whose_name_no_header_can_hold_breaks_no_request(client, server, recorded):
    io.set_context(lambda: ("a" * 32, "b" * 16, "Prüfung 42, b"))
    assert client("GET", server.url + "/end")[0] == 200
    assert server.seen[0][2]["baggage"] == "graven-run=Pr%C3%BCfung%2042%2C%20b"


def test_a_status_of_400_or_more_is_a_failure(client, server, recorded):
    assert client("GET", server.url + "/missing") == (404, b"no such thing")
    assert recorded[0]["outcome"] == "failure"


def test_a_large_body_keeps_its_start_size_and_digest(client, server, recorded):
    assert client("POST", server.url + "/large", LARGE)[1] == LARGE
    for side in (recorded[0]["input"], recorded[0]["output"]):
        assert side["body"].encode() == LARGE[: 256 * 1024]
        assert (side["body_size"], side["body_sha256"]) == (len(LARGE), hashlib.sha256(LARGE).hexdigest())
        assert side["body_cut"] is True


def test_a_gzipped_body_is_shown_unpacked(client, server, recorded):
    assert client("GET", server.url + "/gzip")[1] == b"unpacked text"
    assert recorded[0]["output"]["body"] == "unpacked text"


def test_a_chunked_body_is_seen_whole(client, server, recorded):
    assert client("GET", server.url + "/chunked")[1] == b"abcdefg"
    assert recorded[0]["output"]["body"] == "abcdefg"


def test_a_streamed_request_body_is_seen_as_it_is_sent(client, server, recorded):
    if client in (CLIENTS["httpx"], CLIENTS["httpx2"]):
        client("POST", server.url + "/echo", iter([b"one ", b"two"]))
    else:
        client("POST", server.url + "/echo", [b"one ", b"two"])
    (event,) = recorded
    assert event["input"]["body"] == "one two"
    assert server.seen[0][3] == event["input"]["body_sha256"]


def test_the_clients_own_exception_passes_and_is_recorded(client, recorded, unused_url):
    with pytest.raises(
        (httpx.ConnectError, httpx2.ConnectError, requests.ConnectionError, urllib3.exceptions.MaxRetryError)
    ):
        client("GET", unused_url)
    assert recorded
    assert {event["outcome"] for event in recorded} == {"error"}
    assert all(event["error"]["type"] for event in recorded)


@pytest.fixture
def unused_url():
    import socket

    with socket.socket() as held:  # bound and not listening: refused, and nobody else gets it
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/"


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_a_response_streamed_by_the_application_is_not_read_ahead(module, server, recorded):
    with module.Client() as client, client.stream("GET", server.url + "/large") as answer:
        assert recorded == []
        first = next(answer.iter_raw(1000))
    assert first == LARGE[:1000]
    (event,) = recorded
    assert event["output"]["body_incomplete"] is True
    assert event["output"]["body_size"] < len(LARGE)


def test_a_streamed_requests_response_is_recorded_at_its_end(server, recorded):
    with requests.get(server.url + "/large", stream=True) as answer:
        assert recorded == []
        assert b"".join(answer.iter_content(70_000)) == LARGE
    (event,) = recorded
    assert event["output"]["body_sha256"] == hashlib.sha256(LARGE).hexdigest()
    assert "body_incomplete" not in event["output"]


def test_a_urllib3_response_read_in_parts_is_recorded_at_its_end(server, recorded):
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", server.url + "/large", preload_content=False)
        parts = []
        while part := answer.read(100_000):
            parts.append(part)
    assert b"".join(parts) == LARGE
    assert recorded[0]["output"]["body_size"] == len(LARGE)


def test_the_applications_own_traceparent_is_left_alone(server, recorded):
    httpx.get(server.url, headers={"traceparent": "mine"})
    requests.get(server.url, headers={"traceparent": "mine"})
    assert [headers["traceparent"] for _, _, headers, _ in server.seen] == ["mine", "mine"]


def test_a_request_object_is_as_before_after_sending(server, recorded):
    request = httpx.Request("POST", server.url, content=b"x")
    before = (request.stream, request.headers.multi_items())
    with httpx.Client() as client:
        client.send(request)
    assert (request.stream, request.headers.multi_items()) == before


def test_uninstall_leaves_the_original_functions():
    def functions():
        return [
            httpx.Client.__dict__["_send_single_request"],
            httpx2.AsyncClient.__dict__["_send_single_request"],
            requests.adapters.HTTPAdapter.__dict__["send"],
            urllib3.connectionpool.HTTPConnectionPool.__dict__["_make_request"],
        ]

    before = functions()
    io.install(lambda event: None)
    during = functions()
    io.uninstall()
    assert all(a is b for a, b in zip(before, functions(), strict=True))
    assert not any(a is b for a, b in zip(before, during, strict=True))


def test_a_recorder_that_fails_is_counted_and_does_not_reach_the_application(server):
    def broken(event):
        raise RuntimeError("disk full")

    io.install(broken)
    try:
        assert httpx.get(server.url).status_code == 200
        assert io.failures() == 1
    finally:
        io.uninstall()


def test_what_the_recorder_itself_sends_is_not_recorded(server):
    found = []

    def record(event):
        found.append(event)
        httpx.get(server.url + "/of-the-recorder")

    io.install(record)
    try:
        httpx.get(server.url + "/of-the-test")
    finally:
        io.uninstall()
    assert [event["method"]["uri"] for event in found] == [server.url + "/of-the-test"]


def test_what_the_sdk_sends_in_its_threads_is_not_recorded(server, recorded):
    sender = threading.Thread(target=httpx.get, args=(server.url + "/spooled",), name="graven-sender")
    sender.start()
    sender.join()
    assert server.paths() == ["/spooled"]
    assert recorded == []
