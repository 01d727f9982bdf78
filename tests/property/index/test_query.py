"""The query language: text and tree, whatever text, and the laws that a matcher owes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.index.strategies import TEXTS, entries, met_by, patient, queries, queries_about

from graven.errors import InvalidInput
from graven.index.derive.view import view_of
from graven.index.query.ast import And, Exists, Not, Or
from graven.index.query.fields import BY_NAME
from graven.index.query.matches import matches
from graven.index.query.parse import CANONICAL, parse
from graven.index.query.unparse import unparse

NOW = 1_795_000_000_000_000_000
VIEWS = entries().map(lambda entry: view_of(7, entry, lambda digest: None))
PIECES = [
    *BY_NAME,
    *TEXTS,
    "since",
    "until",
    "clock",
    "claimed",
    "AND",
    "OR",
    "NOT",
    "2h",
    "2026-11-27",
    "5..",
    "error",
]
PIECES += [
    ":",
    ">",
    ">=",
    "<",
    "<=",
    "..",
    "*",
    "(",
    ")",
    '"',
    "-",
    " ",
    "  ",
    "[",
    "]",
    ".",
    "[0]",
    "\\",
    "1.5s",
    "now",
]


@patient
@given(queries())
def test_a_tree_comes_back_from_its_text(query):
    assert parse(unparse(query), now_ns=0, limits=CANONICAL).query == query


@patient
@given(queries())
def test_the_text_of_a_tree_is_its_own_canonical_text(query):
    text = unparse(query)
    assert unparse(parse(text, now_ns=0, limits=CANONICAL).query) == text


@patient
@pytest.mark.parametrize("clock", ["received", "claimed"])
@given(text=st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40))
def test_any_text_is_a_query_or_refused_with_its_place(clock, text):
    try:
        query = parse(text, now_ns=NOW, clock=clock, zone_offset_s=3_600).query
    except InvalidInput as error:
        refused = error
    else:
        assert parse(unparse(query), now_ns=0, limits=CANONICAL).query == query
        return
    assert refused.code == "bad_query"
    assert 0 <= refused.details["position"] <= refused.details["end"] <= len(text)


@patient
@given(queries(), VIEWS)
def test_not_not_is_nothing(query, view):
    assert matches(Not(Not(query)), view) == matches(query, view)


@patient
@given(VIEWS, st.data())
def test_and_is_both_in_any_order(view, data):
    one, other = data.draw(queries_about([view])), data.draw(queries_about([view]))
    both = matches(one, view) and matches(other, view)
    assert matches(And((one, other)), view) == matches(And((other, one)), view) == both


@patient
@given(VIEWS, st.data())
def test_or_is_what_not_both_are_absent_is(view, data):
    one, other = data.draw(queries_about([view])), data.draw(queries_about([view]))
    assert matches(Or((one, other)), view) == matches(Not(And((Not(one), Not(other)))), view)


@patient
@given(VIEWS, st.data())
def test_what_an_event_says_is_found(view, data):
    query = data.draw(met_by(view))
    assert matches(query, view)
    assert parse(unparse(query), now_ns=0, limits=CANONICAL).query == query


@patient
@given(VIEWS, st.data())
def test_a_condition_is_met_only_where_its_field_is(view, data):
    query = data.draw(queries_about([view]))
    field, path = getattr(query, "field", None), getattr(query, "path", ())
    if field is not None and matches(query, view):
        assert matches(Exists(field, path), view)


@patient
@given(VIEWS, st.data())
def test_the_text_of_a_query_asks_the_same(view, data):
    query = data.draw(queries_about([view]))
    assert matches(parse(unparse(query), now_ns=0, limits=CANONICAL).query, view) == matches(query, view)
