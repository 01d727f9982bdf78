"""Markers: which ones a producer may send."""

import json

import pytest

from graven.event.redact.markers import forgery, is_marker, marker, well_formed_count

HMAC = "k1:" + "0f" * 32


@pytest.mark.parametrize("hmac", [None, HMAC])
def test_a_producers_marker_is_accepted(hmac):
    made = marker("producer", "password-field", hmac)
    assert is_marker(made)
    assert forgery(made) is None
    assert well_formed_count(json.dumps([made, made], separators=(",", ":")).encode()) == 2


def test_a_servers_marker_is_not_for_producers():
    made = marker("server", "password-field", HMAC)
    assert "producer" in (forgery(made) or "")
    assert well_formed_count(json.dumps(made, separators=(",", ":")).encode()) == 0


def test_sealed_values_are_not_for_producers():
    assert "$sealed" in (forgery({"$sealed": {}}) or "")


@pytest.mark.parametrize("value", [{}, {"redacted": 1}, [], "$redacted", None, {"$Redacted": 1}])
def test_other_values_are_no_markers(value):
    assert not is_marker(value)
