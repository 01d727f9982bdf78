"""Conditions of other languages are refused with the one that was meant; words stay words."""

import pytest

from graven.errors import InvalidInput
from graven.index.query.ast import Equals, Words, leaves
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
        ("foo = alice", (4, 5), "write field:value"),
        ("! a", (0, 1), "write -"),
        ("a !declined", (2, 11), "did you mean -declined?"),
        ("actor='alice'", (0, 13), "did you mean actor:alice?"),
        ("clock!=x", (0, 8), "write clock:VALUE;"),
    ],
)
def test_a_condition_of_another_language_names_the_one_that_was_meant(text, place, meant):
    with pytest.raises(InvalidInput) as caught:
        asked(text)
    assert (caught.value.details["position"], caught.value.details["end"]) == place
    assert "is no operator here" in caught.value.message
    assert caught.value.hint.startswith(meant)


@pytest.mark.parametrize(
    ("text", "place", "meant"),
    [
        ("actor IN (a, b)", (0, 15), "did you mean actor:(a OR b)?"),
        ("x actor NOT IN ('alice smith', \"b\")", (2, 35), 'did you mean -actor:("alice smith" OR b)?'),
        ("actor in (a, b)", (0, 15), "did you mean actor:(a OR b)?"),
        ("actor ~ x", (0, 9), "did you mean actor:*x*?"),
        ("actor =~ /^al.*$/", (0, 17), "did you mean actor:al*?"),
        ("actor~al", (0, 8), "did you mean actor:*al*?"),
        ("actor!~al", (0, 9), "did you mean -actor:*al*?"),
        ("message ~ declined", (0, 18), "did you mean message:declined?"),
        ("actor <> x", (0, 10), "did you mean -actor:x?"),
        ("actor BETWEEN 1 AND 3", (0, 21), "did you mean actor:(1 OR 3)?"),
        ("since IS NULL", (0, 13), "write since:VALUE;"),
        ("actor<>x", (0, 8), "did you mean -actor:x?"),
        ("a duration<>5s", (2, 14), "did you mean -duration:5s?"),
        ("actor != x", (0, 10), "did you mean -actor:x?"),
        ("actor == 'x y'", (0, 14), 'did you mean actor:"x y"?'),
        ("actor = alice", (0, 13), "did you mean actor:alice?"),
        ("(actor = alice)", (1, 14), "did you mean actor:alice?"),
        ("since > 2h", (0, 10), "did you mean since:2h?"),
        ("actor LIKE 'al%'", (0, 16), "did you mean actor:al*?"),
        ("action CONTAINS order", (0, 21), "did you mean action:*order*?"),
        ("ticket IS NULL", (0, 14), "did you mean -ticket:*?"),
        ("ticket IS NOT NULL", (0, 18), "did you mean ticket:*?"),
        ("duration BETWEEN 1s AND 5s", (0, 26), "did you mean duration:1s..5s?"),
        ("foo ~ x", (4, 5), "write field:*part*"),
    ],
)
def test_an_operator_of_another_language_names_the_spelling_of_this_one(text, place, meant):
    with pytest.raises(InvalidInput, match="is no operator here") as caught:
        asked(text)
    assert (caught.value.details["position"], caught.value.details["end"]) == place
    assert caught.value.hint.startswith(meant)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("duration > 2s", "did you mean duration>2s?"),
        ("a duration >2s b", "did you mean duration>2s?"),
        ("input.lines[].qty <= 5", "did you mean input.lines[].qty<=5?"),
        ("actor :alice", "did you mean actor:alice?"),
        ('actor : "alice smith"', 'did you mean actor:"alice smith"?'),
    ],
)
def test_an_operator_that_stands_apart_is_put_behind_its_field(text, meant):
    with pytest.raises(InvalidInput, match="stands right behind its field, without white space") as caught:
        asked(text)
    assert caught.value.hint.startswith(meant)


@pytest.mark.parametrize(
    "text",
    [
        "status in (failed)",
        "actor in (a OR b)",
        "actor in (source:a, OR b)",
        'actor "IN" (a, b)',
        '"actor" IN (a, b)',
        "actor is null",
        "actor like x",
        "actor >5",
        "shop IN (a, b)",
        "this or ~that",
    ],
)
def test_words_that_only_look_so_are_searched_for(text):
    assert all(isinstance(leaf, Words | Equals) for leaf in leaves(asked(text)))


@pytest.mark.parametrize("text", ["a=b", '"outcome=failure"', "http.status!=200", '"!important"', "x&y", "a=outcome:"])
def test_what_names_no_field_and_what_is_quoted_stays_words(text):
    assert isinstance(asked(text), Words)
    assert asked(text).field == TEXT


@pytest.mark.parametrize("text", ["not outcome:failure", "a Not (b)", "not duration>2s", "(not actor:alice)"])
def test_a_small_not_before_a_condition_is_refused(text):
    with pytest.raises(InvalidInput, match="is a word to search for, not the operator") as caught:
        asked(text)
    assert caught.value.hint.startswith("write NOT, or -")


@pytest.mark.parametrize("text", ["not found", "not", '"not" outcome:failure', "knot (a)", "not alice (a)"])
def test_not_stays_a_word_before_words(text):
    assert any(isinstance(leaf, Words) for leaf in leaves(asked(text)))


def test_the_values_of_a_field_are_left_alone():
    assert asked("message:outcome=failure") == Words(BY_NAME["message"], ("outcome", "failure"))
    assert asked("message:(outcome=failure)") == asked("message:outcome=failure")


def test_for_a_plain_word_no_near_name_is_looked_for(monkeypatch):
    looked_for = []
    monkeypatch.setattr("graven.index.query.names.nearest", lambda name, known: looked_for.append(name))
    parse("declined a=b x[0]", now_ns=0)
    assert looked_for == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("input.n IN (-1, 0)", 'did you mean input.n:("-1" OR 0)?'),
        ("actor IN ('OR', b)", 'did you mean actor:("OR" OR b)?'),
        ("actor LIKE '%al (x)%'", "did you mean actor:*al*x*?"),
        ('uri =~ "q=1 2"', "did you mean uri:*q=1*2*?"),
    ],
)
def test_values_in_a_hint_mean_what_they_meant(text, meant):
    with pytest.raises(InvalidInput) as caught:
        asked(text)
    assert caught.value.hint.startswith(meant)
