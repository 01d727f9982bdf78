"""uvicorn's httptools protocol, made to cut off slow and lying clients.

One deadline per connection, re-armed lazily (a timer that fires early looks again), so that a fast
request costs two assignments. The phases: *head* (opening or first byte to end of headers), *body*
(a minimum rate in every window of time), *answer* (nothing is expected of the client), *drain* (the answer
went out before the body was in: the rest is thrown away so that the client can read the answer).
uvicorn itself arms the idle timer between requests.
"""

import asyncio
from asyncio.events import TimerHandle
from collections import deque
from functools import partial
from typing import Any, ClassVar, Literal, TypeGuard

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from graven.server.problems import problem_bytes
from graven.server.settings import LimitSettings

__all__ = ["ENDLESS", "RESPOND", "GuardedProtocol", "guarded_protocol"]

RESPOND = "graven.respond"
"""ASGI extension: `scope["extensions"][RESPOND](status, header lines, body)` answers in one write."""

ENDLESS = "graven.endless"
"""ASGI extension: `scope["extensions"][ENDLESS]()` says that the answer has no end of its own. Whoever closes its side
of the connection then is gone, and not waiting for the rest of it."""

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together, beyond one read of the transport; above it 431."""

_DRAIN_BYTES = 64 * 1024 * 1024

Phase = Literal["idle", "head", "body", "answer", "drain"]


class GuardedProtocol(HttpToolsProtocol):
    """See the module. `limits` is set on a subclass made by `guarded_protocol`."""

    limits: ClassVar[LimitSettings] = LimitSettings()
    cut_off: ClassVar[dict[str, int]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._phase: Phase = "idle"
        self._deadline = 0.0
        self._timer: TimerHandle | None = None
        self._unfinished: deque[RequestResponseCycle] = deque()  # the oldest is being answered, others are behind it
        self._refused = False
        self._takes_no_more = False  # what it took already is answered
        self._ended = False  # what the client sends
        self._endless: RequestResponseCycle | None = None
        self._raw = 0  # bytes from the transport in this phase
        self._content = 0  # of which body content
        self._window_since = 0.0
        self._window_content = 0
        self._write_timer: TimerHandle | None = None

    # --- transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._count("connections")
            transport.abort()
            return
        self._enter("head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._drop_timers()
        for cycle in self._unfinished:
            cycle.body = bytearray()
            cycle.disconnected = True
            cycle.message_event.set()
        self._unfinished.clear()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._phase == "idle":
            self._enter("head")
        self._raw += len(data)
        if self._refused or self._takes_no_more:
            if self._raw > _DRAIN_BYTES:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "upgrade_refused", "this server does not switch protocols")
            return
        except httptools.HttpParserError as error:
            self._parser_failed(error)
            return
        if self.transport.is_closing():
            return
        if self._phase == "head" and self._raw > MAX_HEAD_BYTES:
            self._count("head_too_large")
            if self._ends_behind_whole_requests():
                return
            self._refuse(431, "headers_too_large", f"the headers exceed {MAX_HEAD_BYTES} bytes")
        elif self._phase == "body" and self._raw - self._content > MAX_HEAD_BYTES + 8 * self._content:
            self._count("framing_too_large")
            self._refuse(400, "bad_framing", "the chunk framing outweighs the body by far")
        elif self._phase == "drain" and self._raw > _DRAIN_BYTES:
            self.transport.abort()
        elif self._phase == "idle" and self.timeout_keep_alive_task is None:
            # the rest of a body that was answered before it came: nothing else waits for what is asked next
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more: tell it when its body was cut, or finish answering it."""
        cycle = self.cycle
        if self._refused or not self._under_way(cycle):
            return False
        if self._phase == "body":
            self._count("cut_body")
            self._refuse(400, "cut_body", f"the body ended after {self._content} bytes, before its announced end")
            self.transport.close()
            return False
        cycle.keep_alive = False
        self._ended = True
        return self._endless not in self._unfinished

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.write_timeout_s, self._taker_too_slow)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # --- parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._phase in ("idle", "answer"):
            self._enter("head")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase == "body":
            return  # trailers: nothing here reads them, and they must not pile up
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._unfinished.append(self.cycle)
        extensions: dict[str, Any] = {
            RESPOND: partial(self._respond, self.cycle),
            ENDLESS: partial(self._is_endless, self.cycle),
        }
        self.cycle.on_response = partial(self._answered, self.cycle)
        self.scope["extensions"] = extensions
        self._phase = "body"
        self._raw = self._content = 0
        self._new_window(self.loop.time())

    def on_body(self, body: bytes) -> None:
        self._content += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._phase == "drain":
            self._phase = "idle"
        else:
            self._phase = "answer"
        super().on_message_complete()

    def _answered(self, cycle: RequestResponseCycle) -> None:
        self._unfinished.remove(cycle)
        cycle.body = bytearray()
        if cycle is self.cycle:  # otherwise the phase is that of a pipelined request behind this one
            if self._phase == "body":
                self._enter("drain")
            elif self._phase == "answer":
                self._phase = "idle"
        self.on_response_complete()
        if self.pipeline:  # what was asked first, before more is read: else the queue grows as fast as somebody asks
            self.flow.pause_reading()
        if self._phase == "drain":
            self._unset_keepalive_if_required()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "bad_request", msg[:1].lower() + msg[1:])

    @staticmethod
    def _under_way(cycle: RequestResponseCycle | None) -> TypeGuard[RequestResponseCycle]:
        return cycle is not None and not cycle.response_complete

    # --- answers

    def _respond(self, cycle: RequestResponseCycle, status: int, headers: bytes, body: bytes) -> None:
        """The whole answer in one write; `headers` are lines that end in CRLF.

        The two ASGI messages that it stands for cost more than the rest of a small append together.
        """
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        defaults = b"".join([b"%b: %b\r\n" % pair for pair in self.server_state.default_headers])
        close = b"" if cycle.keep_alive else b"connection: close\r\n"
        length = b"content-length: %d\r\n\r\n" % len(body)
        self.transport.write(b"".join((STATUS_LINE[status], defaults, headers, close, length, body)))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def _is_endless(self, cycle: RequestResponseCycle) -> None:
        self._endless = cycle  # and not what the same connection asks next
        if self._ended:
            self.transport.close()

    # --- deadlines

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._raw = self._content = 0
        wait = self.limits.header_timeout_s if phase == "head" else self.limits.body_grace_s
        self._deadline = self.loop.time() + wait
        if self._timer is None:
            self._timer = self.loop.call_at(self._deadline, self._look)

    def _new_window(self, now: float) -> None:
        """Judge the body's rate anew, so that a fast beginning does not pay for a stall."""
        self._window_since = now
        self._window_content = self._content
        self._deadline = now + self.limits.body_grace_s

    def _look(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._phase == "drain" and now >= self._deadline:
            self._too_slow("drain_timeout")
            return
        if self._phase == "head" and now >= self._deadline and not self._under_way(self.cycle):
            # a pipelined request may dawdle while the one before it is being answered
            self._too_slow("header_timeout")
            return
        if self._phase == "body" and now >= self._deadline:
            expected = (now - self._window_since) * self.limits.body_bytes_per_s
            if self._content - self._window_content < expected and not self.flow.read_paused:
                self._too_slow("body_too_slow")
                return
            self._new_window(now)
        later = self._deadline if self._deadline > now else now + self.limits.body_grace_s
        self._timer = self.loop.call_at(later, self._look)

    def _too_slow(self, why: str) -> None:
        self._count(why)
        if why == "drain_timeout":
            self.transport.abort()
        elif why == "header_timeout" and self._raw == 0:
            self.transport.close()
        else:
            self._refuse(408, why, "the request came too slowly")

    def _taker_too_slow(self) -> None:
        self._write_timer = None
        self._count("answer_not_taken")
        self.transport.abort()

    # --- refusals below the application

    def _parser_failed(self, error: httptools.HttpParserError) -> None:
        if self._ends_behind_whole_requests():
            return
        self._count("bad_request")
        self._refuse(400, "bad_request", f"this is not a valid HTTP request: {error}")

    def _ends_behind_whole_requests(self) -> bool:
        """Whether what came before what cannot be answered is whole: it gets its own answers, and nothing follows the
        last of them."""
        cycle = self.cycle
        if not self._under_way(cycle) or cycle.more_body:
            return False
        cycle.keep_alive = False
        self._takes_no_more = True
        self.flow.pause_reading()
        self._phase = "answer"
        return True

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer from the protocol and close; a request under way is told that its client is gone."""
        cycle = self.cycle
        if self._unfinished and self._unfinished[0] is not cycle:
            # Written now, this would become a part of the older answer; and that one may have no end to wait for.
            self.transport.abort()
            return
        started = self._under_way(cycle) and cycle.response_started
        if self._under_way(cycle):
            cycle.disconnected = True
            cycle.message_event.set()
        if not started:
            body = problem_bytes(code, message)
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + body)
        if started or not self.transport.can_write_eof():  # TLS knows no half-closed connection
            self.transport.close()
            return
        # Closing with unread bytes would reset the connection, and the client might never see the answer.
        self.transport.write_eof()
        self._refused = True
        self._enter("drain")

    def _count(self, why: str) -> None:
        self.cut_off[why] = self.cut_off.get(why, 0) + 1

    def _drop_timers(self) -> None:
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._write_timer = None


def guarded_protocol(limits: LimitSettings) -> type[GuardedProtocol]:
    """A protocol class with these limits and counters of its own."""
    return type("Guarded", (GuardedProtocol,), {"limits": limits, "cut_off": {}})
