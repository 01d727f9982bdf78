"""What is written, and what it asks. Trees are shown by their canonical text."""

import pytest

from graven.errors import InvalidInput
from graven.index.query.ast import All, And, Compare, Equals, Exists, Not, Or, Wildcard, Words
from graven.index.query.fields import BY_NAME, TEXT
from graven.index.query.parse import LIMITS, parse
from graven.index.query.unparse import unparse

NOW = 1_795_774_500 * 10**9
"""2026-11-27T10:15:00Z."""


def asked(text: str, **options):
    return parse(text, now_ns=NOW, **options).query


def shown(text: str, **options) -> str:
    return unparse(asked(text, **options))


def test_nothing_asks_for_everything():
    assert asked("") == asked("  ") == asked("*") == All()


def test_space_binds_closer_than_or():
    a, b, c = (Words(TEXT, (word,)) for word in "abc")
    assert asked("a b OR c") == asked("a AND b OR c") == Or((And((a, b)), c))
    assert asked("a (b OR c)") == And((a, Or((b, c))))


def test_not_holds_for_one_term():
    a, b = (Words(TEXT, (word,)) for word in "ab")
    assert asked("-a b") == asked("NOT a b") == And((Not(a), b))
    assert asked("NOT (a b)") == Not(And((a, b)))


def test_or_in_lower_case_is_a_word():
    assert asked("a or b") == And(tuple(Words(TEXT, (word,)) for word in ("a", "or", "b")))


def test_a_value_may_hold_what_separates_words_elsewhere():
    assert asked("target:order/42") == Equals(BY_NAME["target"], "order/42")
    assert asked("uri:http://a/b?c=d:e") == Equals(BY_NAME["uri"], "http://a/b?c=d:e")
    assert asked(r'actor:"a \"b\" \\ \c *"') == Equals(BY_NAME["actor"], r'a "b" \ \c *')


def test_a_group_asks_one_field():
    assert shown('actor:(alice OR -bob "c d")') == 'actor:alice OR -actor:bob actor:"c d"'
    assert shown("target:(order:1 OR OR-2)") == "target:order:1 OR target:OR-2"


def test_a_star_alone_asks_whether_it_is_there():
    assert asked("error:*") == Exists(BY_NAME["error"])
    assert asked("output.status:*") == Exists(BY_NAME["output"], ("status",))


def test_a_star_elsewhere_is_any_text():
    assert asked("action:order.**x") == Wildcard(BY_NAME["action"], ("order.", "x"))


def test_words_that_fall_apart_are_phrases():
    assert asked("card_number") == asked('"card number"') == Words(TEXT, ("card", "number"))
    assert asked('"declin*"') == Words(TEXT, ("declin",))


def test_a_star_makes_a_word_a_beginning_or_a_part():
    assert asked("declin*") == Words(TEXT, ("declin",), prefix=True)
    assert asked("card_num*") == Words(TEXT, ("card", "num"), prefix=True)
    assert asked("*clin*") == Words(TEXT, ("clin",), infix=True)
    assert asked("card-*") == Words(TEXT, ("card",))


def test_fields_of_text_are_searched_by_words():
    assert asked('message:"Card declined"') == Words(BY_NAME["message"], ("card", "declined"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("duration>2s", "duration>2s"),
        ("duration:>=1500ms", "duration>=1500ms"),
        ("backdated:>1h", "backdated>1h"),
        ("index:5..10", "index>=5 index<=10"),
        ("index:..10", "index<=10"),
        ("severity>=error", "severity>=17"),
        ("severity>error", "severity>20"),
        ("severity:warn", "severity>=13 severity<=16"),
        ("output.status:400..499", "output.status>=400 output.status<=499"),
        ("output.status:a..b", 'output.status:"a..b"'),
        ("received>2026-11-26", "received>2026-11-26T23:59:59.999999999Z"),
        ("time<2h", "time<2026-11-27T08:15:00.000000000Z"),
    ],
)
def test_numbers_compare(text, canonical):
    assert shown(text) == canonical


def test_since_and_until_ask_by_the_clock():
    assert (
        shown("since:2h until:now")
        == "received>=2026-11-27T08:15:00.000000000Z received<2026-11-27T10:15:00.000000000Z"
    )
    assert shown("since:2026-11-27", zone_offset_s=3_600) == "received>=2026-11-26T23:00:00.000000000Z"
    assert shown("since:2h", clock="claimed") == "time>=2026-11-27T08:15:00.000000000Z"


def test_the_clock_of_the_query_overrides_that_of_the_call():
    parsed = parse("since:2h clock:received", now_ns=NOW, clock="claimed")
    assert (parsed.clock, unparse(parsed.query)) == ("received", "received>=2026-11-27T08:15:00.000000000Z")
    assert parse("clock:claimed", now_ns=NOW) == (All(), "claimed")


def test_paths_lead_into_json():
    assert asked("input.lines[].sku:v") == Equals(BY_NAME["input"], "v", ("lines", None, "sku"))
    assert asked("output.items[0].id>5") == Compare(BY_NAME["output"], ">", 5, ("items", 0, "id"))
    assert asked('attributes."a.b \\"":v') == Equals(BY_NAME["attributes"], "v", ('a.b "',))
    assert asked("labels.app.io/name:v") == Equals(BY_NAME["labels"], "v", ("app.io/name",))


def test_the_id_of_a_target_has_the_name_that_tables_have_for_it():
    assert asked("target.id:42") == Equals(BY_NAME["target"], "42")
    assert shown("target.id:order/42") == "target:order/42"
    assert asked("target.type:order") == Equals(BY_NAME["target.type"], "order")


def test_a_name_before_the_colon_begins_with_a_letter():
    assert asked("12:30") == Words(TEXT, ("12", "30"))


@pytest.mark.parametrize(
    ("text", "start", "end", "said", "hint"),
    [
        ("a actr:bob", 2, 6, "unknown field 'actr'", 'did you mean "actor"?'),
        ("http://x", 0, 4, "unknown field 'http'", "put it in quotes"),
        ("actor.nme:x", 0, 9, "actor has no parts", 'did you mean "actor.name"?'),
        ('a "bc', 2, 5, "is not closed", "close it"),
        ('"a"b', 3, 4, "white space is expected", ""),
        ("(a", 2, 2, "the query ends where ) is expected", ""),
        ("a )", 2, 3, "closes none", ""),
        ("a OR", 4, 4, "the query ends where", ""),
        ("a OR OR b", 5, 7, "OR stands where a condition is expected", ""),
        ("actor: a", 6, 6, "a value is expected right after actor:", "without white space"),
        ("actor:()", 7, 8, "')' stands where", ""),
        ("duration>5", 9, 10, "'5' is no value for duration", "give it a unit: 5s"),
        ("index:5..x", 9, 10, "'x' is no value for index", ""),
        ("index:..", 6, 8, "a range has a beginning or an end", ""),
        ("actor>5", 6, 7, "> compares numbers", "in quotes"),
        ("severity:high", 9, 13, "fatal", ""),
        ("since:soon", 6, 10, "no moment for since", ""),
        ("since>2h", 5, 6, "takes a colon", ""),
        ("since:(1h OR 2h)", 6, 7, "takes one value", ""),
        ("clock:claimd", 6, 12, "is no clock", 'did you mean "claimed"?'),
        ("clock:claimed clock:received", 20, 28, "two clocks", ""),
        ("a OR clock:claimed", 5, 11, "stands alone", ""),
        ("*clin", 0, 5, "a star ends a word", "quotes"),
        ("- a", 0, 1, "nothing to search for", ""),
        ("input..x:5", 0, 10, "no readable path", "quotes"),
        ("labels.a[0]:5", 0, 11, "no name of a label", "quote the key"),
        ("labels:x", 0, 6, "a label has a key", "labels.KEY"),
        ("label:qa", 0, 5, "a label has a key", "labels.KEY:qa"),
        ("a label:(x OR qa)", 2, 7, "a label has a key", "labels.KEY:x"),
    ],
)
def test_a_refusal_names_the_place(text, start, end, said, hint):
    with pytest.raises(InvalidInput, match=r"query, at character \d+") as caught:
        asked(text)
    assert (caught.value.details["position"], caught.value.details["end"]) == (start, end)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.code == "bad_query"


@pytest.mark.parametrize(
    "text",
    [
        "a" * (LIMITS.chars + 1),
        "a " * (LIMITS.conditions + 1),
        "-" * (LIMITS.levels + 1) + "a",
        "-" * 4_000 + "a",
        "(a OR (b " * 10 + "c" + "))" * 10,
        "input" + "[]" * 65 + ":x",
    ],
)
def test_a_query_has_limits(text):
    with pytest.raises(InvalidInput, match="at most"):
        asked(text)


def test_parentheses_without_a_reason_are_no_levels():
    assert asked("(" * 2_000 + "a" + ")" * 2_000) == Words(TEXT, ("a",))


@pytest.mark.parametrize("value", ["a*" * 9, "a" * 512 + "*"])
def test_a_wildcard_that_would_take_long_is_refused_where_it_stands(value):
    with pytest.raises(InvalidInput, match="at most 8 stars and 512 characters") as caught:
        asked(f"x uri:{value}")
    assert (caught.value.details["position"], caught.value.details["end"]) == (6, 6 + len(value))


def test_the_largest_wildcard_is_taken():
    assert asked("uri:" + "a*" * 8) == Wildcard(BY_NAME["uri"], ("a",) * 8 + ("",))
    assert asked("uri:" + "a" * 511 + "*") == Wildcard(BY_NAME["uri"], ("a" * 511, ""))


@pytest.mark.parametrize(
    ("text", "place", "turned"),
    [
        ("duration:5s..1s", (9, 15), "duration:1s..5s"),
        ("a index:10..5", (8, 13), "index:5..10"),
        ("output.status:500..400", (14, 22), "output.status:400..500"),
        ("received:1h..2h", (9, 15), "received:2h..1h"),
        ("received:2026-11-27..2026-11-26", (9, 31), "received:2026-11-26..2026-11-27"),
        ("x since:1h until:2h", (2, 19), "since:2h until:1h"),
        ('until:2h since:"2026-11-27 10:15"', (0, 33), 'since:2h until:"2026-11-27 10:15"'),
    ],
)
def test_a_range_that_ends_before_it_begins_is_refused_with_its_ends_turned(text, place, turned):
    with pytest.raises(InvalidInput, match="this range ends before it begins") as caught:
        parse(text, now_ns=NOW)
    assert (caught.value.details["position"], caught.value.details["end"]) == place
    assert caught.value.hint == f"did you mean {turned}?"


@pytest.mark.parametrize(
    "text",
    [
        "duration:1s..1s",
        "received:2026-11-27T12:00..2026-11-27",
        "since:1h OR until:2h",
        "since:2h -until:3h",
        "output.a:b..a",
    ],
)
def test_a_range_in_which_something_may_lie_is_taken(text):
    assert parse(text, now_ns=NOW).query is not None
