import io
import json

import httpx
import pytest

from graven import errors
from graven.cli.access.remote import RemoteAccess, error_of
from graven.tlog.bundle import encode_bundle


def shape(code="c", message="m", hint="h", details=None):
    return json.dumps({"error": {"code": code, "message": message, "hint": hint, "details": details or {}}}).encode()


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, errors.InvalidInput),
        (401, errors.Unauthenticated),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (415, errors.UnsupportedMediaType),
        (422, errors.InvalidEvent),
        (429, errors.Busy),
        (503, errors.Unavailable),
        (500, errors.GravenError),
    ],
)
def test_an_answer_becomes_the_error_it_was_made_of(status, cls):
    error = error_of(status, shape(details={"x": 1}))
    assert type(error) is cls
    assert (error.code, error.message, error.details) == ("c", "m", {"x": 1})
    assert (error.hint == "h") == (status != 401)


def test_a_missing_token_is_told_in_terms_of_the_shell_and_not_of_headers():
    assert "export GRAVEN_TOKEN=$(cat " in error_of(401, shape()).hint


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "no"}', b"\xff"])
def test_an_answer_of_something_else_says_that_it_is_no_graven_server(body):
    error = error_of(502, body)
    assert error.message == "the server answered 502"
    assert "graven server" in error.hint


def access(handler, **options):
    return RemoteAccess("http://test", "grv_x", transport=httpx.MockTransport(handler), **options)


def test_a_busy_server_is_asked_again_after_the_time_it_names():
    answers = [httpx.Response(429, headers={"retry-after": "3"}, content=shape()), httpx.Response(200, text="key\n")]
    slept = []
    remote = access(lambda request: answers.pop(0), sleep=slept.append)
    assert remote.verifier_key("default") == "key"
    assert slept == [3]


def test_a_server_that_stays_busy_is_given_up():
    slept = []
    remote = access(lambda r: httpx.Response(429, headers={"retry-after": "20"}, content=shape()), sleep=slept.append)
    with pytest.raises(errors.Busy):
        remote.verifier_key("default")
    assert slept == [20]


def test_an_unreachable_server_is_unavailable_and_says_what_to_do():
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(errors.Unavailable, match="no server answers at http://test") as caught:
        access(refuse).logs()
    assert "graven serve" in caught.value.hint


def test_an_append_carries_token_type_and_idempotency_key():
    seen = {}

    def handler(request):
        seen.update(request.headers, query=request.url.query)
        return httpx.Response(200, json={"first": 7, "count": 2, "duplicates": {"1": 3}, "ids": {"0": "a"}})

    answer = access(handler).append("default", b"{}", "application/json", key="k", wait=True)
    assert (seen["authorization"], seen["content-type"], seen["idempotency-key"], seen["query"]) == (
        "Bearer grv_x",
        "application/json",
        "k",
        b"wait=published",
    )
    assert (answer.first, answer.count, answer.duplicates, answer.ids) == (7, 2, {1: 3}, {0: "a"})
    assert answer.published


def test_an_append_that_was_not_published_in_time_says_so():
    remote = access(lambda r: httpx.Response(202, json={"first": 7, "count": 1, "duplicates": {}, "ids": {}}))
    assert not remote.append("default", b"{}", "application/json", key="", wait=True).published


def test_a_range_of_entries_is_read_from_whole_bundles():
    entries = [b"entry-%d" % n for n in range(600)]

    def handler(request):
        path = request.url.path
        if path.endswith("checkpoint"):
            return httpx.Response(200, content=b"origin\n600\nroot\n\n")
        bundle = {"000": (0, 256), "001": (256, 512), "002.p/88": (512, 600)}[path.split("entries/")[1]]
        return httpx.Response(200, content=encode_bundle(entries[slice(*bundle)]))

    assert list(access(handler).entries("default", 250, 520)) == entries[250:520]
    assert list(access(handler).entries("default", 0, 600)) == entries
    assert list(access(handler).entries("default", 5, 5)) == []


def test_what_is_committed_now_is_waited_for_until_it_is_published():
    published = [2, 3, 4]

    def handler(request):
        if request.url.path.endswith("checkpoint"):
            return httpx.Response(200, content=b"origin\n%d\nroot\n\n" % published.pop(0))
        return httpx.Response(200, json={"logs": [{"name": "default", "size": 4}]})

    with RemoteAccess("http://x", "t", transport=httpx.MockTransport(handler), sleep=lambda _: None) as remote:
        assert remote.readable_size("default") == 4


def test_a_blob_is_sent_whole_again_when_the_server_was_busy():
    seen = []

    def answer(request):
        seen.append((request.headers["content-length"], request.read()))
        if len(seen) == 1:
            return httpx.Response(429, content=shape(), headers={"retry-after": "1"})
        return httpx.Response(200, json={"digest": "sha256:" + "0" * 64, "size": 4})

    with RemoteAccess("http://x", "t", transport=httpx.MockTransport(answer), sleep=lambda _: None) as access:
        stored = access.put_blob(io.BytesIO(b"abcd"))
    assert seen == [("4", b"abcd")] * 2
    assert stored == ("sha256:" + "0" * 64, 4)
