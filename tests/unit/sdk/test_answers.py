import json

import pytest

from graven.sdk.answers import Accepted, Later, Refused, read_answer


def read(status, body, count=3, retry_after=None):
    return read_answer(status, retry_after, body if isinstance(body, bytes) else json.dumps(body).encode(), count, 0.0)


def test_an_answer_that_accounts_for_every_event_is_an_acknowledgement():
    assert read(200, {"first": 7, "count": 3, "duplicates": {}, "ids": {}}) == Accepted(0)
    assert read(200, {"first": 7, "count": 1, "duplicates": {"0": 3, "2": 4}, "ids": {}}) == Accepted(2)
    assert read(202, {"first": None, "count": 0, "duplicates": {"0": 1, "1": 2, "2": 3}}) == Accepted(3)


@pytest.mark.parametrize("body", [b"<html>Welcome to the hotel</html>", b"", b"{}", b"[]", b'{"count":"3"}', b"\xff"])
def test_a_friendly_page_is_no_acknowledgement(body):
    assert isinstance(read(200, body), Later)


def test_an_answer_for_another_number_of_events_is_no_acknowledgement():
    assert read(200, {"count": 2, "duplicates": {}}) == Later("the answer accounts for 2 events of 3")


@pytest.mark.parametrize("status", [100, 204, 301, 302, 408, 425, 429, 500, 502, 503, 504, 599])
def test_other_answers_mean_later(status):
    assert isinstance(read(status, b""), Later)


def test_retry_after_is_read():
    assert read(429, b"", retry_after="4") == Later("the server answered 429", 4.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
def test_a_refusal_needs_no_readable_body(status):
    assert read(status, b"nginx says no") == Refused(status, "unknown", "")


def test_a_refusal_names_the_items_at_fault():
    errors = [
        {"item": 2, "field": "actr", "reason": "unknown field", "suggestion": "actor"},
        {"item": 0, "field": "", "reason": "not an object"},
    ]
    body = {"error": {"code": "invalid_event", "message": "two bad items", "hint": "", "details": {"errors": errors}}}
    answer = read(422, body)
    assert isinstance(answer, Refused)
    assert answer.items == {0, 2}
    assert answer.reasons == ((0, "not an object"), (2, "actr: unknown field"))


@pytest.mark.parametrize("item", [-1, 3, "1", True, None, 1.0])
def test_an_item_outside_the_batch_is_not_believed(item):
    body = {"error": {"code": "x", "message": "m", "details": {"errors": [{"item": item, "reason": "r"}]}}}
    assert read(422, body).items == frozenset()


def test_a_refusal_of_the_request_as_such_is_not_divisible():
    assert not read(401, b"").divisible
    assert not read(404, b"").divisible
    assert read(413, b"").divisible
    assert read(422, b"").divisible
