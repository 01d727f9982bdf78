"""No planted secret reaches the disk or the network, in any of the forms in which it may be written."""

import base64
import gzip
import logging
from urllib.parse import quote

import httpx
import pytest
import zstandard
from tests.support.sdk_transport import ScriptedTransport, scripted_client
from tests.support.sdk_web import asgi_server, wsgi_server
from tests.support.secret_forms import forms

import graven
from graven.sdk.answers import Later
from graven.sdk.asgi import ASGIMiddleware
from graven.sdk.frozen import FrozenBatch
from graven.sdk.segment import payload_of, scan
from graven.sdk.wsgi import WSGIMiddleware

SECRETS = {
    "header": "hdr-4f9a/7c21+e8b3",
    "cookie": "ck13-aa77bb99cc",
    "basic": "basic-pw-31337",
    "query": "qry token/55aa66",
    "form": "frm&pw=9911zz",
    "json": 'jsn"pw\\8822yy',
    "argument": "arg-pw-6612xx",
    "local": "loc-key-4410ww",
    "card": "4111111111111111",
    "response": "rsp-token-7788vv",
    "setcookie": "sck-2288uu44",
    "log": "log-pw-5533tt",
}


def everything_on_disk(spool):
    """Every byte of every file, and what is inside once decompressed."""
    for path in spool.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield data
        if path.suffix == ".seg":
            for span in scan(data)[0]:
                batch = FrozenBatch.from_bytes(payload_of(data[span.offset : span.offset + span.length]))
                yield b"\n".join(batch.events())


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_no_planted_secret_is_found_on_disk_or_in_any_request(tmp_path, compression):
    transport = ScriptedTransport(lambda batch, attempt: Later("away", 60.0))
    client = scripted_client(transport, tmp_path / "spool", compression=compression)
    logger = logging.Logger("app")  # noqa: LOG001 - a logger of this test alone
    logger.addHandler(graven.GravenHandler(client))

    @graven.recorded(client=client)
    def login(user, password, headers):
        api_key = SECRETS["local"]
        copied = f"{user}:{password}:{api_key}"
        logger.error("login as %s failed: %s", user, {"password": SECRETS["log"]})
        raise PermissionError(f"denied for {copied}")

    async def asgi(scope, receive, send):
        await receive()
        raw_headers = scope["headers"]  # noqa: F841 - among the locals of the exception
        try:
            login("alice", SECRETS["argument"], dict(scope["headers"]))
        finally:
            headers = [
                (b"set-cookie", f"sid={SECRETS['setcookie']}; HttpOnly".encode()),
                (b"content-type", b"application/json"),
            ]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            body = b'{"access_token":"%b","card":"%b"}' % (SECRETS["response"].encode(), SECRETS["card"].encode())
            await send({"type": "http.response.body", "body": body})

    def wsgi(environ, start_response):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Set-Cookie", f"sid={SECRETS['setcookie']}"), ("Content-Type", "text/plain")])
        copied = dict(environ)
        logger.warning("environ %s", copied)
        return [f"your card {SECRETS['card']}".encode()]

    request = {
        "params": {"token": SECRETS["query"], "page": "2"},
        "cookies": {"sid": SECRETS["cookie"]},
        "headers": {"x-api-key": SECRETS["header"]},
    }
    basic = httpx.BasicAuth("alice", SECRETS["basic"])
    with asgi_server(ASGIMiddleware(asgi, client=client, body_bytes=10_000)) as url:
        httpx.post(f"{url}/login", json={"user": "a", "password": SECRETS["json"]}, auth=basic, **_split(request))
        httpx.post(f"{url}/login", data={"user": "a", "password": SECRETS["form"]}, auth=basic, **_split(request))
    with wsgi_server(WSGIMiddleware(wsgi, client=client, body_bytes=10_000)) as url:
        httpx.post(f"{url}/login", json={"user": "a", "password": SECRETS["json"]}, auth=basic, **_split(request))
    client.flush(0.0)
    client.close(0.0)
    stats = client.stats()
    assert stats.recorded == 3 + 2 + 2 + 1
    assert stats.spooled == stats.recorded
    stored = [*everything_on_disk(tmp_path / "spool"), *(attempt.body for attempt in transport.attempts)]
    stored += [b"\n".join(attempt.events()) for attempt in transport.attempts]
    assert any(b"http.request" in data for data in stored)
    found = {
        (name, form) for name, secret in SECRETS.items() for form in forms(secret) for data in stored if form in data
    }
    assert found == set()


def _split(request):
    """httpx wants cookies on a client; a header is the same on the wire."""
    cookies = "; ".join(f"{name}={value}" for name, value in request["cookies"].items())
    return {"params": request["params"], "headers": {**request["headers"], "cookie": cookies}}


def test_the_search_would_find_a_secret_that_is_there(tmp_path):
    """The oracle of the test above, tried on files that do hold the secret."""
    secret = SECRETS["header"]
    for name, data in {
        "plain": secret.encode(),
        "url": quote(secret, safe="").encode(),
        "base64": base64.b64encode(b"user:" + secret.encode()),
    }.items():
        assert any(form in data for form in forms(secret)), name
    events = b'{"a":"%b"}\n' % secret.encode()
    for encoding, body in (("gzip", gzip.compress(events)), ("zstd", zstandard.ZstdCompressor().compress(events))):
        opened = b"\n".join(FrozenBatch("k", encoding, 1, body).events())
        assert any(form in opened for form in forms(secret))
