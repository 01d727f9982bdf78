"""What is being written at a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.index.query.complete import complete
from graven.index.query.fields import BY_NAME


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|", ("field", "", 0, 0)),
        ("act|", ("field", "act", 0, 3)),
        ("a:b ac|to:x", ("field", "ac", 4, 8)),
        ("actor|", ("operator", "actor", 5, 5)),
        ("(-en|", ("field", "en", 2, 4)),
        ("actor:a |", ("field", "", 8, 8)),
        ("actor:(a) |", ("field", "", 10, 10)),
        ("actor:|", ("value", "", 6, 6)),
        ("actor:al|ice x", ("value", "al", 6, 11)),
        ('actor:"al b|', ("value", "al b", 6, 11)),
        ("actor:(a OR -b|", ("value", "b", 13, 14)),
        ("-env:d|", ("value", "d", 5, 6)),
        ("duration>=2|", ("value", "2", 10, 11)),
        ("since:2|", ("value", "2", 6, 7)),
    ],
)
def test_the_place_says_what_may_stand_there(text, expected):
    at = text.index("|")
    found = complete(text.replace("|", ""), at)
    assert (found.kind, found.prefix, found.start, found.end) == expected


def test_a_value_knows_its_field_and_path():
    found = complete("labels.team:q", 13)
    assert (found.field, found.path, found.name) == (BY_NAME["labels"], ("team",), "labels.team")
    assert complete("since:2", 7).field is None


@given(
    st.lists(st.sampled_from(["actor", ":", "(", ")", '"', " ", "-", "x", "OR", ">=", "labels.a", "\\"])).map("".join),
    st.data(),
)
def test_any_text_has_a_completion_around_the_place(text, data):
    at = data.draw(st.integers(0, len(text)))
    found = complete(text, at)
    assert 0 <= found.start <= at <= found.end <= len(text)
