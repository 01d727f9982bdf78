"""Whose delivery is next."""

from graven.detect.store import Delivery
from graven.detect.turns import Turns


def due(alert, address="https://a.example/", at_ns=0):
    return Delivery("fire", address, "shop", alert, b"", 0, at_ns)


def served(turns, waiting, times):
    """Who is next, so many times, when nothing of what waits ever ends."""
    names = []
    for _ in range(times):
        first = turns.order(waiting)[0]
        turns.served(first)
        names.append((first.alert, first.address.removeprefix("mailto:")))
    return names


def test_what_is_due_longest_goes_first():
    waiting = [due("late", "https://a.example/", 2), due("early", "https://b.example/", 1)]
    assert [one.alert for one in Turns().order(waiting)] == ["early", "late"]


def test_one_of_each_address_is_given():
    waiting = [due("x"), due("y"), due("x", "https://b.example/")]
    assert [one.address for one in Turns().order(waiting)] == ["https://a.example/", "https://b.example/"]


def test_alerts_take_turns_at_an_address():
    waiting = [due("flood", at_ns=0), due("real", at_ns=9), due("other", at_ns=10)]
    assert [name for name, _ in served(Turns(), waiting, 6)] == ["flood", "real", "other"] * 2


def test_an_alert_with_many_mailboxes_does_not_hold_up_the_mailbox_of_another():
    many = [due("flood", f"mailto:{n}@a.example") for n in range(5)]
    names = served(Turns(), [*many, due("real", "mailto:qa@a.example", 9)], 10)
    assert names[1] == ("real", "qa@a.example")
    assert [name for name, _ in names] == ["flood", "real"] * 5


def test_no_address_of_an_alert_is_left_out():
    shared = "mailto:0@a.example"
    waiting = [due("x", f"mailto:{n}@a.example") for n in range(3)] + [due("y", shared)]
    seen = served(Turns(), waiting, 12)
    assert {("x", f"{n}@a.example") for n in range(3)} | {("y", "0@a.example")} == set(seen)


def test_what_has_nothing_due_is_forgotten():
    turns = Turns()
    served(turns, [due("x"), due("y")], 4)
    turns.order([])
    assert turns._at_address == turns._at_host == {}
