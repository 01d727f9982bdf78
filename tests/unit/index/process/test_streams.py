import gc
import weakref

import pytest
from tests.support.views import row, view

from graven.errors import Busy, NotFound
from graven.index.export import export
from graven.index.process.streams import Streams


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Pieces:
    """Whether anybody still holds them."""

    def __init__(self) -> None:
        self.left = [b"a", b"b"]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop(0)


def streams():
    clock = Clock()
    return Streams(clock=clock), clock


def test_pieces_come_in_order_and_then_the_stream_is_gone():
    made, _ = streams()
    made.open(7, Pieces())
    assert [made.next(7), made.next(7), made.next(7)] == [b"a", b"b", None]
    with pytest.raises(NotFound, match="over"):
        made.next(7)


def test_a_stream_that_fails_is_gone():
    made, _ = streams()
    made.open(7, (1 // 0 for _ in range(1)))
    with pytest.raises(ZeroDivisionError):
        made.next(7)
    with pytest.raises(NotFound):
        made.next(7)


def test_closing_is_for_any_number():
    made, _ = streams()
    made.open(7, Pieces())
    made.close(7)
    made.close(8)
    with pytest.raises(NotFound):
        made.next(7)


@pytest.mark.parametrize("name", ["ndjson", "parquet"])
def test_an_export_that_is_closed_meanwhile_ends_with_the_batch_it_is_at(name):
    made, _ = streams()
    asked = []

    def batches():
        for n in range(5):
            asked.append(n)
            made.close(7)
            yield [row(view(n, message="x" * 100_000))]

    made.open(7, export(name, batches(), log="shop"))
    made.next(7)
    with pytest.raises(NotFound):
        made.next(7)
    assert asked == [0]


def test_too_many_are_refused_until_one_ends():
    made, _ = streams()
    for number in range(32):
        made.open(number, Pieces())
    with pytest.raises(Busy, match="32 exports"):
        made.open(99, Pieces())
    made.close(5)
    made.open(99, Pieces())
    assert made.next(99) == b"a"


def test_one_that_nobody_asks_is_swept_away_and_lets_go_of_what_it_holds():
    made, clock = streams()
    left_alone = Pieces()
    held = weakref.ref(left_alone)
    made.open(1, left_alone)
    del left_alone
    clock.now = 100.0
    made.open(2, Pieces())
    clock.now = 120.0
    made.sweep()
    assert held() is not None
    clock.now = 121.0
    made.sweep()
    gc.collect()
    assert held() is None
    with pytest.raises(NotFound):
        made.next(1)
    assert made.next(2) == b"a"


def test_asking_keeps_it():
    made, clock = streams()
    made.open(1, Pieces())
    clock.now = 119.0
    made.next(1)
    clock.now = 238.0
    made.sweep()
    assert made.next(1) == b"b"


def test_forgotten_ones_make_room():
    made, clock = streams()
    for number in range(32):
        made.open(number, Pieces())
    clock.now = 121.0
    made.open(99, Pieces())
    assert made.next(99) == b"a"
