import pytest

from graven.errors import InvalidInput
from graven.index.process.asked import asked, choice, facet_fields, number_of, order_of, span_asked
from graven.index.query.ast import All, And, Compare
from graven.index.query.fields import BY_NAME
from graven.index.query.times import MAX_NS, MIN_NS

NOW = 1_800_000_000_000_000_000
RECEIVED, TIME = BY_NAME["received"], BY_NAME["time"]


def test_nothing_asks_for_everything():
    found = asked("shop", {}, NOW)
    assert (found.query, found.clock, found.now_ns) == (All(), "received", NOW)


def test_bounds_are_conditions_on_the_clock_of_the_query():
    found = asked("shop", {"since": "2h", "until": "now", "q": "clock:claimed"}, NOW)
    assert found.query == And((Compare(TIME, ">=", NOW - 7_200 * 10**9), Compare(TIME, "<", NOW)))
    assert found.clock == "claimed"


@pytest.mark.parametrize(("given", "bound"), [("0001-01-01", MIN_NS + 1), ("9999-12-31", MAX_NS)])
def test_a_bound_beyond_64_bits_is_put_at_their_end(given, bound):
    assert asked("shop", {"since": given}, NOW).query == Compare(RECEIVED, ">=", bound)


@pytest.mark.parametrize("zone", ["+02:00", " 02:00"])
def test_a_zone_holds_for_times_without_one(zone):
    found = asked("shop", {"since": "1970-01-01T02:00", "zone": zone}, NOW)
    assert found.query == Compare(RECEIVED, ">=", 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "some day"),
        ("until", ""),
        ("since", "99999999999999999999999999999999w"),
        ("clock", "both"),
        ("zone", "CET"),
        ("zone", "+24:00"),
        ("zone", "+2"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(name, value):
    with pytest.raises(InvalidInput, match=f"^{name}=") as caught:
        asked("shop", {name: value}, NOW)
    assert caught.value.code == "bad_parameter"
    assert caught.value.details == {"parameter": name}


def test_a_moment_as_people_say_it_is_answered_with_its_spelling():
    with pytest.raises(InvalidInput) as caught:
        asked("shop", {"since": "2 hours ago"}, NOW)
    assert caught.value.hint == "did you mean since=2h?"
    assert caught.value.details == {"parameter": "since", "meant": "2h"}


def test_the_question_is_everything_that_the_answer_depends_on():
    base = {"q": "a", "clock": "received", "zone": "Z", "since": "2h", "until": "1h"}
    changed = [
        {**base, name: value}
        for name, value in [("q", "b"), ("clock", "claimed"), ("zone", "+01:00"), ("since", "3h"), ("until", "now")]
    ]
    questions = {asked("shop", one, NOW).question for one in [base, *changed]} | {asked("other", base, NOW).question}
    assert len(questions) == 7
    assert asked("shop", base, NOW).question == asked("shop", base, NOW + 1).question


@pytest.mark.parametrize(
    ("query", "span"),
    [
        ("", (None, None)),
        ("received>=1970-01-01T00:00:00.000000005Z", (5, None)),
        ("received>1970-01-01T00:00:00.000000005Z", (6, None)),
        ("received<=1970-01-01T00:00:00.000000005Z", (None, 6)),
        ("received:1970-01-01T00:00:00Z..1970-01-01T00:00:01Z received<1970-01-01T00:00:00.5Z", (0, 500_000_000)),
        ("received>=1970-01-01T00:00:00Z OR a", (None, None)),
        ("time>=1970-01-01T00:00:00Z", (None, None)),
        ("-received>=1970-01-01T00:00:00Z", (None, None)),
    ],
)
def test_the_span_is_what_the_query_itself_bounds(query, span):
    assert span_asked(asked("shop", {"q": query}, NOW).query, "received") == span


@pytest.mark.parametrize("text", ["0", "11", "-1", "01", "", "1.0", "1e1", "9" * 30, "x"])
def test_a_number_out_of_bounds_is_refused_with_them(text):
    with pytest.raises(InvalidInput, match="from 1 to 10"):
        number_of({"limit": text}, "limit", 5, most=10)


def test_numbers_have_a_default_and_both_ends_are_in():
    assert number_of({}, "limit", 5, most=10) == 5
    assert [number_of({"limit": text}, "limit", 5, most=10) for text in ("1", "10")] == [1, 10]


def test_the_first_option_is_the_default():
    assert choice({}, "view", ("row", "entry")) == "row"
    assert order_of({"order": "oldest"}) == "oldest"
    with pytest.raises(InvalidInput, match="newest or oldest"):
        order_of({"order": "Newest"})


def test_facets_are_named_once_whatever_their_spelling():
    assert facet_fields("actor,action,actor.id,actor", "fields") == [BY_NAME["actor"], BY_NAME["action"]]
    assert facet_fields("", "fields") == []


@pytest.mark.parametrize("name", ["id", "message", "labels.a", "actoor", "", ",outcome"])
def test_what_cannot_be_counted_is_refused(name):
    with pytest.raises(InvalidInput, match="cannot be counted") as caught:
        facet_fields(f"action,{name}", "by")
    assert caught.value.hint
