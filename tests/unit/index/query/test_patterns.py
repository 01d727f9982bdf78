"""Regular expressions are refused with the wildcard that says the same; paths stay what they are."""

import time

import pytest

from graven.errors import InvalidInput
from graven.index.query.parse import parse
from graven.index.query.patterns import like_pattern, regex_pattern
from graven.index.query.unparse import unparse


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("actor:/al.*/", (6, 12), "did you mean actor:*al*?"),
        ("actor:/^al/i", (6, 12), "did you mean actor:al*?"),
        ("x actor:(/a|b/ OR c)", (9, 14), "did you mean actor:(a OR b)?"),
        ("message:/declined|refused/", (8, 26), "did you mean message:(declined OR refused)?"),
        ("uri:/cart|shop/", (4, 15), "did you mean uri:(cart OR shop)?"),
        ("/declined|refused/", (0, 18), "did you mean (declined OR refused)?"),
        ("/timeout.*/", (0, 11), "did you mean *timeout*?"),
        ("/order-[0-9]+/", (0, 14), "field:begins*"),
    ],
)
def test_a_regular_expression_is_refused_with_what_says_the_same(text, place, hint):
    with pytest.raises(InvalidInput, match="is a regular expression, and there are none here") as caught:
        parse(text, now_ns=0)
    assert (caught.value.details["position"], caught.value.details["end"]) == place
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "/path/x",
        "/path/x/",
        "/users/[id]/",
        "uri:/cart/",
        "uri:/cart.*/",
        "uri:/*/cart/",
        "actor:/alice/",
        'actor:"/a.*/"',
    ],
)
def test_a_path_is_no_regular_expression(text):
    query = parse(text, now_ns=0).query
    assert parse(unparse(query), now_ns=0).query == query


@pytest.mark.parametrize(
    ("body", "pattern"), [("al", "*al*"), ("^al", "al*"), ("^al$", "al"), ("a.*b", "*a*b*"), (r"a\.b", "*a.b*")]
)
def test_a_regular_expression_is_told_as_a_wildcard(body, pattern):
    assert regex_pattern(body) == pattern


def test_what_sql_likes_has_stars_here():
    assert like_pattern("%al%%") == "*al*"


@pytest.mark.parametrize("text", ["/" + "[a-a" * 1_020 + "/", "uri:/" + "[" * 2_000 + "a-a" * 600 + "/"])
def test_brackets_of_a_value_in_slashes_are_read_in_linear_time(text):
    before = time.process_time()
    try:
        parse(text, now_ns=0)
    finally:
        assert time.process_time() - before < 0.5  # with the cube of the length it is seconds


def test_a_class_of_characters_behind_an_open_bracket_is_a_regular_expression():
    with pytest.raises(InvalidInput, match="is a regular expression"):
        parse("actor:/[x[0-9]/", now_ns=0)


@pytest.mark.parametrize("text", ["uri:/blog/[post-id]/raw", "uri:/orders/[order-id]/", "/users/[user-id]/"])
def test_a_name_in_brackets_makes_no_regular_expression_of_a_path(text):
    parse(text, now_ns=0)


@pytest.mark.parametrize("text", ["/x[A-Za-z0-9_]/", "uri:/v[0-9]/", "actor:/[a-f0-9]*/"])
def test_a_range_of_characters_makes_a_regular_expression_of_it(text):
    with pytest.raises(InvalidInput, match="is a regular expression"):
        parse(text, now_ns=0)
