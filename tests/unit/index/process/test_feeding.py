"""What the live tail and the alerts ask, of a real log with three sealed segments and a few hot rows."""

import msgspec
import pytest
from tests.support.indexed_log import ROWS, append, events, followed, opened, seal_all

from graven.errors import Unavailable
from graven.index.process import feeding as module
from graven.index.process.feeding import head, moments, views
from graven.index.process.messages import Call
from graven.index.segment.sealed import SealedSegment

SIZE = 3 * ROWS + 10


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    data = tmp_path_factory.mktemp("feeding") / "data"
    with opened(data) as made:
        append(made, events(0, SIZE))
    followed_log = followed(data, SIZE)
    seal_all(followed_log)
    yield followed_log
    followed_log.close()


def ask(method, log, start, stop, q=""):
    return method(log, Call(1, method.__name__, "shop", {"q": q, "start": str(start), "stop": str(stop)}), lambda: None)


def indexes(answer):
    return [view["index"] for view in msgspec.json.decode(answer.body)]


def test_views_are_of_the_matches_within_the_range(log):
    answer = ask(views, log, ROWS - 8, ROWS + 8, "actor:u-3")
    assert indexes(answer) == [n for n in range(ROWS - 8, ROWS + 8) if n % 7 == 3]
    assert (answer.count, answer.more) == (2, False)
    assert indexes(ask(views, log, 5, 5)) == []


def test_views_that_do_not_fit_come_with_the_next_question(log, monkeypatch):
    monkeypatch.setattr(module, "_MOST_BYTES", 1)
    found, start = [], 0
    while True:
        answer = ask(views, log, start, 5)
        found += indexes(answer)
        if not answer.more:
            break
        start = found[-1] + 1
    assert found == [0, 1, 2, 3, 4]


def test_more_matches_than_a_page_holds_come_with_the_next_question(log, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    assert (indexes(ask(views, log, 0, 4)), ask(views, log, 0, 4).more) == ([0, 1, 2], True)
    assert (indexes(ask(views, log, 3, 4)), ask(views, log, 3, 4).more) == ([3], False)
    assert not ask(views, log, 0, 3).more


def test_moments_are_of_the_matches_within_the_range(log):
    found = msgspec.msgpack.decode(ask(moments, log, 3, 2 * ROWS + 4, "actor:u-3").body)
    matching = [n for n in range(3, 2 * ROWS + 4) if n % 7 == 3]
    assert (found[0]["index"], found[-1]["index"]) == (matching[0], matching[-1])
    assert {each["index"] for each in found} <= set(matching)
    assert msgspec.msgpack.decode(ask(moments, log, 5, 5).body) == []


@pytest.mark.parametrize("method", [views, moments])
def test_nothing_behind_the_range_is_looked_at(log, monkeypatch, method):
    looked = []
    ours = SealedSegment.worded

    def worded(self, *arguments, **options):
        looked.append(self.first)
        return ours(self, *arguments, **options)

    monkeypatch.setattr(SealedSegment, "worded", worded)
    ask(method, log, 0, 10, "number")
    assert looked == [0]
    ask(method, log, ROWS, ROWS + 1, "number")
    assert looked == [0, ROWS]


@pytest.mark.parametrize("method", [views, moments])
def test_a_range_that_is_not_indexed_to_its_end_is_refused_and_not_taken_for_one_without_matches(log, method):
    with pytest.raises(Unavailable, match=f"has {SIZE} entries") as caught:
        ask(method, log, SIZE - 1, SIZE + 1)
    assert caught.value.code == "index_away"
    assert ask(method, log, SIZE - 1, SIZE).count == 1


def test_the_head_is_how_far_the_index_is(log):
    indexed, received_ns, is_whole = msgspec.msgpack.decode(head(log, Call(1, "head", "shop", {}), lambda: None).body)
    assert (indexed, is_whole, received_ns > 0) == (SIZE, True, True)
