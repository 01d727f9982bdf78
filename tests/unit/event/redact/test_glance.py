"""The fast look in front of redaction: yes only where the slow path changes nothing."""

import enum

import pytest

from graven.event.redact import Glance, Redactor, Rule


def glance(**bounds):
    return Glance(Redactor(remember=True), **{"depth": 3, "items": 4, "nodes": 20, "text": 10, **bounds})


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "ten chars.", [1, [2, [3]]], (1, 2), {"a": {"b": {}}}])
def test_plain_data_within_the_bounds_is_plain(value):
    assert glance().is_plain({"input": value})


@pytest.mark.parametrize(
    "value",
    [b"x", {1, 2}, object(), Colour.RED, float("nan"), float("inf"), 2**63, {1: 2}, {Colour.RED: 1}, {"n" * 257: 1}],
    ids=["bytes", "set", "object", "enum", "nan", "inf", "big", "number as name", "enum as name", "long name"],
)
def test_what_a_capture_would_rewrite_is_not_plain(value):
    assert not glance().is_plain({"input": value})


@pytest.mark.parametrize(
    "value", ["eleven char", [1, 2, 3, 4, 5], [[[[1]]]], [[1, 2, 3, 4]] * 4], ids=["text", "items", "depth", "nodes"]
)
def test_what_a_capture_would_cut_is_not_plain(value):
    assert not glance().is_plain({"input": value})


def test_a_value_that_contains_itself_is_not_plain():
    endless = []
    endless.append(endless)
    assert not glance(nodes=10**9).is_plain({"input": endless})


@pytest.mark.parametrize(
    "value",
    [
        {"password": "x"},
        {"name": "cookie", "value": "x"},
        ["authorization", "x"],
        ["mysql", "--password", "x"],
        "?token=abc",
        4111111111111111,
        {"$redacted": 1},
        {"$sealed": 1},
    ],
    ids=repr,
)
def test_what_a_rule_could_take_is_not_plain(value):
    assert not glance(text=100).is_plain({"input": value})


def test_without_a_redactor_only_the_shape_counts():
    assert Glance(None, depth=3, items=4, nodes=20, text=10).is_plain({"trace": {"password": "x"}})


def test_a_rule_that_takes_positions_makes_nothing_plain():
    redactor = Redactor((Rule(name="all", paths=("input.*",)),), remember=True)
    assert not Glance(redactor, depth=3, items=4, nodes=20, text=10).is_plain({"input": 1})
