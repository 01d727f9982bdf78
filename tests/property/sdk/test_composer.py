"""The short way of the composer gives the very bytes of the long one."""

import enum

from hypothesis import given
from hypothesis import strategies as st

from graven.errors import InvalidEvent
from graven.event.redact import Redactor
from graven.sdk.capture import Limits
from graven.sdk.composer import Composer
from graven.sdk.context import acting_as
from graven.sdk.redaction import sdk_rules


class Colour(enum.StrEnum):
    RED = "red"


LIMITS = Limits(depth=4, items=6, nodes=60, text=64, head=10)
NAMES = st.sampled_from(
    ["a", "name", "value", "key", "password", "token", "$redacted", "n" * 300, "é", "\ud800", Colour.RED]
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["Bearer abcdefgh", "?password=hunter22", "hunter-22", "4111 1111 1111 1111", "x://u:p@h"]),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(10**13, 10**16),
    st.just(4111111111111111),
    st.floats(),
    st.binary(max_size=4),
    st.just(Colour.RED),
    TEXTS,
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=8),
        st.tuples(st.sampled_from(["authorization", "plain"]), TEXTS),
        st.tuples(TEXTS, st.sampled_from(["--password", "-v"]), TEXTS),
        st.dictionaries(st.one_of(NAMES, st.text(max_size=5)), inner, max_size=8),
    ),
    max_leaves=25,
)


def composer():
    return Composer(
        source="s",
        redactor=Redactor(sdk_rules(), "k", b"k" * 16, remember=True),
        event_bytes=4096,
        limits=LIMITS,
        clock_ns=lambda: 10**18,
        random=bytes,
    )


def without_the_short_way():
    long = composer()
    long._spared = lambda event, scope, owned: None
    return long


def made(composer, event, *, owned=False):
    try:
        return composer.compose(event, {}, owned=owned).body
    except InvalidEvent as error:
        return str(error)


STATEMENTS = st.fixed_dictionaries(
    {
        "method": st.fixed_dictionaries({"statement": st.sampled_from(["SELECT password, a FROM t WHERE a = ?", "X"])}),
        "input": st.fixed_dictionaries({"parameters": st.lists(TEXTS, max_size=2)}),
        "output": st.fixed_dictionaries({"rows": st.lists(st.lists(TEXTS, max_size=2), max_size=2)}),
    }
)


@given(STATEMENTS)
def test_a_statement_is_looked_through_for_the_names_of_its_columns(members):
    assert made(composer(), {"action": "sql.statement", **members}) == made(
        without_the_short_way(), {"action": "sql.statement", **members}
    )


@given(st.fixed_dictionaries({}, optional={"input": VALUES, "output": VALUES, "attributes": VALUES, "message": TEXTS}))
def test_what_is_spared_capture_and_redaction_would_have_stayed_as_it_is(members):
    short, long = composer(), without_the_short_way()
    with acting_as(secrets=frozenset({"hunter-22", 'quote"d secret', "123456"})):
        event = {"action": "a.b", **members}
        assert made(short, event) == made(short, event, owned=True) == made(long, event)


def test_an_event_of_plain_data_is_spared():
    event = {"input": {"a": [1, "text", None]}, "qa": {"run": "r"}}
    short, seen = composer(), []
    spared = short._spared
    short._spared = lambda event, scope, owned: seen.append(spared(event, scope, owned=owned)) or seen[-1]
    short.compose({"action": "a.b", **event}, {})
    assert seen[0] is not None
