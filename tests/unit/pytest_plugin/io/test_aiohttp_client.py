"""aiohttp's client against a real server."""

import asyncio

import aiohttp
import aiohttp.client_reqrep

from graven.pytest_plugin import io


def fetch(method, url, body=None):
    async def run():
        async with aiohttp.ClientSession() as session, session.request(method, url, data=body) as answer:
            return answer.status, await answer.read()

    return asyncio.run(run())


def test_request_and_response_are_seen_exactly(server, recorded):
    assert fetch("POST", server.url + "/echo", b"hi there") == (200, b"hi there")
    (event,) = recorded
    assert event["method"] == {"protocol": "http", "operation": "POST", "uri": server.url + "/echo"}
    assert (event["input"]["body"], event["output"]["body"]) == ("hi there", "hi there")
    assert event["outcome"] == "success"
    assert "body_incomplete" not in event["output"]


def test_redirects_are_requests_of_their_own(server, recorded):
    fetch("GET", server.url + "/redirect")
    assert server.paths() == ["/redirect", "/end"]
    assert [event["output"]["status"] for event in recorded] == [302, 200]
    sent = [headers["traceparent"].split("-")[2] for _, _, headers, _ in server.seen]
    assert sent == [event["trace"]["span_id"] for event in recorded]


def test_a_streamed_body_is_left_to_the_application(server, recorded):
    async def run():
        async with aiohttp.ClientSession() as session, session.get(server.url + "/large") as answer:
            return len([chunk async for chunk in answer.content.iter_chunked(65536)]) > 1

    assert asyncio.run(run())
    assert recorded[0]["output"]["body_incomplete"] is True


def test_uninstall_leaves_the_original_methods():
    owner = aiohttp.client_reqrep.ClientRequest
    before = owner.send
    io.install(lambda event: None)
    io.uninstall()
    assert owner.send is before
