"""The process on its end of a socket, with a real log beneath."""

import fcntl
import resource
import socket
import threading
import time

import pytest
from tests.support.indexed_log import append, events, opened

from graven.index.process import main as module
from graven.index.process.main import IndexProcess
from graven.index.process.messages import Answer, Call, Cancel, Failure, Frames, Progress, Sizes, encode

COUNT = 20
PATIENCE_S = 30


class Talk:
    """Our end of the socket, and the process in a thread."""

    def __init__(self, data, query_s=10.0, *, least_descriptor=0):
        self.ours, theirs = socket.socketpair()
        if least_descriptor:
            with theirs:
                theirs = socket.socket(fileno=fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, least_descriptor))
        self.ours.settimeout(PATIENCE_S)
        self.process = IndexProcess(data, theirs, query_s=query_s)
        self.thread = threading.Thread(target=self.process.run)
        self.thread.start()
        self._theirs = theirs
        self._frames = Frames()
        self._came = []
        self.states = {}

    def say(self, *messages):
        self.ours.sendall(b"".join(map(encode, messages)))

    def hear(self, number):
        """The answer with that number."""
        while True:
            for message in list(self._came):
                self._came.remove(message)
                if isinstance(message, Progress):
                    self.states |= message.logs
                elif message.id == number:
                    return message
            data = self.ours.recv(1 << 16)
            assert data
            self._came += self._frames.feed(data)

    def ask(self, number, method, log="shop", **parameters):
        self.say(Call(number, method, log, parameters))
        return self.hear(number)

    def close(self):
        self.ours.close()
        self.thread.join(PATIENCE_S)
        self._theirs.close()
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("main") / "data"
    for name, count in (("shop", COUNT), ("empty", 0)):
        with opened(data, name) as log:
            if count:
                append(log, events(0, count))
    return data


@pytest.fixture
def talk(data):
    made = Talk(data)
    made.say(Sizes({"shop": COUNT, "empty": 0, "gone": 5}))
    deadline = time.monotonic() + PATIENCE_S
    number = 1_000
    while True:
        number += 1
        answer = made.ask(number, "head", "empty")
        full = made.ask(-number, "search", limit="1")
        if isinstance(answer, Answer) and isinstance(full, Answer) and b'"indexed":20' in full.body:
            break
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield made
    made.close()


def test_a_log_that_cannot_be_opened_is_away_and_the_others_answer(talk):
    answer = talk.ask(1, "search", "gone")
    assert (answer.kind, answer.code, answer.hint) == ("Unavailable", "index_away", "ask again in a moment")
    assert talk.ask(2, "search", q="actor:u-3").count == 3


def test_an_empty_log_answers_everything(talk):
    assert b'"events":[],"next":null' in talk.ask(1, "search", "empty").body
    assert b'"buckets":[]' in talk.ask(2, "histogram", "empty", by="actor").body
    assert b'"total":0' in talk.ask(3, "facets", "empty").body
    assert b'"newest":null' in talk.ask(4, "newest", "empty", q="a").body
    assert talk.ask(5, "complete", "empty", q="actor:").body
    assert talk.ask(6, "by_id", "empty", id="x").code == "entry_not_found"
    assert talk.ask(7, "around", "empty", index="0").code == "entry_not_found"
    assert talk.ask(8, "head", "empty").body
    stream = talk.ask(9, "export", "empty")
    assert (stream.count, stream.more) == (0, True)
    assert not talk.ask(10, "next", "empty", stream="9").more


def test_the_tail_of_an_empty_log_gives_no_index_to_come_back_with(talk):
    body = talk.ask(1, "tail", "empty", after="-1").body
    assert body.startswith(b"event: progress\n")
    assert b"id:" not in body


def test_a_tail_gives_the_newest_and_says_how_many_it_left_out(talk):
    answer = talk.ask(1, "tail", after="-1", limit="2")
    assert (answer.count, answer.first, answer.last) == (20, 18, 19)
    assert answer.body.count(b"event: row") == 2
    assert b'"skipped":18' in answer.body


def test_a_client_that_was_further_than_the_index_is_kept_there(talk):
    answer = talk.ask(1, "tail", after="100")
    assert (answer.count, answer.last) == (0, 100)
    assert b"id: 100\nevent: progress" in answer.body


def test_pages_follow_one_another_by_cursor_and_by_no_other(talk):
    import json

    found, parameters, number = [], {"limit": "7"}, 1
    while True:
        body = json.loads(talk.ask(number, "search", **parameters).body)
        found += [row["index"] for row in body["events"]]
        if body["next"] is None:
            break
        parameters["cursor"], number = body["next"], number + 1
    assert found == list(range(19, -1, -1))
    assert talk.ask(90, "search", **{**parameters, "q": "other"}).code == "bad_cursor"
    assert talk.ask(91, "search", "empty", **parameters).code == "bad_cursor"


def test_an_unexpected_error_is_answered_and_nothing_of_it_is_told(talk, monkeypatch, capfd):
    monkeypatch.setitem(module.METHODS, "broken", lambda log, call, check: 1 // 0)
    answer = talk.ask(1, "broken")
    assert (answer.code, "ZeroDivision" in answer.message) == ("index_failed", False)
    assert "ZeroDivision" in capfd.readouterr().err


def test_an_answer_that_is_too_large_is_refused_and_the_conversation_goes_on(talk, monkeypatch):
    from graven.index.process import messages

    monkeypatch.setattr(messages, "_MOST_BYTES", 1_000)
    assert talk.ask(1, "search").code == "answer_too_large"
    assert isinstance(talk.ask(2, "search", "empty"), Answer)


def test_questions_that_were_answered_or_cancelled_leave_nothing_behind(talk):
    talk.say(Cancel(5), Cancel(6))
    talk.ask(7, "search")
    talk.say(Cancel(7))
    talk.ask(8, "search")
    deadline = time.monotonic() + PATIENCE_S
    while talk.process._cancelled:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_question_that_is_cancelled_while_it_waits_is_not_answered_at_length(talk, monkeypatch):
    held, begun = threading.Event(), threading.Semaphore(0)

    def hold(log, call, check):
        begun.release()
        held.wait(PATIENCE_S)
        check()
        return Answer(call.id, b"done")

    monkeypatch.setitem(module.METHODS, "hold", hold)
    for number in range(1, 6):  # one more than threads
        talk.say(Call(number, "hold", "shop", {}))
    for _ in range(4):
        assert begun.acquire(timeout=PATIENCE_S)
    talk.say(Cancel(5))
    while not talk.process._cancelled.get(5):
        time.sleep(0.01)
    held.set()
    assert talk.hear(5).code == "cancelled"
    assert not begun.acquire(blocking=False)


def test_a_piece_that_nobody_waits_for_any_more_is_not_made(talk, monkeypatch):
    held, begun, made = threading.Event(), threading.Semaphore(0), []

    def hold(log, call, check):
        begun.release()
        held.wait(PATIENCE_S)
        return Answer(call.id, b"done")

    def pieces():
        made.append(1)
        yield b"piece"

    monkeypatch.setitem(module.METHODS, "hold", hold)
    monkeypatch.setitem(module.STREAMED, "export", lambda *given: (1, pieces()))
    assert talk.ask(1, "export").more
    for number in range(2, 6):
        talk.say(Call(number, "hold", "shop", {}))
    for _ in range(4):
        assert begun.acquire(timeout=PATIENCE_S)
    talk.say(Call(6, "next", "shop", {"stream": "1"}), Cancel(6))
    while not talk.process._cancelled.get(6):
        time.sleep(0.01)
    held.set()
    assert talk.hear(6).code == "cancelled"
    assert not made
    assert talk.ask(7, "next", stream="1").body == b"piece"


def test_waiting_counts_as_time(data, monkeypatch):
    made = Talk(data, query_s=0.0)
    try:
        made.say(Sizes({"shop": COUNT}))
        deadline = time.monotonic() + PATIENCE_S
        while (answer := made.ask(1, "search")).code == "index_away":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert isinstance(answer, Failure)
        assert (answer.kind, answer.code) == ("TimedOut", "query_too_slow")
    finally:
        made.close()


def test_it_ends_when_the_other_end_is_closed_in_the_middle_of_an_answer(data):
    made = Talk(data)
    made.say(Sizes({"shop": COUNT}), *(Call(number, "search", "shop", {"limit": "20"}) for number in range(2_000)))
    time.sleep(0.2)  # nobody reads: its answers fill the socket
    made.close()


def test_a_server_with_thousands_of_connections_gives_a_high_descriptor_and_is_answered(data):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 2_048), limits[1]))
    try:
        made = Talk(data, least_descriptor=1_500)
        try:
            assert made._theirs.fileno() >= 1_500
            assert made.ask(1, "search", "nowhere").code == "index_away"
        finally:
            made.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_streams_that_were_left_alone_are_closed_while_nothing_comes(data, monkeypatch):
    monkeypatch.setattr(module, "_SWEEP_MS", 1)
    swept = threading.Event()
    monkeypatch.setattr(module.Streams, "sweep", lambda self: swept.set())
    made = Talk(data)
    try:
        assert swept.wait(PATIENCE_S)
    finally:
        made.close()
