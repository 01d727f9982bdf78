import base64
import json
from urllib.parse import quote

import pytest

from graven.event.redact import Redactor
from graven.sdk.redaction import redact_event, sdk_rules, secrets_in

SECRET = "tr0ub4dor/&3 horse"
REDACTOR = Redactor(sdk_rules(), "test", b"k" * 32)


def redacted(event, known=()):
    return json.dumps(redact_event(REDACTOR, event, known))


@pytest.mark.parametrize(
    "copy",
    [
        SECRET,
        f"login with {SECRET} failed",
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        {"deep": [{"er": f"<{SECRET}>"}]},
        {f"name {SECRET}": 1},
    ],
)
def test_what_a_rule_took_in_one_place_is_taken_everywhere(copy):
    text = redacted({"action": "a", "input": {"password": SECRET}, "attributes": {"copy": copy}})
    for form in (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()):
        assert form not in text


def test_the_token_of_an_authorization_header_is_taken_without_its_scheme():
    assert "abcdef123456" not in redacted(
        {"input": {"headers": {"authorization": "Bearer abcdef123456"}}, "message": "used abcdef123456"}
    )


def test_the_password_inside_basic_credentials_is_taken():
    basic = base64.b64encode(b"alice:opensesame").decode()
    assert "opensesame" not in redacted({"input": {"authorization": f"Basic {basic}"}, "message": "opensesame!"})


def test_every_cookie_of_a_header_is_taken():
    text = redacted({"input": {"cookie": "sid=9f8e7d6c5b4a; theme=darkmode"}, "output": "session 9f8e7d6c5b4a"})
    assert "9f8e7d6c5b4a" not in text


def test_a_short_secret_does_not_tear_holes_into_everything():
    event = {"input": {"password": "a"}, "message": "a banana", "actor": {"id": "a"}}
    assert "a banana" in redacted(event)


def test_a_number_used_as_a_password_is_taken_everywhere():
    assert "88112233" not in redacted({"input": {"password": 88112233}, "output": [88112233, "88112233"]})


def test_identity_fields_are_left_alone():
    event = {"id": "abcdef-1", "session_id": "abcdef-1", "input": {"password": "abcdef-1"}}
    assert redact_event(REDACTOR, event)["id"] == "abcdef-1"


def test_an_event_without_secrets_is_not_even_copied():
    event = {"action": "a", "input": {"n": 1}}
    assert redact_event(REDACTOR, event) is event


def test_what_the_request_gave_away_is_taken_in_what_it_causes():
    known = secrets_in(REDACTOR, {"headers": {"x-api-key": "k-1234567890"}})
    assert "k-1234567890" not in redacted({"action": "a", "input": {"arg": "k-1234567890"}}, known)


def test_a_bare_query_string_is_taken():
    assert "s3cr3tvalue" not in redacted({"input": {"query_string": "token=s3cr3tvalue&x=1"}})


COOKIE = (
    "sessionid=9f8e7d6c5b4a; Path=/orders/list; Domain=shop.example; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Partitioned"
)


@pytest.mark.parametrize("word", ["/orders/list", "shop.example", "00:00:00", "sessionid", "partitioned"])
def test_what_a_cookie_says_beside_its_value_is_no_secret(word):
    event = {"output": {"headers": {"set-cookie": COOKIE}}, "message": f"see {word}"}
    assert redact_event(REDACTOR, event)["message"] == f"see {word}"


@pytest.mark.parametrize(
    "cookie", [COOKIE, "path=/, sid=9f8e7d6c5b4a", "a=1, sid=9f8e7d6c5b4a; Path=/x", "9f8e7d6c5b4a=="]
)
def test_the_value_of_a_cookie_is_taken_wherever_it_stands_in_the_header(cookie):
    text = redacted({"output": {"headers": {"set-cookie": cookie}}, "message": "see 9f8e7d6c5b4a"})
    assert "9f8e7d6c5b4a" not in text


def test_a_test_keeps_its_name_though_a_cookie_stands_in_it():
    qa = {"run": "r", "suite": "s", "test": "test_theme[darkmode]", "status": "darkmode"}
    shown = redact_event(REDACTOR, {"input": {"cookie": "theme=darkmode"}, "qa": qa})["qa"]
    assert shown["test"] == "test_theme[darkmode]"
    assert shown["status"] != "darkmode"
