"""Faults as people and programs read them."""

import msgspec
import pytest

from graven.event.model import Event
from graven.event.validate import Fault, fault_of, find_forgery, invalid_event, without_markers


def test_the_message_names_the_first_item_and_the_number_of_others():
    error = invalid_event([Fault(3, "time", "time without zone", "use Z"), Fault(5, "", "x")])
    assert error.message == "item 3: time: time without zone (and 1 more)"
    assert error.hint == "use Z"
    assert error.code == "invalid_event"


@pytest.mark.parametrize("name", ["a`b", "x - at `$.y`", "a\nb", ""])
def test_odd_member_names_are_named_whole(name):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"action": "a", "actor": {"id": "x", name: 1}}, Event)
    assert "unknown field" in fault_of(0, caught.value).reason


def test_the_place_of_a_forgery_is_given():
    assert find_forgery({"a": [1, {"b": {"$sealed": 1}}]}) == ("a[1].b", "$sealed is written by the server only")
    assert find_forgery({"a": {"$redacted": {"by": "producer", "rule": "x"}}}) is None


def test_a_redacted_member_counts_as_absent_for_its_type():
    marker = {"$redacted": {"by": "producer", "rule": "x"}}
    value = {"actor": {"id": marker, "name": marker}, "targets": [marker, {"id": marker}], "message": marker}
    assert without_markers(value) == {"actor": {"id": "$redacted"}, "targets": [{}]}
