"""What is said of a server that cannot be reached; the scheme is found out at real sockets."""

import ssl

import httpx
import pytest
from tests.support.receivers import certificate, hook_server

from graven.cli.access.reaching import broken_off, of_same_port, other_address, trusted, unreachable
from graven.errors import Unavailable, UsageError

NO_TLS = httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
ENDED = httpx.RemoteProtocolError("Server disconnected without sending a response.")


def nothing_there(where):
    return None


def other(where):
    return where.replace("https:", "http:") if where.startswith("https:") else where.replace("http:", "https:")


def test_http_is_found_where_https_was_meant():
    with hook_server() as server:
        assert other_address(f"https://127.0.0.1:{server.port}") == f"http://127.0.0.1:{server.port}"


def test_https_is_found_where_http_was_meant_whoever_signed_its_certificate(tmp_path):
    with hook_server(tls=certificate(tmp_path)) as server:
        assert other_address(f"http://127.0.0.1:{server.port}") == f"https://127.0.0.1:{server.port}"


@pytest.mark.parametrize("status", [400, 301])
def test_a_tls_port_that_answers_http_with_a_refusal_does_not_speak_it(status):
    with hook_server((status, {}, b"")) as server:
        assert other_address(f"https://127.0.0.1:{server.port}") is None


@pytest.mark.parametrize(("where", "meant"), [("https://[::1]", "http://[::1]:443"), ("http://s", "https://s:80")])
def test_the_other_address_is_that_of_the_same_port(where, meant):
    assert of_same_port(where) == meant


@pytest.mark.parametrize("where", ["http://127.0.0.1:1", "https://127.0.0.1:1"])
def test_where_nobody_listens_there_is_no_other_address(where):
    assert other_address(where) is None


@pytest.mark.parametrize(("where", "error"), [("https://127.0.0.1:1", NO_TLS), ("http://s:1", ENDED)])
def test_the_other_address_is_the_try(where, error):
    told = unreachable(where, "GET /", error, other=other)
    spoken, scheme = other(where).partition(":")[0], where.partition(":")[0]
    assert told.message == f"the server at {where} speaks {spoken}, not {scheme}"
    assert told.hint == f"--server {other(where)}"


@pytest.mark.parametrize(("where", "is_warned"), [("https://s:1", True), ("https://localhost:1", False)])
def test_who_leaves_encryption_away_from_this_machine_is_warned(where, is_warned):
    assert ("can read the token" in unreachable(where, "GET /", NO_TLS, other=other).why) == is_warned


def test_a_refused_connection_is_no_matter_of_the_scheme():
    told = unreachable("http://s:1", "GET /", httpx.ConnectError("[Errno 111] Connection refused"), other=other)
    assert (told.message, told.why) == ("no server answers at http://s:1", "connection refused")


def test_a_certificate_that_is_not_trusted_is_told_as_such():
    said = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)"
    told = unreachable("https://s:1", "GET /", httpx.ConnectError(said), other=other)
    assert told.message == "the certificate of https://s:1 is not trusted"
    assert told.why == "certificate verify failed: self-signed certificate"


def test_a_request_that_was_cut_off_may_be_repeated():
    told = unreachable("http://s:1", "GET /v1/logs", ENDED, other=nothing_there)
    assert isinstance(told, Unavailable)
    assert told.message == "http://s:1 did not answer GET /v1/logs"


@pytest.mark.parametrize("error", [httpx.InvalidURL("bad"), httpx.UnsupportedProtocol("bad"), UnicodeError("bad")])
def test_what_is_no_address_is_told_as_such(error):
    assert isinstance(unreachable("s", "GET /", error), UsageError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.RemoteProtocolError("peer closed connection without"), "the server closed the connection in the middle"),
        (httpx.ReadTimeout("timed out"), "the server was silent for too long"),
        (httpx.ReadError("[Errno 104] Connection reset"), "the connection broke (connection reset)"),
        (httpx.DecodingError("bad gzip"), "the answer cannot be read"),
    ],
)
def test_a_connection_that_broke_is_told_in_our_words(error, said):
    assert broken_off(error) == said


def test_the_authorities_of_a_file_are_believed(tmp_path, monkeypatch):
    cert, _ = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    believed = trusted("https://s")
    assert isinstance(believed, ssl.SSLContext)
    assert len(believed.get_ca_certs()) == 1


def test_without_such_a_file_those_are_believed_that_everybody_knows(monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert trusted("https://s") is True


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_holds_no_certificate_is_named(tmp_path, monkeypatch, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(UsageError) as caught:
        trusted("https://s")
    assert caught.value.message == f"SSL_CERT_FILE names {file}, which holds no certificate that can be read"
    assert "_ssl.c" not in caught.value.why


def test_for_http_no_certificate_is_read(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    assert trusted("http://127.0.0.1:1") is True
