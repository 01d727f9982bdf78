from graven.sdk.answers import Refused
from graven.sdk.refusal import take_apart

EVENTS = [b"a", b"b", b"c", b"d", b"e"]


def test_named_items_are_left_out_and_the_rest_stays_in_order():
    refused = Refused(422, "invalid_event", "bad", frozenset({1, 3}), ((1, "one"), (3, "three")))
    assert take_apart(EVENTS, refused, may_split=True) == ([[b"a", b"c", b"e"]], [(b"b", "one"), (b"d", "three")])


def test_when_all_are_named_nothing_stays():
    refused = Refused(422, "x", "bad", frozenset(range(5)))
    keep, lost = take_apart(EVENTS, refused, may_split=True)
    assert keep == []
    assert [event for event, _ in lost] == EVENTS


def test_an_unnamed_fault_halves_the_batch():
    assert take_apart(EVENTS, Refused(413, "too_large", ""), may_split=True) == ([[b"a", b"b"], [b"c", b"d", b"e"]], [])


def test_a_single_event_at_fault_is_lost():
    assert take_apart([b"a"], Refused(413, "x", "too big"), may_split=True) == ([], [(b"a", "too big")])


def test_a_refusal_of_the_request_as_such_is_not_taken_apart():
    keep, lost = take_apart(EVENTS, Refused(401, "unauthenticated", ""), may_split=True)
    assert keep == []
    assert lost == [(event, "the server answered 401") for event in EVENTS]


def test_the_search_for_the_fault_ends_when_it_may_not_split():
    assert take_apart(EVENTS, Refused(400, "x", "m"), may_split=False).keep == []
