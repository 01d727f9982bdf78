"""Redaction: planted secrets go, everything else stays, equality stays provable."""

import hashlib
import hmac
import json
import uuid

import pytest
from tests.support.event_samples import CARD, REDACTOR, SLOW_REDACTOR, compact, data_of, event

from graven.errors import UsageError
from graven.event.jcs import canonical
from graven.event.redact import Redactor, Rule

KEY = b"test key of 16 b"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


def rule_at(value, *place):
    for step in place:
        value = value[step]
    return value["$redacted"]["rule"] if isinstance(value, dict) and "$redacted" in value else None


FIELDS = [
    ("password", "hunter2"),
    ("Password", "x"),
    ("db_password", "x"),
    ("userPassword", "x"),
    ("new-password", "x"),
    ("PASSWD", "x"),
    ("passphrase", "x"),
    ("pwd", "x"),
    ("password", 1234),
    ("password", ["a", "b"]),
    ("password", {"a": 1}),
    ("client_secret", "x"),
    ("clientSecret", "x"),
    ("secret", "x"),
    ("apiKey", "x"),
    ("X-Api-Key", "x"),
    ("aws_secret_access_key", "x"),
    ("private_key", "x"),
    ("access_token", "x"),
    ("refreshToken", "x"),
    ("token", "x"),
    ("id_token", "x"),
    ("X-CSRF-Token", "x"),
    ("Authorization", "anything"),
    ("Proxy-Authorization", "x"),
    ("Cookie", "a=b"),
    ("Set-Cookie", "a=b"),
    ("cookies", {"sid": "x"}),
    ("card_number", "x"),
    ("cardNumber", 1),
    ("cvv", 123),
    ("cvc", "123"),
]


@pytest.mark.parametrize(("name", "value"), FIELDS)
@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_a_secret_field_is_redacted_wherever_it_is(name, value, redactor):
    for place in (("input",), ("output", "headers"), ("attributes", "list", 0), ("input", "a", "b", "c")):
        inner = {name: value, "kept": "kept"}
        for step in reversed(place[1:]):
            inner = [inner] if isinstance(step, int) else {step: inner}
        data = data_of(compact(event(**{place[0]: inner})), redactor)
        assert rule_at(data, *place, name) is not None, place
        assert "kept" in json.dumps(data)


TEXTS = [
    "Bearer abc.def.ghi",
    "bearer 0123456789",
    "calling with Authorization: Bearer abc123def456 failed",
    "Basic dXNlcjpwYXNz",
    "header was 'Basic dXNlcjpwYXNzd29yZA=='",
    "Authorization: token deadbeef",
    "authorization='Digest username=x'",
    f"jwt {JWT} expired",
    PEM,
    "see:\n" + PEM.replace("RSA ", ""),
    "-----BEGIN PGP PRIVATE KEY BLOCK-----",
    CARD,
    f"card {CARD} declined",
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "https://x/login?user=a&password=hunter2",
    "/cb?access_token=abc",
    "/cb?a=1;api_key=abc",
    "/reset?token=abc123",
    "postgres://user:pa55@db/x",
    "redis://:pa55@cache:6379",
    "password=hunter2",
    "export AWS_SECRET_ACCESS_KEY=abc/def",
    'body was {"password":"hunter2"}',
    "{'api_key': 'abc'}",
    "GET /\nCookie: sid=abc",
    "Set-Cookie: sid=abc; Path=/",
    "grv_abcdefghij23_" + "A1" * 16,
    "ghp_" + "a1" * 18,
    "password => 'x'",
    "secret = abcdef",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_a_text_with_a_secret_in_it_is_replaced_whole(text, redactor):
    data = data_of(compact(event(message=text, input={"list": ["kept", text]})), redactor)
    assert rule_at(data, "message") is not None
    assert rule_at(data, "input", "list", 1) is not None
    assert data["input"]["list"][0] == "kept"


KEPT = [
    {"input": {"password": None}},
    {"input": {"password": ""}},
    {"input": {"has_password": True}},
    {"input": {"token": 7}},
    {"input": {"max_tokens": 100, "total_tokens": 5, "token_type": "bearer", "next_page_token": "abc"}},
    {"input": {"password_policy": "strict", "password_changed_at": "2026-01-01T00:00:00Z", "secret_name": "db"}},
    {"input": {"secret": {"secretName": "default-token-g2sp7", "defaultMode": 420}}},
    {"message": "the password must have 8 characters"},
    {"message": "password: too short"},
    {"message": "invalid bearer token"},
    {"message": "bearer authentication failed"},
    {"message": "Basic Plan"},
    {"message": "basic knowledge of things"},
    {"message": "bearer token"},
    {"message": "if password == expected:"},
    {"message": "UPDATE u SET password=? WHERE id=?"},
    {"message": "UPDATE u SET password=%s"},
    {"message": "password=***"},
    {"message": "cookie policy: accepted"},
    {"method": {"uri": "https://example.com:8443/a@b?sort=key&page=2"}},
    {"method": {"uri": "mailto:alice@example.com"}},
    {"message": "keyboard=yes monkey=banana"},
    {"actor": {"id": "alice", "auth": "oidc", "session": "s-1", "type": "user"}},
    {"input": {"sha": hashlib.sha256(b"x").hexdigest(), "uuid": str(uuid.UUID(int=7))}},
    {"input": {"time_ns": 1795387062704654157, "snowflake": 1541815603606036480, "ean": "4006381333931"}},
    {"input": {"ratio": 0.4111111111111111, "text": "0.4111111111111111"}},
    {"id": CARD, "correlation_id": CARD},
    {"trace": {"trace_id": "4111111111111111" * 2, "span_id": CARD}},
    {"session_id": "Bearer abc.def.ghi"},
]


@pytest.mark.parametrize("members", KEPT, ids=repr)
@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_what_is_no_secret_is_kept(members, redactor):
    whole = event(**members)
    assert data_of(compact(whole), redactor) == whole


def test_a_card_number_without_quotes_is_redacted_too():
    data = data_of(compact(event(input={"n": int(CARD), "m": [int(CARD)]})))
    assert rule_at(data, "input", "n") == rule_at(data, "input", "m", 0) == "payment-card"


def test_headers_as_pairs_are_understood():
    har = [{"name": "Authorization", "value": "abc"}, {"name": "Accept", "value": "abc"}]
    data = data_of(compact(event(input={"har": har, "asgi": [["cookie", "a=b"], ["accept", "x"]]})))
    assert rule_at(data, "input", "har", 0, "value") == "authorization-field"
    assert data["input"]["har"][1] == har[1]
    assert rule_at(data, "input", "asgi", 0, 1) == "cookie-field"
    assert data["input"]["asgi"][1] == ["accept", "x"]


@pytest.mark.parametrize(
    "spelled",
    [
        b'"p\\u0061ssword":"x"',
        b'"\\u0050ASSWORD":"x"',
        b'"pass\\u0077\\u006f\\u0072\\u0064":"x"',
        b'"m":"B\\u0065arer abc.def.ghi"',
        b'"m":"\\u0034111111111111111 "',
        b'"m":"4111\\u00201111\\u00201111\\u00201111"',
        b'"m":"\\n4111111111111111\\n"',
        b'"m":"\\u00e94111111111111111"',
        b'"m":"https:\\/\\/a:b@c"',
        b'"m":"x?password\\u003dabc"',
        b'"m":"Bearer\\tabc.def.ghi"',
        b'"m":"bearer\\u000babc.def.ghi"',
        b'"m":"{\\"password\\": \\"abc\\"}"',
        b'"m":"password\\u0022\\u003a\\u0022abc"',
    ],
)
@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_escapes_do_not_hide_a_secret(spelled, redactor):
    body = b'{"action":"a","actor":{"id":"x"},"input":{%s}}' % spelled
    data = data_of(body, redactor)
    assert "$redacted" in json.dumps(data), data


def test_the_hmac_is_over_the_canonical_value():
    for value, spelled in (({"b": 1.0, "a": "é"}, b'{ "b" : 1.00, "a":"\\u00e9" }'), ("x/y", b'"x\\/y"')):
        body = b'{"action":"a","actor":{"id":"x"},"input":{"password":%s}}' % spelled
        found = data_of(body)["input"]["password"]["$redacted"]
        expected = hmac.new(KEY, canonical(value), hashlib.sha256).hexdigest()
        assert found == {"by": "server", "rule": "password-field", "hmac": f"k1:{expected}"}


def test_producer_and_server_with_one_key_agree_on_equality():
    server = data_of(compact(event(input={"password": "hunter2"})))["input"]["password"]["$redacted"]
    producer = REDACTOR.redact_value({"password": "hunter2"})["password"]["$redacted"]
    assert server["hmac"] == producer["hmac"]
    assert (server["by"], producer["by"]) == ("server", "producer")


def test_a_producer_without_a_key_leaves_the_hmac_out():
    marker = Redactor().redact_value({"password": "x"})
    assert marker == {"password": {"$redacted": {"by": "producer", "rule": "password-field"}}}


def test_a_producers_object_is_not_changed_in_place():
    inner = {"password": "x"}
    value = {"a": [inner, 1]}
    redacted = REDACTOR.redact_value(value)
    assert inner == {"password": "x"}
    assert rule_at(redacted, "a", 0, "password") == "password-field"


def test_what_a_producer_redacted_passes_intake_unchanged():
    whole = REDACTOR.redact_value(event(id="1", input={"password": "x", "n": CARD}, message=TEXTS[0]), event=True)
    assert data_of(compact(whole)) == whole


def test_redacting_twice_changes_nothing():
    once = REDACTOR.redact_value(event(input={"cookies": {"a": "b"}}, message=TEXTS[2]), event=True)
    assert REDACTOR.redact_value(once, event=True) == once


def test_python_values_that_are_no_json_are_left_alone():
    odd = {"bytes": b"password=x", "set": {1}, "password": {1, 2}, "tuple": ("cookie", "a=b")}
    redacted = Redactor(None, "k", KEY).redact_value(odd)
    assert redacted["bytes"] == b"password=x"
    assert redacted["set"] == {1}
    assert redacted["password"] == {"$redacted": {"by": "producer", "rule": "password-field"}}
    assert rule_at(redacted, "tuple", 1) == "cookie-field"


def test_a_secret_in_the_name_of_a_pair_is_not_overlooked():
    pair = REDACTOR.redact_value(["kept password", "x"])
    assert rule_at(REDACTOR.redact_value(["pwd=1234 password", "x"]), 0) == "secret-in-text"
    assert pair[0] == "kept password"
    assert rule_at(pair, 1) == "password-field"


def test_the_outermost_value_is_replaced_once():
    data, count = REDACTOR.redact_bytes(b'{"cookies":{"password":"Bearer abc.def.ghi"}}')
    assert count == 1
    assert json.loads(data)["cookies"]["$redacted"]["rule"] == "cookie-field"


def test_forced_places_win_over_findings_inside_them():
    data, count = REDACTOR.redact_bytes(
        b'{"body":{"password":"x"},"b":{"c":1}}',
        also=[(("body",), "whole"), (("body", "password"), "inner"), (("b", "c"), "x")],
    )
    assert count == 2
    assert json.loads(data)["body"]["$redacted"]["rule"] == "whole"


def test_the_server_needs_a_key():
    with pytest.raises(UsageError):
        Redactor().redact_bytes(b'{"password":"x"}')


@pytest.mark.parametrize(("key_id", "key"), [("k", None), (None, KEY), ("k", b"short"), ("a b", KEY), ("", KEY)])
def test_a_malformed_key_is_refused(key_id, key):
    with pytest.raises(UsageError):
        Redactor(None, key_id, key)


def test_rules_of_ones_own_replace_the_defaults():
    rules = [
        Rule(name="pin", paths=("input.pin", "targets.*.attributes.*")),
        Rule(name="iban", patterns=(r"\bDE\d{20}\b",), needles=("de",)),
        Rule(name="slow", patterns=("zzz",)),
    ]
    for fast in (True, False):
        redactor = Redactor(rules, "k1", KEY, fast_scan=fast)
        body = event(
            input={"pin": 1, "password": "kept", "x": "DE89370400440532013000", "y": "a zzz b"},
            targets=[{"attributes": {"a": 1, "b": "x"}}],
        )
        data = data_of(compact(body), redactor)
        assert [rule_at(data, "input", name) for name in ("pin", "password", "x", "y")] == ["pin", None, "iban", "slow"]
        assert rule_at(data, "targets", 0, "attributes", "a") == "pin"
