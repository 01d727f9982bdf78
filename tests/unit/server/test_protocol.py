"""The guarded protocol, on a transport that only writes down and a clock that moves when told."""

import heapq
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from graven.server.protocol import ENDLESS, MAX_HEAD_BYTES, RESPOND, guarded_protocol
from graven.server.settings import LimitSettings

TAIL = b"GET /tail HTTP/1.1\r\nhost: x\r\n\r\n"
SHORT = b"GET /short HTTP/1.1\r\nhost: x\r\n\r\n"
HALF_A_BODY = b"POST /events HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345"


class Timer:
    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Task:
    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        pass


class Loop:
    """As much of an event loop as the protocol uses; no application runs: a test answers in its place."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tasks = 0
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = count()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def call_later(self, wait: float, call: Callable[[], None]) -> Timer:
        return self.call_at(self.now + wait, call)

    def create_task(self, coroutine: Coroutine[Any, Any, None], **_: object) -> Task:
        coroutine.close()
        self.tasks += 1
        return Task()

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.call()
        self.now = end


class Transport:
    def __init__(self) -> None:
        self.written = b""
        self.aborted = self.closing = False
        self.reading = True

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.aborted = self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_extra_info(self, name: str) -> None:
        return None


async def never_run(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError


class Connection:
    """A client's connection and the requests that the protocol made of its bytes."""

    def __init__(self) -> None:
        limits = LimitSettings(header_timeout_s=5, idle_timeout_s=5, body_grace_s=5)
        self.loop: Any = Loop()
        self.transport: Any = Transport()
        config = uvicorn.Config(
            never_run, ws="none", lifespan="off", log_config=None, timeout_keep_alive=5, interface="asgi3"
        )
        self.protocol: Any = guarded_protocol(limits)(config, ServerState(), {}, _loop=self.loop)
        self.protocol.connection_made(self.transport)

    def ask(self, request: bytes) -> Any:
        self.protocol.data_received(request)
        return self.protocol.cycle

    def begin_tail(self) -> Any:
        tail = self.ask(TAIL)
        tail.scope["extensions"][ENDLESS]()
        done(tail.send({"type": "http.response.start", "status": 200, "headers": []}))
        done(tail.send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True}))
        return tail


def done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that has nothing to wait for."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


@pytest.fixture
def connection() -> Connection:
    return Connection()


def test_a_connection_whose_body_came_after_its_answer_is_closed_when_idle(connection: Connection) -> None:
    connection.ask(HALF_A_BODY).scope["extensions"][RESPOND](401, b"", b"no")
    connection.protocol.data_received(b"67890")
    connection.loop.advance(4)
    assert not connection.transport.closing
    connection.loop.advance(2)
    assert connection.transport.closing


def test_a_request_in_the_segment_that_ends_a_drained_body_is_not_taken_for_idleness(connection: Connection) -> None:
    connection.ask(HALF_A_BODY).scope["extensions"][RESPOND](401, b"", b"no")
    connection.ask(b"67890" + SHORT)
    connection.loop.advance(60)
    assert not connection.transport.closing


def test_a_slow_body_behind_an_open_tail_cuts_the_tail_and_writes_nothing_into_it(connection: Connection) -> None:
    connection.begin_tail()
    before = connection.transport.written
    connection.ask(HALF_A_BODY)
    connection.protocol.flow.resume_reading()  # as the tail does, which waits for its client to leave
    connection.loop.advance(60)
    assert (connection.transport.aborted, connection.transport.written) == (True, before)


def test_a_body_cut_behind_an_open_tail_writes_nothing_into_it(connection: Connection) -> None:
    connection.begin_tail()
    before = connection.transport.written
    connection.ask(HALF_A_BODY)
    assert not connection.protocol.eof_received()
    assert (connection.transport.aborted, connection.transport.written) == (True, before)


def test_a_slow_body_behind_no_other_answer_is_told_so(connection: Connection) -> None:
    connection.ask(SHORT).scope["extensions"][RESPOND](200, b"", b"yes")
    connection.ask(HALF_A_BODY)
    connection.loop.advance(60)
    assert b"HTTP/1.1 408 " in connection.transport.written


def test_every_request_under_way_is_told_that_its_client_is_gone(connection: Connection) -> None:
    tail = connection.begin_tail()
    behind = connection.ask(SHORT)
    connection.protocol.connection_lost(None)
    assert [done(cycle.receive())["type"] for cycle in (tail, behind)] == ["http.disconnect"] * 2


def test_who_closes_its_side_of_an_open_tail_is_gone_whatever_it_asked_behind(connection: Connection) -> None:
    connection.begin_tail()
    connection.ask(SHORT)
    assert not connection.protocol.eof_received()


def test_who_closes_its_side_is_answered_all_that_it_asked(connection: Connection) -> None:
    first, second = connection.ask(SHORT), connection.ask(SHORT)
    assert connection.protocol.eof_received()
    first.scope["extensions"][RESPOND](200, b"", b"one")
    assert not connection.transport.closing
    second.scope["extensions"][RESPOND](200, b"", b"two")
    assert connection.transport.closing


def test_whole_requests_before_what_is_none_are_answered_and_the_connection_closed(connection: Connection) -> None:
    first, second = connection.ask(SHORT), connection.ask(SHORT)
    connection.protocol.data_received(b"\x00\r\n\r\n")
    first.scope["extensions"][RESPOND](200, b"", b"one")
    connection.protocol.data_received(b"more")
    assert connection.loop.tasks == 2  # the second runs: nothing else would ever end the connection
    second.scope["extensions"][RESPOND](200, b"", b"two")
    assert connection.transport.closing


def test_a_request_before_a_head_without_end_is_answered_and_the_connection_closed(connection: Connection) -> None:
    first = connection.ask(SHORT)
    connection.protocol.data_received(b"GET / HTTP/1.1\r\nx: ")
    connection.protocol.data_received(b"x" * (MAX_HEAD_BYTES + 1))
    first.scope["extensions"][RESPOND](200, b"", b"one")
    assert (connection.transport.written.endswith(b"one"), connection.transport.closing) == (True, True)


def test_a_head_without_end_behind_a_running_answer_is_not_kept(connection: Connection) -> None:
    connection.ask(SHORT)
    connection.protocol.data_received(b"GET / HTTP/1.1\r\nx: ")
    connection.protocol.data_received(b"x" * (MAX_HEAD_BYTES + 1))
    connection.protocol.data_received(b"x\r\n\r\n")
    assert not connection.protocol.pipeline


def test_while_whole_requests_wait_for_their_turn_no_more_is_read(connection: Connection) -> None:
    first, second, _ = connection.ask(SHORT), connection.ask(SHORT), connection.ask(SHORT)
    first.scope["extensions"][RESPOND](200, b"", b"one")
    assert not connection.transport.reading
    second.scope["extensions"][RESPOND](200, b"", b"two")
    assert connection.transport.reading


def test_a_lost_connection_keeps_no_request_that_waited(connection: Connection) -> None:
    connection.ask(SHORT * 3)
    connection.protocol.connection_lost(None)
    assert not connection.protocol.pipeline
