import collections
import dataclasses
import datetime as dt
import decimal
import enum
import hashlib
import threading
import typing
import uuid
from pathlib import PurePosixPath

import msgspec
import pytest

from graven.sdk.capture import Capture, Limits, shorten


def capture(value, **limits):
    return Capture(Limits(**limits))(value)


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Order:
    sku: str
    secret: str = dataclasses.field(default="x", repr=False)


class Plain:
    def __init__(self):
        self.name = "n"
        self._hidden = "h"


class Slotted:
    __slots__ = ("a",)


class BrokenRepr:
    def __repr__(self):
        raise ValueError("no")


class BrokenDict(dict):
    def items(self):
        raise ValueError("no")


class BrokenLength(list):
    def __len__(self):
        raise ValueError("no")


class Text(str):
    __slots__ = ()

    def __str__(self):
        raise ValueError("no")


class Point(typing.NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None), (True, True), (1, 1), (1.5, 1.5), ("a", "a"), ([1, (2,)], [1, [2]]),
        ({"a": {1: 2}}, {"a": {"1": 2}}),
        (float("nan"), "nan"), (float("inf"), "inf"), (2**63, {"$int": "9223372036854775808"}),
        (b"text", "text"), ({b"k": b"v"}, {"k": "v"}),
        (b"\xff\x00", {"$bytes": {"size": 2, "digest": sha256(b"\xff\x00")}}),
        (bytearray(b"x"), "x"), (memoryview(b"x"), "x"), (Colour.RED, "red"), (Level.HIGH, 3), (True & 1, 1),
        (dt.date(2026, 1, 2), "2026-01-02"), (dt.timedelta(hours=1), "1:00:00"), (decimal.Decimal("1.10"), "1.10"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (PurePosixPath("/a"), "/a"),
        (Point(1, 2), {"x": 1, "y": 2}), (frozenset({1}), [1]), (range(3), [0, 1, 2]), ("\ud800x", "\\ud800x"),
        (Text("sub"), "sub"), (collections.OrderedDict(a=1), {"a": 1}),
    ],
)  # fmt: skip
def test_values_become_json(value, shown):
    assert capture(value) == shown


def test_a_number_beyond_all_digits_shows_its_size():
    assert capture(10**5000) == {"$int": {"bits": 16610}}


def test_an_object_shows_the_fields_that_its_class_declares():
    assert capture(Order("LAMP")) == {"$type": f"{__name__}.Order", "sku": "LAMP"}


def test_an_object_without_a_repr_of_its_own_shows_its_public_attributes():
    assert capture(Plain()) == {"$type": f"{__name__}.Plain", "name": "n"}


def test_an_object_without_anything_shows_its_type():
    assert capture(Slotted()) == {"$type": f"{__name__}.Slotted"}
    assert capture(threading.Lock())["$type"] == "_thread.lock"


def test_a_broken_repr_breaks_nothing():
    assert capture(BrokenRepr())["repr"] == f"<{__name__}.BrokenRepr whose repr raises ValueError>"


@pytest.mark.parametrize("value", [BrokenDict(a=1), BrokenLength([1])])
def test_a_broken_container_breaks_nothing(value):
    msgspec.json.encode(capture([value, "after"]))
    assert capture([value, "after"])[1] == "after"


def test_an_iterator_is_not_consumed():
    numbers = iter([1, 2])
    assert capture(numbers)["$type"] == "list_iterator"
    assert list(numbers) == [1, 2]


def test_a_cycle_ends():
    loop: list = [1]
    loop.append(loop)
    assert capture(loop) == [1, {"$cycle": "list"}]


def test_the_same_object_twice_is_no_cycle():
    shared = {"a": 1}
    assert capture([shared, shared]) == [{"a": 1}, {"a": 1}]


def test_depth_is_bounded():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert capture(deep, depth=3) == [[[{"$cut": {"type": "list", "items": 1}}]]]


def test_a_long_container_says_how_long_it_was():
    assert capture(list(range(10)), items=2) == [0, 1, {"$cut": {"items": 10}}]
    assert capture(dict.fromkeys("abc", 0), items=2) == {"a": 0, "b": 0, "$cut": {"items": 3}}


def test_the_number_of_values_is_bounded_in_all():
    wide = [[[0] * 100] * 100] * 100
    assert len(msgspec.json.encode(capture(wide, nodes=500))) < 100_000


def test_a_captured_name_cannot_claim_a_redaction():
    assert capture({"$redacted": {"by": "server"}, "$sealed": 1}) == {"_$redacted": {"by": "server"}, "_$sealed": 1}


def test_a_long_text_is_cut_with_size_and_digest_after_it_was_looked_at():
    limits = Limits(text=10, head=3, scan=100)
    taken = Capture(limits)
    text = "é" * 50
    whole = taken({"a": text})
    assert whole == {"a": text}
    assert taken.long
    cut = {"$cut": {"type": "text", "size": 100, "digest": sha256(text.encode()), "head": "ééé"}}
    assert shorten(whole, limits) == {"a": cut}


def test_a_huge_text_is_cut_before_it_is_looked_at():
    limits = Limits(text=10, head=3, scan=20)
    text = "abc" * 10
    cut = Capture(limits)(text)
    assert cut == {"$cut": {"type": "text", "size": 30, "digest": sha256(text.encode()), "head": text[:20]}}
    assert shorten(cut, limits)["$cut"]["head"] == "abc"


def test_where_the_type_is_a_string_a_cut_is_a_string():
    limits = Limits(text=10, head=3)
    assert shorten("x" * 11, limits, plain=True) == f"xxx …[cut: 11 bytes, {sha256(b'x' * 11)}]"


class Answer:
    """Can be called and iterated, as answers of test clients can, and says what it is."""

    def __call__(self):
        return None

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration

    def __repr__(self):
        return "<Answer [404 NOT FOUND]>"


def test_an_object_that_can_be_called_or_iterated_shows_what_it_says_of_itself():
    assert Capture()(Answer())["repr"] == "<Answer [404 NOT FOUND]>"
