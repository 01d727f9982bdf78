"""The byte scan never misses what redaction would take, however the JSON is spelled."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.event.test_strict_json import VALUES
from tests.support.event_samples import CARD, REDACTOR

from graven.event.redact import Redactor, default_rules
from graven.event.redact.prefilter import Prefilter

RULES = default_rules()
SCANS = {fast: Prefilter(RULES, fast=fast) for fast in (True, False)}

NAMES = st.sampled_from(
    [
        "password",
        "Db_Password",
        "apiKey",
        "X-API-KEY",
        "secret",
        "clientSecret",
        "token",
        "access token",
        "authorization",
        "cookie",
        "set-cookie",
        "cvv",
        "card.number",
        "pwd",
        "name",
        "value",
        "tokens",
        "passwords",
        "\u212aey",
        "pa\u017f\u017fword",
    ]
) | st.text(max_size=4)
PIECES = st.sampled_from(
    [
        "%22%3A%22",
        "%5D=",
        "\\",
        "]",
        'name="',
        '"\r\n\r\n',
        "into t (",
        ") values ('",
        "--",
        "password",
        "passwd",
        "pwd",
        "secret",
        "api_key",
        "api-key",
        "access_token",
        "token",
        "signature",
        "authorization",
        "bearer",
        "basic",
        "digest",
        "cookie",
        "set-cookie",
        "=",
        ":",
        " ",
        "\t",
        "\n",
        "\v",
        "'",
        '"',
        "?",
        "&",
        ";",
        "/",
        "://",
        "@",
        "user",
        "abc123def456",
        "dXNlcjpwYXNz",
        "eyJhbGciOiJI",
        ".",
        "grv_abcdefghij23_" + "A1" * 16,
        "ghp_" + "a1" * 18,
        "xoxb-1234567890ab",
        "sk_live_0123456789abcdef",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "RSA ",
        CARD,
        "4111 1111 1111 1111",
        "3782-822463-10005",
        "38520000023237",
        "é",
        "\u212a",
        "\u017f",
        "\x7f",
        "0",
        "x",
    ]
)
TEXTS = st.lists(PIECES, max_size=7).map("".join)
SECRETS = st.recursive(
    TEXTS | st.integers(10**13, 10**16) | st.sampled_from([int(CARD), None, True, ""]) | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def spell(value, draw) -> str:
    """JSON text with every character escaped or not, as drawn, and space anywhere."""
    gap = draw(st.sampled_from(["", "", " ", "\t\r\n"]))
    if isinstance(value, str):
        return spell_text(value, draw)
    if isinstance(value, dict):
        members = (f"{gap}{spell_text(name, draw)}{gap}:{gap}{spell(item, draw)}" for name, item in value.items())
        return "{" + f"{gap},".join(members) + gap + "}"
    if isinstance(value, list):
        return "[" + f"{gap},{gap}".join(spell(item, draw) for item in value) + gap + "]"
    return json.dumps(value)


def spell_text(text: str, draw) -> str:
    mode = draw(st.sampled_from(["raw", "ascii", "all", "mixed", "slash"]))
    if mode == "raw":
        return json.dumps(text, ensure_ascii=False)
    if mode == "ascii":
        return json.dumps(text)
    if mode == "slash":
        return json.dumps(text, ensure_ascii=False).replace("/", "\\/")
    chosen = range(len(text)) if mode == "all" else draw(st.sets(st.integers(0, max(0, len(text) - 1)), max_size=3))
    spelled = []
    for at, char in enumerate(text):
        if at in chosen:
            spelled += [
                f"\\u{unit:04{draw(st.sampled_from('xX'))}}" for unit in memoryview(char.encode("utf-16-le")).cast("H")
            ]
        else:
            spelled.append(json.dumps(char, ensure_ascii=False)[1:-1])
    return '"' + "".join(spelled) + '"'


@pytest.mark.parametrize("fast", [True, False], ids=["hyperscan", "needles"])
@settings(max_examples=500)
@given(st.data())
def test_whatever_redaction_would_take_the_scan_suspects(fast, data):
    value = {"input": data.draw(SECRETS)}
    body = spell(value, data.draw).encode()
    findings = REDACTOR.find(msgspec.json.decode(body))
    suspects = SCANS[fast].suspects(b"{}\n" + body + b"\n{}", [b"{}", body, b"{}"])
    for finding in findings:
        number = next(at for at, rule in enumerate(RULES) if rule.name == finding.rule)
        assert suspects.get(1, 0) >> number & 1, (finding, body)
    assert REDACTOR.find(msgspec.json.decode(body), rules=suspects.get(1, 0)) == findings


@settings(max_examples=200)
@given(st.data())
def test_spans_and_objects_are_redacted_alike(data):
    value = data.draw(SECRETS)
    body = spell(value, data.draw).encode()
    redacted, count = REDACTOR.redact_bytes(body)
    by_producer = json.dumps(REDACTOR.redact_value(json.loads(body)))
    assert json.loads(redacted) == json.loads(
        by_producer.replace('{"by": "producer", "rule"', '{"by": "server", "rule"')
    )
    assert count == len(REDACTOR.find(json.loads(body)))
    assert REDACTOR.redact_bytes(redacted) == (redacted, 0)


@given(VALUES)
def test_redaction_without_rules_changes_nothing(value):
    body = json.dumps(value).encode()
    assert Redactor([], "k1", b"0" * 16).redact_bytes(body) == (body, 0)
