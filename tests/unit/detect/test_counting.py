"""What a threshold remembers of a value is bounded in bytes, and says which value it was."""

import hashlib

import msgspec
import pytest
from tests.support.alert_world import START_NS

from graven.detect.counting import MAX_NAME_BYTES, Counting, names_of
from graven.detect.fired import Found
from graven.detect.rule import Threshold, column_of

TEAM = "labels.team"


def view(value: str) -> dict[str, object]:
    return {"event": {"labels": {"team": value}}}


def name_of(value: str) -> str:
    (name,) = names_of(column_of(TEAM), view(value))
    assert name is not None
    return name


def taken(counting: Counting, *values: str) -> list[Found]:
    return [one for n, value in enumerate(values) for one in counting.take(n, START_NS + n, view(value))]


def test_long_values_do_not_make_the_state_long() -> None:
    counting = Counting(Threshold(count=2, window_s=10, by=TEAM), 0)
    taken(counting, *(f"{n}" + "x" * 100_000 for n in range(20)))
    assert len(counting.state()) == 20
    assert len(msgspec.msgpack.encode(counting.state())) < 20 * (MAX_NAME_BYTES + 100)


def test_long_values_that_begin_alike_are_counted_apart() -> None:
    one, other = "x" * 5_000 + "1", "x" * 5_000 + "2"
    fired = taken(Counting(Threshold(count=2, window_s=10, by=TEAM), 0), one, other, one)
    assert [found.indexes for found in fired] == [(0, 2)]
    assert fired[0].group == name_of(one)


@pytest.mark.parametrize("character", ["x", "é", "€", "😀", "\ud800"])
def test_a_long_value_is_named_by_its_beginning_and_its_digest(character: str) -> None:
    value = "build " + character * 5_000
    name = name_of(value)
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    assert name.startswith("build ")
    assert name.endswith(f"… (sha256 {digest})")
    assert len(name.encode()) <= MAX_NAME_BYTES


@pytest.mark.parametrize("value", ["", "x" * MAX_NAME_BYTES, "€" * (MAX_NAME_BYTES // 3)])
def test_a_value_up_to_the_limit_is_named_whole(value: str) -> None:
    assert name_of(value) == value


def test_a_state_with_long_values_goes_on_under_their_short_names() -> None:
    value = "x" * 5_000
    counting = Counting(Threshold(count=2, window_s=10, by=TEAM), 0)
    counting.restore([[value, 0, 1, [[START_NS, 0]]]])
    fired = list(counting.take(1, START_NS + 1, view(value)))
    assert [(found.group, found.indexes) for found in fired] == [(name_of(value), (0, 1))]
    again = Counting(Threshold(count=2, window_s=10, by=TEAM), 0)
    again.restore(counting.state())
    assert again.state() == counting.state()
