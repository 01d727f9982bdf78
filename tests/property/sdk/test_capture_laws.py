"""Any Python value becomes JSON within bounds; redaction reaches a secret wherever it is put."""

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from graven.event.redact import Redactor
from graven.sdk.capture import Capture, Limits, shorten
from graven.sdk.redaction import redact_event, sdk_rules

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text(alphabet=st.characters(categories=["Cs"])),
    st.binary(), st.dates(), st.uuids(), st.decimals(), st.complex_numbers(), st.just(object()), st.just(int),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(), st.integers(), st.binary()), inner),
    ),
    max_leaves=30,
)
LIMITS = Limits(depth=4, items=5, nodes=40, text=20, head=5, scan=60)


@given(VALUES)
def test_any_value_becomes_strict_json_within_bounds(value):
    capture = Capture(LIMITS)
    captured = shorten(capture(value), LIMITS)
    encoded = msgspec.json.encode(captured)
    assert json.loads(encoded.decode("utf-8"), parse_constant=lambda name: 1 / 0) is not ...
    assert len(encoded) < 40 * 6 * 400


@given(VALUES)
def test_capturing_what_was_captured_changes_nothing(value):
    once = Capture()(value)
    assert Capture()(once) == once


SECRET = "S3cr3t-7fQ9zK"
REDACTOR = Redactor(sdk_rules(), "test", b"k" * 32)
CARRIERS = st.recursive(
    st.sampled_from([SECRET, f"x{SECRET}y", f"?token={SECRET}&a=1", "innocent", 7]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["a", "b", SECRET, "token"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(CARRIERS, CARRIERS)
def test_a_secret_that_is_named_once_is_nowhere(one, two):
    event = {"action": "a", "input": {"password": SECRET, "more": one}, "attributes": two, "message": f"{one}"}
    assert SECRET not in json.dumps(redact_event(REDACTOR, event))
