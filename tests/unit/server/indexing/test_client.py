"""Asking a process that may be slow, deaf, gone or broken; here it is a coroutine at the other end of a socket."""

import asyncio
import contextlib
import socket
import struct
import sys

import pytest

from graven.errors import Busy, NotFound, Unavailable
from graven.index.process.messages import (
    Answer,
    Call,
    Cancel,
    Frames,
    LogState,
    Progress,
    Sizes,
    encode,
    failure_of,
)
from graven.server.indexing import client as module
from graven.server.indexing.client import IndexClient

PATIENCE_S = 20
STATE = LogState(5, "following", 0.0, 0, 5, 0, 0, 0)


class Peer:
    """What the index process would be: `said` is what came in, `answers` tells what to say to a call."""

    def __init__(self, answers=lambda call: Answer(call.id, call.method.encode())):
        self.answers = answers
        self.said = []
        self.started = 0
        self.writer = None

    async def serve(self, end):
        reader, self.writer = await asyncio.open_connection(sock=end)
        self.started += 1
        frames = Frames()
        while data := await reader.read(1 << 16):
            for message in frames.feed(data):
                self.said.append(message)
                if isinstance(message, Call) and (answer := self.answers(message)) is not None:
                    self.writer.write(answer if isinstance(answer, bytes) else encode(answer))
        self.writer.close()

    def of(self, kind):
        return [message for message in self.said if isinstance(message, kind)]


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(tmp_path, peer, *, query_s=10.0, sizes=dict):
    """A client whose processes are `peer`."""
    client = IndexClient(tmp_path, sizes, query_s=query_s)

    @contextlib.asynccontextmanager
    async def process():
        ours, theirs = socket.socketpair()
        serving = asyncio.ensure_future(peer.serve(theirs))
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            yield reader, writer
        finally:
            writer.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            if peer.writer is not None:
                peer.writer.close()

    client._process = process
    task = asyncio.ensure_future(client.run())
    try:
        await until(lambda: not client.away)
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.01)


def run(coroutine):
    return asyncio.run(coroutine)


def test_without_a_process_questions_are_refused_at_once(tmp_path):
    async def work():
        client = IndexClient(tmp_path, dict, query_s=1.0)
        client.tell("close", "shop", {})
        with pytest.raises(Unavailable) as caught:
            await client.ask("search", "shop", {})
        assert (caught.value.code, client.indexed("shop")) == ("index_away", 0)

    run(work())


def test_where_search_is_switched_off_nobody_is_told_to_ask_again(tmp_path):
    async def work():
        with pytest.raises(Unavailable) as caught:
            await IndexClient(tmp_path, dict, query_s=1.0, enabled=False).ask("search", "shop", {})
        assert (caught.value.code, caught.value.message) == ("index_off", "search is switched off")
        assert "--index-enabled" in caught.value.hint

    run(work())


def test_answers_reach_who_asked_in_whatever_order_they_come(tmp_path):
    async def work():
        held = []

        def answers(call):
            held.append(Answer(call.id, call.parameters["q"].encode()))
            return b"".join(map(encode, reversed(held))) if len(held) == 3 else None

        async with running(tmp_path, Peer(answers)) as client:
            found = await asyncio.gather(*(client.ask("search", "shop", {"q": str(n)}) for n in range(3)))
            assert [answer.body for answer in found] == [b"0", b"1", b"2"]

    run(work())


def test_an_error_is_raised_as_what_it_was(tmp_path):
    async def work():
        peer = Peer(lambda call: failure_of(call.id, NotFound("no", hint="h", code="entry_not_found")))
        async with running(tmp_path, peer) as client:
            with pytest.raises(NotFound, match="no") as caught:
                await client.ask("by_id", "shop", {})
            assert (caught.value.code, caught.value.hint) == ("entry_not_found", "h")

    run(work())


def test_whoever_goes_away_has_the_question_cancelled(tmp_path):
    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer) as client:
            asking = asyncio.ensure_future(client.ask("search", "shop", {}))
            await until(lambda: peer.of(Call))
            asking.cancel()
            await until(lambda: peer.of(Cancel))
            assert peer.of(Cancel)[0].id == peer.of(Call)[0].id
            assert not client._waiting

    run(work())


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_S", 0.05)

    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer, query_s=0.05) as client:
            with pytest.raises(Unavailable, match="has not answered within") as caught:
                await client.ask("search", "shop", {})
            assert caught.value.code == "index_away"
            await until(lambda: peer.of(Cancel))
            assert not client._waiting

    run(work())


def test_an_answer_after_that_harms_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_S", 0.0)

    async def work():
        peer = Peer(lambda call: None if call.method == "slow" else Answer(call.id, b"x"))
        async with running(tmp_path, peer, query_s=0.05) as client:
            with pytest.raises(Unavailable):
                await client.ask("slow", "shop", {})
            peer.writer.write(encode(Answer(peer.of(Call)[0].id, b"late")))
            await until(lambda: not client._overdue)
            client._query_s = 10.0
            assert (await client.ask("quick", "shop", {})).body == b"x"

    run(work())


def closed(peer):
    return [message.parameters["stream"] for message in peer.of(Call) if message.method == "close"]


def test_a_stream_that_nobody_waits_for_any_more_is_closed(tmp_path):
    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer) as client:
            asking = asyncio.ensure_future(client.ask("export", "shop", {}))
            await until(lambda: peer.of(Call))
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            number = peer.of(Call)[0].id
            peer.writer.write(encode(Answer(number, b"", 3, more=True)))  # it was on its way
            await until(lambda: closed(peer) == [str(number)])

    run(work())


def test_whoever_goes_away_just_when_a_stream_is_opened_leaves_none_behind(tmp_path):
    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer) as client:
            asking = asyncio.ensure_future(client.ask("export", "shop", {}))
            await until(lambda: peer.of(Call))
            number = peer.of(Call)[0].id
            client._take(Answer(number, b"", 3, more=True))  # the answer is there, its taker has not run yet
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await until(lambda: closed(peer) == [str(number)])

    run(work())


def test_an_answer_that_is_whole_is_not_closed(tmp_path):
    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer) as client:
            client._take(Answer(1_000, b"late"))
            peer.answers = lambda call: Answer(call.id, b"x")
            await client.ask("search", "shop", {})
            assert closed(peer) == []

    run(work())


def test_a_process_that_says_nothing_any_more_is_ended_and_another_started(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_S", 0.0)
    monkeypatch.setattr(module, "_DEAF_S", 0.1)
    monkeypatch.setattr(module, "_WATCH_S", 0.02)

    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer, query_s=0.05) as client:
            with pytest.raises(Unavailable):
                await client.ask("search", "shop", {})
            await until(lambda: peer.started == 2)
            assert client.deaths == 1

    run(work())


def test_a_process_that_tells_how_far_it_is_and_answers_nothing_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_S", 0.0)
    monkeypatch.setattr(module, "_DEAF_S", 0.1)
    monkeypatch.setattr(module, "_WATCH_S", 0.02)

    async def work():
        peer = Peer(lambda call: None)
        async with running(tmp_path, peer, query_s=0.05) as client:

            async def telling():
                while peer.started == 1:
                    peer.writer.write(encode(Progress({"shop": STATE})))
                    await asyncio.sleep(0.01)

            with pytest.raises(Unavailable):
                await client.ask("search", "shop", {})
            await asyncio.wait_for(telling(), PATIENCE_S)
            assert client.deaths == 1

    run(work())


def test_a_process_that_owes_nothing_may_be_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_DEAF_S", 0.05)
    monkeypatch.setattr(module, "_WATCH_S", 0.01)

    async def work():
        peer = Peer()
        async with running(tmp_path, peer) as client:
            await client.ask("search", "shop", {})
            await asyncio.sleep(0.3)
            assert (peer.started, client.deaths) == (1, 0)

    run(work())


def test_more_than_so_many_questions_do_not_pile_up(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 3)

    async def work():
        async with running(tmp_path, Peer(lambda call: None)) as client:
            asking = [asyncio.ensure_future(client.ask("search", "shop", {})) for _ in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(Busy, match="3 questions wait"):
                await client.ask("search", "shop", {})
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    run(work())


def test_a_process_that_does_not_read_holds_no_more_than_so_many_bytes_here(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_UNSENT_BYTES", 10_000)

    class Deaf(Peer):
        async def serve(self, end):
            self.end = end
            await asyncio.sleep(PATIENCE_S)

    async def work():
        peer = Deaf()
        async with running(tmp_path, peer) as client:
            asking = []
            for _ in range(2_000):
                asking.append(asyncio.ensure_future(client.ask("search", "shop", {"q": "x" * 4_000})))
                client.tell("close", "shop", {"stream": "1" * 4_000})
                await asyncio.sleep(0)
                if asking[-1].done():
                    break
            with pytest.raises(Busy):
                await asking[-1]
            assert client._writer.transport.get_write_buffer_size() < 30_000
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            peer.end.close()

    run(work())


def test_who_waits_is_told_when_the_process_ends_and_the_next_one_answers(tmp_path):
    async def work():
        peer = Peer(lambda call: None if call.method == "hang" else Answer(call.id, b"x"))
        async with running(tmp_path, peer) as client:
            asking = asyncio.ensure_future(client.ask("hang", "shop", {}))
            await until(lambda: peer.of(Call))
            peer.writer.close()
            with pytest.raises(Unavailable, match="not running"):
                await asking
            await until(lambda: peer.started == 2 and not client.away)
            assert (await client.ask("search", "shop", {})).body == b"x"
            assert client.deaths == 1

    run(work())


@pytest.mark.parametrize("data", [b"\xff" * 8, struct.pack(">I", 3) + b"abc", encode(Sizes({"a": 1}))])
def test_what_is_no_answer_ends_the_conversation_and_not_the_server(tmp_path, data):
    async def work():
        peer = Peer(lambda call: data)
        async with running(tmp_path, peer) as client:
            with pytest.raises(Unavailable):
                await client.ask("search", "shop", {})
            await until(lambda: peer.started == 2)

    run(work())


def test_sizes_are_told_when_they_change_and_to_every_new_process(tmp_path):
    async def work():
        sizes = {"shop": 5, "other": 1}
        peer = Peer()
        async with running(tmp_path, peer, sizes=lambda: dict(sizes)) as client:
            await until(lambda: peer.of(Sizes))
            sizes["shop"] = 6
            await until(lambda: len(peer.of(Sizes)) == 2)
            assert [message.sizes for message in peer.of(Sizes)] == [{"shop": 5, "other": 1}, {"shop": 6}]
            peer.writer.close()
            await until(lambda: peer.started == 2 and len(peer.of(Sizes)) == 3)
            assert peer.of(Sizes)[2].sizes == sizes
            assert not client.away

    run(work())


def test_progress_wakes_who_waits_for_it_and_is_forgotten_with_the_process(tmp_path):
    async def work():
        peer = Peer()
        async with running(tmp_path, peer) as client:
            waiting = asyncio.ensure_future(client.advanced("shop", 4, PATIENCE_S))
            await asyncio.sleep(0.01)
            peer.writer.write(encode(Progress({"shop": STATE})))
            assert await waiting == 5
            assert await client.advanced("shop", 5, 0.01) == 5
            assert await client.advanced("other", 0, 0.0) == 0
            peer.writer.close()
            await until(lambda: client.deaths)
            assert client.states == {}

    run(work())


@pytest.mark.parametrize("script", ["pass", "raise SystemExit(3)", "import time; time.sleep(60)"])
def test_a_real_process_that_ends_or_hangs_is_followed_by_another(tmp_path, monkeypatch, script):
    monkeypatch.setattr(module, "_END_S", 0.2)
    import subprocess

    started = []

    def begin(self, descriptor):
        started.append(subprocess.Popen([sys.executable, "-c", script], pass_fds=[descriptor]))
        return started[-1]

    monkeypatch.setattr(IndexClient, "_started", begin)

    async def work():
        client = IndexClient(tmp_path, dict, query_s=1.0)
        task = asyncio.ensure_future(client.run())
        if "sleep" in script:
            await until(lambda: not client.away)
        else:
            await until(lambda: client.deaths >= 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(work())
    assert all(process.poll() is not None for process in started)
