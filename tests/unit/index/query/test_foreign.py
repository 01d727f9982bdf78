"""Conditions of other languages are refused with the one that was meant; words stay words."""

import pytest

from graven.errors import InvalidInput
from graven.index.query.ast import Words
from graven.index.query.fields import BY_NAME, TEXT
from graven.index.query.parse import parse


def asked(text):
    return parse(text, now_ns=0).query


@pytest.mark.parametrize(
    ("text", "place", "meant"),
    [
        ("actor=alice", (0, 11), "did you mean actor:alice?"),
        ("a actor==alice", (2, 14), "did you mean actor:alice?"),
        ("actor!=alice b", (0, 12), "did you mean -actor:alice?"),
        ("-actor=alice", (1, 12), "did you mean actor:alice?"),
        ("!actor=alice", (0, 12), "did you mean -actor:alice?"),
        ("!outcome:failure", (0, 16), "did you mean -outcome:failure?"),
        ("!duration>=5s", (0, 13), "did you mean -duration>=5s?"),
        ("(outcome=failure OR x)", (1, 16), "did you mean outcome:failure?"),
        ('actor="alice', (0, 12), 'did you mean actor:"…"?'),
        ("actor=(a OR b)", (0, 6), "did you mean actor:VALUE?"),
        ("labels.team=qa", (0, 14), "did you mean labels.team:qa?"),
        ("input.lines[].sku==x", (0, 20), "did you mean input.lines[].sku:x?"),
        ("actor.id=alice", (0, 14), "did you mean actor.id:alice?"),
        ("since=2h", (0, 8), "did you mean since:2h?"),
        ("a && b", (2, 4), "write a space"),
        ("a || b", (2, 4), "write OR"),
        ("actor = alice", (6, 7), "write field:value"),
        ("! a", (0, 1), "write -"),
    ],
)
def test_a_condition_of_another_language_names_the_one_that_was_meant(text, place, meant):
    with pytest.raises(InvalidInput) as caught:
        asked(text)
    assert (caught.value.details["position"], caught.value.details["end"]) == place
    assert "is no operator here" in caught.value.message
    assert caught.value.hint.startswith(meant)


@pytest.mark.parametrize("text", ["a=b", '"outcome=failure"', "http.status!=200", "!important", "x&y", "a=outcome:"])
def test_what_names_no_field_and_what_is_quoted_stays_words(text):
    assert isinstance(asked(text), Words)
    assert asked(text).field == TEXT


def test_the_values_of_a_field_are_left_alone():
    assert asked("message:outcome=failure") == Words(BY_NAME["message"], ("outcome", "failure"))
    assert asked("message:(outcome=failure)") == asked("message:outcome=failure")
