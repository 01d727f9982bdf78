import pytest

from graven.index.query.ast import Equals, Wildcard
from graven.index.query.fields import BY_NAME
from graven.index.query.near_value import near_conditions

ACTOR = BY_NAME["actor"]


def near(value, known):
    return near_conditions(Equals(ACTOR, value), known)


def test_another_case_comes_before_all_else():
    assert near("alice", ["alicex", "ALICE", "Alice"]) == [Equals(ACTOR, "ALICE"), Equals(ACTOR, "Alice")]


def test_a_beginning_of_one_is_that_one():
    assert near("al", ["bob", "alice"]) == [Equals(ACTOR, "alice")]


@pytest.mark.parametrize(
    ("value", "known", "parts"),
    [
        ("order", ["order.a", "order.b"], ("order.", "")),
        ("order", ["order.a", "orders"], ("order", "")),
        ("ORD", ["order.a", "order.b"], ("ord", "")),
        ("pay", ["x::pay", "y::pay"], ("", "pay")),
        ("pay", ["x.pay.z", "y.pay"], ("", "pay", "")),
    ],
)
def test_a_part_of_several_is_their_pattern(value, known, parts):
    assert near(value, known) == [Wildcard(ACTOR, parts)]


def test_a_part_that_no_pattern_can_spell_is_one_of_the_values():
    assert near("a b", ["a b c", "a b d"]) == [Equals(ACTOR, "a b c")]


def test_a_value_that_is_there_has_none_near():
    assert near("alice", ["alice", "alicia"]) == []


def test_another_number_is_another_thing():
    assert near("order/43", ["order/42", "order/430"]) == [Equals(ACTOR, "order/430")]
    assert near("order/44", ["order/42"]) == []


def test_values_of_another_spelling_are_at_most_three():
    assert len(near("abcdef", [f"abcde{c}" for c in "uvwxyz"])) == 3


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("b", ["\u0149b(", "\u0149b)"]),  # folded, the first letter is two
        ("ss", ["ßax", "ßbx"]),
    ],
)
def test_where_folding_case_moves_letters_a_whole_value_is_meant(value, known):
    assert near(value, known)[0] == Equals(ACTOR, known[0])
