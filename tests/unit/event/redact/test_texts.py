"""Which rule takes a text."""

import pytest

from graven.event.redact import Rule
from graven.event.redact.texts import TextRules

RULES = ((Rule(name="word", patterns=(r"secret\d",), needles=("secret",)), 1), (Rule(name="any", patterns=("zz",)), 2))
CARDS = (RULES[0], (Rule(name="card", detectors=("card_number",)), 2))


def test_a_text_is_taken_by_the_first_rule_that_finds_something():
    assert TextRules(RULES, remember=False).search("zz secret1", -1) == "word"


def test_a_rule_without_needles_is_always_tried():
    assert TextRules(RULES, remember=False).search("zz", -1) == "any"


def test_a_rule_whose_bit_is_not_asked_for_is_not_tried():
    assert TextRules(RULES, remember=False).search("zz secret1", 2) == "any"


@pytest.mark.parametrize("text", ["SECRET1", "se-cret1 secret2", "\ud800secret1"])
def test_needles_know_case_separators_and_broken_text(text):
    assert TextRules(RULES, remember=False).search(text, -1) == "word"


def test_a_needle_alone_takes_nothing():
    assert TextRules(RULES, remember=False).search("secret", -1) is None


def test_a_remembered_verdict_is_the_searched_one():
    rules = TextRules(RULES, remember=True)
    assert [rules.remembered(text) for text in ("secret1", "plain", "secret1", "plain")] == ["word", None] * 2


@pytest.mark.parametrize("texts", [["secret", "1"], ["4111 1111 1111", "1111"], []], ids=["word", "card", "nothing"])
def test_what_only_stands_in_texts_together_is_not_taken(texts):
    assert TextRules(CARDS, remember=True).none_taken(texts)


@pytest.mark.parametrize("text", ["secret1", "4111 1111 1111 1111"])
@pytest.mark.parametrize("remember", [True, False])
def test_one_taken_text_among_others_is_seen(text, remember):
    rules = TextRules(CARDS, remember=remember)
    assert [rules.none_taken(["plain", text, "other"]) for _ in range(2)] == [False, False]


def test_a_text_is_known_when_it_was_found_to_be_taken_by_no_rule():
    rules = TextRules(CARDS, remember=True)
    rules.none_taken(["plain", "secret1"])
    rules.none_taken(["other"])
    assert [rules.known(text) for text in ("plain", "secret1", "other", "never seen")] == [True, False, True, False]
