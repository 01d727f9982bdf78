"""Bodies of one turn are prepared together, and each still gets the answer it would get alone."""

import asyncio
import json

import pytest

from graven.errors import GravenError, InvalidEvent
from graven.event.batch import PreparedBatch
from graven.event.intake import JSON, Producer, prepare_events
from graven.event.redact import Redactor, default_rules
from graven.server.coalesce import Coalescer, may_join

ALICE = Producer("a" * 12, "127.0.0.1")
BOB = Producer("b" * 12, "127.0.0.1")
REDACTOR = Redactor(default_rules(), "k1", b"k" * 32)


def prepare(body: bytes, media_type: str, producer: Producer) -> PreparedBatch:
    return prepare_events(body, media_type, producer, REDACTOR, now_ns=1_700_000_000_000_000_000)


def body(**fields: object) -> bytes:
    return json.dumps({"action": "a", "actor": {"id": "b"}, **fields}).encode()


class Counting:
    """The function behind a coalescer, and the media types it was called with."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, content: bytes, media_type: str, producer: Producer) -> PreparedBatch:
        self.calls.append(media_type)
        return prepare(content, media_type, producer)


def together(requests: list[tuple[bytes, Producer]]) -> tuple[list[PreparedBatch | BaseException], list[str]]:
    counting = Counting()

    async def play() -> list[PreparedBatch | BaseException]:
        coalescer = Coalescer(counting)
        calls = (coalescer.prepare(content, producer) for content, producer in requests)
        return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(play()), counting.calls


def test_bodies_of_one_turn_are_one_call() -> None:
    bodies = [body(id=f"e{at}", source="s") for at in range(20)]
    answers, calls = together([(content, ALICE) for content in bodies])
    assert calls == ["application/x-ndjson"]
    assert answers == [prepare(content, JSON, ALICE) for content in bodies]


def test_one_body_alone_is_prepared_as_it_is() -> None:
    answers, calls = together([(body(id="e"), ALICE)])
    assert calls == [JSON]
    assert answers == [prepare(body(id="e"), JSON, ALICE)]


def test_producers_are_not_mixed() -> None:
    answers, calls = together([(body(id="e"), ALICE), (body(id="e"), BOB), (body(id="f"), ALICE)])
    assert len(calls) == 2
    assert [answer.keys for answer in answers] == [
        prepare(body(id="e"), JSON, ALICE).keys,
        prepare(body(id="e"), JSON, BOB).keys,
        prepare(body(id="f"), JSON, ALICE).keys,
    ]


@pytest.mark.parametrize(
    "bad", [b'{"action":"a"}', b'{"a":1}{"b":2}', b'{"action":"a","actor":{"id":"b"},"action":"c"}', b"{}"]
)
def test_a_bad_body_is_refused_as_alone_and_costs_the_others_nothing(bad: bytes) -> None:
    answers, _ = together([(body(id="e"), ALICE), (bad, ALICE), (body(id="f"), ALICE)])
    with pytest.raises(GravenError) as alone:
        prepare(bad, JSON, ALICE)
    refused = answers.pop(1)
    assert type(refused) is type(alone.value)
    assert vars(refused) == vars(alone.value)
    assert answers == [prepare(body(id=name), JSON, ALICE) for name in "ef"]


def test_a_body_that_another_one_would_complete_is_refused() -> None:
    halves = (b'{"action":"a","actor":{"id":"b"},"input":{"x":1}', b'"y":2}}')
    assert not may_join(halves[1], JSON)
    answers, _ = together([(halves[0], ALICE), (body(id="e"), ALICE)])
    assert isinstance(answers[0], GravenError)
    assert isinstance(answers[1], PreparedBatch)


def test_what_is_redacted_is_counted_where_it_was() -> None:
    answers, _ = together([(body(id="e"), ALICE), (body(id="f", input={"password": "geheim"}), ALICE)])
    assert [answer.redacted for answer in answers] == [0, 1]


def test_each_event_without_id_gets_one_of_its_own() -> None:
    answers, _ = together([(body(), ALICE), (body(id="e"), ALICE), (body(), ALICE)])
    first, given, last = (answer.made_ids for answer in answers)
    assert given == {}
    assert list(first) == list(last) == [0]
    assert first[0] != last[0]


def test_a_request_that_was_given_up_does_not_hold_up_the_others() -> None:
    async def play() -> PreparedBatch:
        coalescer = Coalescer(prepare)
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(coalescer.prepare(body(id="e"), ALICE))
            stays = group.create_task(coalescer.prepare(body(id="f"), ALICE))
            await asyncio.sleep(0)
            gone.cancel()
        return stays.result()

    assert asyncio.run(play()) == prepare(body(id="f"), JSON, ALICE)


def test_a_fault_of_ours_reaches_every_request_that_waits() -> None:
    def broken(_content: bytes, _media_type: str, _producer: Producer) -> PreparedBatch:
        raise ZeroDivisionError

    async def play() -> list[PreparedBatch | BaseException]:
        coalescer = Coalescer(broken)
        calls = (coalescer.prepare(body(id=name), ALICE) for name in "ef")
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 30)

    assert [type(answer) for answer in asyncio.run(play())] == [ZeroDivisionError] * 2


@pytest.mark.parametrize(
    ("content", "media_type", "joins"),
    [
        (b"{}", JSON, True),
        (b"{\n}", JSON, False),
        (b"[{}]", JSON, False),
        (b" {}", JSON, False),
        (b"{}", "application/x-ndjson", False),
        (b"{}", "application/json; charset=utf-8", False),
        (b'{"a":"%b"}' % (b"x" * 20_000), JSON, False),
        (b"", JSON, False),
    ],
)
def test_only_small_events_on_one_line_may_join(content: bytes, media_type: str, joins: bool) -> None:
    assert may_join(content, media_type) is joins


def test_the_error_of_a_single_bad_event_names_item_0() -> None:
    answers, _ = together([(body(id="e"), ALICE), (b'{"action":"a","actr":1}', ALICE)])
    assert isinstance(answers[1], InvalidEvent)
    assert answers[1].details["errors"][0]["item"] == 0
