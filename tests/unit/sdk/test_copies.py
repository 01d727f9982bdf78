"""Which part of a taken text is the secret, and which spellings of it are looked for."""

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest

from graven.event.redact import Redactor
from graven.sdk.copies import Memory, forms
from graven.sdk.redaction import redact_event, sdk_rules, secrets_in

REDACTOR = Redactor(sdk_rules(), "test", b"k" * 32)


SPELLINGS = {
    "itself": str,
    "url": lambda secret: quote(secret, safe=""),
    "url, lower case": lambda secret: re.sub("%..", lambda match: match.group().lower(), quote(secret, safe="")),
    "path": quote,
    "form": quote_plus,
    "json": json.dumps,
    "json as it is written by others": lambda secret: json.dumps(secret, ensure_ascii=False),
    "json in json": lambda secret: json.dumps(json.dumps(secret)),
    "python": ascii,
    "hex": lambda secret: secret.encode().hex(),
    "capital hex": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 after one byte": lambda secret: base64.b64encode(b"x" + secret.encode() + b"y").decode(),
    "base64 after two bytes": lambda secret: base64.b64encode(b"xx" + secret.encode() + b"y").decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(b"xx" + secret.encode()).decode(),
    "base64 of UTF-16": lambda secret: base64.b64encode(secret.encode("utf-16-le")).decode(),
    "UTF-16": lambda secret: secret.encode("utf-16-le").decode("latin-1") if secret.isascii() else secret,
}


@pytest.mark.parametrize("secret", ["f00dcafe4711beef", 'a"b\\c&d/é+f 0123456', "päss wörd?1234"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_copy_is_found_in_each_spelling(secret, spelling):
    copy = SPELLINGS[spelling](secret)
    assert [form for form in forms(secret) if form in f"before {copy} after"]


def test_of_a_longer_text_only_the_secret_is_taken_elsewhere():
    event = {"output": "start with password=hunter2x9 then AssertionError", "message": "AssertionError"}
    assert redact_event(REDACTOR, event)["message"] == "AssertionError"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("login password=hunter2x9&next=1", "hunter2x9"),
        ("{'password': 'hun ter2x9'}", "hun ter2x9"),
        ('{"api_key": "hunter\\"2x9"}', 'hunter"2x9'),
        ("postgres://bob:hunter2x9@db/shop", "hunter2x9"),
        ("Authorization: Bearer hunter2x9-abc", "hunter2x9-abc"),
        ("card 4111 1111 1111 1111.", "4111111111111111"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkq\n-----END PRIVATE KEY-----", "MIIEvgIBADANBgkq"),
        ("basic " + base64.b64encode(b"bob:hunter2x9").decode(), "hunter2x9"),
    ],
)
def test_the_secret_inside_a_text_is_known_by_itself(text, secret):
    assert secret in secrets_in(REDACTOR, {"said": text})


def test_facts_and_names_of_a_cookie_are_no_secrets():
    found = secrets_in(REDACTOR, {"set_cookie": "session_id=9f8e7d6c5b; Path=/orders; Domain=shop.example; HttpOnly"})
    assert "9f8e7d6c5b" in found
    assert not {form for form in found if form in {"session_id", "/orders", "shop.example", "HttpOnly"}}


def test_a_memory_takes_copies_out_of_later_events():
    memory = Memory()
    redact_event(REDACTOR, {"input": {"password": "hunter2x9"}}, memory=memory)
    assert "hunter2x9" not in str(redact_event(REDACTOR, {"output": "saw hunter2x9"}, memory=memory))


def test_a_plain_word_of_an_event_is_not_remembered_but_one_that_was_learnt_is():
    memory = Memory()
    memory.add({"swordfish"})
    assert "swordfish" not in memory.known
    memory.learn({"swordfish"})
    assert "swordfish" in memory.known


def test_a_memory_is_bounded_and_what_was_learnt_stays():
    memory = Memory()
    memory.learn({"learnt-0001"})
    memory.add(f"seen-{number:06}" for number in range(5000))
    assert len(memory.known) < 1000
    assert {"learnt-0001", "seen-004999"} <= memory.known


def test_the_name_of_a_target_keeps_everything_but_the_secret():
    memory = Memory()
    memory.learn({"hunter2x9"})
    target = {"type": "user", "id": "7", "name": "alice hunter2x9"}
    redacted = redact_event(REDACTOR, {"targets": [target]}, memory=memory)
    assert redacted["targets"] == [{**target, "name": "alice ***"}]


def test_a_word_of_a_secret_takes_no_test_out_of_its_history():
    memory = Memory()
    memory.add({"test_value"})
    qa = {"run": "r", "suite": "t.py", "test": "t.py::test_value", "environment": "e"}
    targets = [{"type": "test", "id": "t.py::test_value", "name": "test_value"}]
    event = {"qa": qa, "targets": targets, "input": {"cookie": "x"}}
    redacted = redact_event(REDACTOR, event, memory=memory)
    assert (redacted["qa"], redacted["targets"]) == (qa, targets)
