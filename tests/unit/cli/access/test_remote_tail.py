"""A tail goes on behind what it has seen, whatever happens to the connection."""

import itertools

import httpx
import pytest

from graven.cli.access.questions import Away, Caught, Tailed
from graven.cli.access.remote_tail import follow
from graven.errors import Conflict, InvalidInput, NotFound, Unauthenticated, Unavailable

ROW = b'id: %d\nevent: row\ndata: {"index":%d}\n\n'
PROGRESS = b'id: %d\nevent: progress\ndata: {"indexed":%d,"size":%d,"skipped":%d}\n\n'


class Script:
    """Answers in order: pieces of a stream, or what the opening raises."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.slept = []

    def opened(self, last):
        self.asked.append(last)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, stream=Pieces(answer))

    def follow(self, after=None):
        return follow(self.opened, after=after, sleep=self.slept.append, chance=lambda: 1.0)


class Pieces(httpx.SyncByteStream):
    def __init__(self, pieces):
        self.pieces = pieces

    def __iter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def take(items, count):
    return list(itertools.islice(items, count))


def test_rows_and_progress_are_told_in_order():
    script = Script([ROW % (4, 4), PROGRESS % (6, 7, 9, 2)])
    assert take(script.follow(after=3), 2) == [Tailed(4, b'{"index":4}'), Caught(7, 9, 2)]
    assert script.asked == [3]


@pytest.mark.parametrize(
    "end", [httpx.ReadTimeout("silent"), httpx.RemoteProtocolError("incomplete"), httpx.ReadError("reset")]
)
def test_a_broken_connection_is_made_again_behind_what_was_seen(end):
    script = Script([ROW % (4, 4), end], [ROW % (5, 5)])
    found = take(script.follow(after=0), 3)
    assert [type(item) for item in found] == [Tailed, Away, Tailed]
    assert script.asked == [0, 4]


def test_a_broken_connection_is_told_in_our_words():
    ended = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    script = Script([ROW % (4, 4), ended], [])
    assert take(script.follow(after=0), 2)[1] == Away("the server closed the connection in the middle", 1.0)


def test_what_was_looked_at_without_a_match_is_not_looked_at_again():
    script = Script([PROGRESS % (99, 100, 100, 0)], [])
    take(script.follow(after=0), 3)
    assert script.asked == [0, 99]


def test_waiting_grows_while_nobody_answers_and_begins_anew_behind_an_answer():
    gone = Unavailable("no server answers")
    script = Script([ROW % (1, 1)], gone, gone, gone, [ROW % (2, 2)], [ROW % (3, 3)])
    take(script.follow(), 8)
    assert script.slept == [1.0, 1.5, 2.5, 4.5, 1.0]


def test_a_log_that_was_made_smaller_meanwhile_is_said_and_not_tried_again():
    smaller = Conflict("there is no entry 4 to go on behind", code="beyond_the_log")
    script = Script([ROW % (4, 4), httpx.ReadError("reset")], smaller)
    items = script.follow(after=0)
    assert [type(item) for item in take(items, 2)] == [Tailed, Away]
    with pytest.raises(Conflict):
        next(items)
    assert script.asked == [0, 4]


def test_a_server_that_was_never_there_is_said_at_once():
    with pytest.raises(Unavailable):
        take(Script(Unavailable("no server answers")).follow(), 1)


def test_an_index_that_is_away_at_the_start_is_waited_for():
    script = Script(Unavailable("away", code="index_away"), [ROW % (1, 1)])
    assert [type(item) for item in take(script.follow(), 2)] == [Away, Tailed]


def test_an_index_that_is_switched_off_is_never_waited_for():
    off = Unavailable("off", code="index_off")
    for script in (Script(off), Script([ROW % (1, 1)], off)):
        with pytest.raises(Unavailable):
            take(script.follow(), 5)


def test_a_bad_query_is_never_tried_again():
    with pytest.raises(InvalidInput):
        take(Script(InvalidInput("bad", code="bad_query")).follow(), 1)


@pytest.mark.parametrize(("code", "kind"), [("unauthenticated", Unauthenticated), ("unknown_log", NotFound)])
def test_an_error_in_the_stream_that_cannot_pass_ends_it(code, kind):
    said = b'event: error\ndata: {"error":{"code":"%b","message":"no","hint":"h"}}\n\n' % code.encode()
    with pytest.raises(kind):
        take(Script([ROW % (1, 1), said]).follow(), 2)


def test_an_error_in_the_stream_that_can_pass_is_waited_for():
    said = b'event: error\ndata: {"error":{"code":"index_away","message":"away"}}\n\n'
    script = Script([said], [ROW % (3, 3)])
    assert take(script.follow(after=1), 2)[0] == Away("away", 1.0)
