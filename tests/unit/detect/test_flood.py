"""What one alert may say within a minute."""

import msgspec
from tests.support.alert_world import SECOND, START_NS

from graven.detect.fired import Fired, Found, fire_event, message_of
from graven.detect.flood import Flood
from graven.detect.message import deliveries_of
from graven.detect.rule import Alert, Threshold
from graven.event.intake import JSON, prepare_events
from graven.event.redact import Redactor
from graven.server.system import SERVER

MINUTE = 60 * SECOND
BEGIN_NS = START_NS // MINUTE * MINUTE
ALERT = Alert(name="x", threshold=Threshold(count=1, window_s=1, by="correlation"), to=("https://hooks.example/a",))


def found(index, *, at_ns=None, group=None):
    at_ns = BEGIN_NS + index if at_ns is None else at_ns
    return Found(at_ns=at_ns, since_ns=at_ns, count=1, indexes=(index,), group=group or f"c{index}")


def summary_of(flood, *many):
    """The one that stands for others; the first firing stands for itself."""
    passed = list(flood.let_through(many, BEGIN_NS + MINUTE))
    return passed[-1]


def test_what_is_no_flood_passes_as_it_is():
    few = [found(index) for index in range(3)]
    assert list(Flood(most=3).let_through(few, BEGIN_NS + MINUTE)) == few


def test_beyond_that_one_stands_for_the_others_and_names_where_they_lie():
    summary = summary_of(Flood(most=2), *(found(index) for index in range(10)))
    assert (summary.more.firings, summary.more.values, summary.indexes) == (8, 8, (2, 9))
    assert summary.at_ns == BEGIN_NS + MINUTE


def test_it_fires_when_the_minute_is_over_and_not_before():
    flood = Flood(most=1)
    assert len(list(flood.let_through([found(0), found(1)], BEGIN_NS + MINUTE - 1))) == 1
    assert [one.more.firings for one in flood.let_through((), BEGIN_NS + MINUTE)] == [1]
    assert list(flood.let_through((), BEGIN_NS + 2 * MINUTE)) == []


def test_the_next_minute_has_as_many_again():
    flood = Flood(most=1)
    later = [found(index, at_ns=BEGIN_NS + MINUTE) for index in (2, 3)]
    passed = list(flood.let_through([found(0), found(1), *later], BEGIN_NS + MINUTE))
    assert [one.indexes for one in passed] == [(0,), (1,), (2,)]


def test_a_value_that_fires_again_is_counted_once():
    summary = summary_of(Flood(most=1), found(0), found(1, group="a"), found(2, group="b"), found(3, group="a"))
    assert (summary.more.firings, summary.more.values) == (3, 2)


def test_values_are_counted_in_bounded_memory_and_said_to_be_at_least_so_many():
    flood = Flood(most=1, max_values=3)
    summary = summary_of(flood, *(found(index) for index in range(10)))
    assert (summary.more.values, summary.more.is_least) == (3, True)
    assert "for at least 3 values of correlation" in message_of(Fired.of("shop", ALERT, summary))


def test_a_restart_within_the_minute_says_the_same():
    whole = summary_of(Flood(most=1), *(found(index) for index in range(9)))
    first, second = Flood(most=1), Flood(most=1)
    list(first.let_through([found(index) for index in range(5)], BEGIN_NS + 5))
    second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.state())))
    assert summary_of(second, *(found(index) for index in range(5, 9))) == whole


def test_its_entry_is_a_valid_event_that_says_what_to_search_for():
    fired = Fired.of("shop", ALERT, summary_of(Flood(most=1), *(found(index) for index in range(5))))
    event = fire_event(fired)
    assert event["message"] == (
        "shop/x: 4 more firings within the same minute for 4 values of correlation, for all of which this one stands: "
        "index:1..4"
    )
    assert event["attributes"]["more"] == {"firings": 4, "values": 4}
    body = msgspec.json.encode(event)
    assert len(prepare_events(body, JSON, SERVER, Redactor(()), now_ns=START_NS)) == 1


def test_its_message_holds_no_value():
    fired = Fired.of("shop", ALERT, summary_of(Flood(most=1), *(found(index, group="mallory") for index in range(5))))
    (delivery,) = deliveries_of(fired, START_NS, "https://graven.example")
    assert b"mallory" not in delivery.body
    data = msgspec.json.decode(delivery.body)["data"]
    assert data["more"] == {"firings": 4, "values": 1}
    assert data["link"] == "https://graven.example/ui/shop/events?q=index:1..4"
