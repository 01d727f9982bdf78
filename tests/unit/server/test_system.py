"""Reads of bundles share one entry a minute, and an incident has one shape."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from graven.errors import Unavailable
from graven.log.messages import Incident
from graven.log.record import incident_event
from graven.server.access import EVERYTHING
from graven.server.system import ReadRecorder

MINUTE_NS = 60_000_000_000


class Gate:
    """Stands for `system`: an entry is durable when the test opens the gate."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked: list[Mapping[str, Any]] = []
        self.error: Exception | None = None

    async def arecord(self, event: Mapping[str, Any], completions: object) -> None:
        self.asked.append(event)
        await self.open.wait()
        if self.error is not None:
            raise self.error


def reads(gate: Gate) -> ReadRecorder:
    return ReadRecorder(gate, None, clock=lambda: 7 * MINUTE_NS)  # type: ignore[arg-type]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_first_reader_may_go_away_while_others_wait_for_its_entry() -> None:
    async def play() -> int:
        gate = Gate()
        recorder = reads(gate)
        first, second = (asyncio.create_task(recorder.tiles(EVERYTHING, "", "log", "tile")) for _ in range(2))
        await settled()
        first.cancel()
        await settled()
        assert first.cancelled()
        assert not second.done()
        gate.open.set()
        await second
        return len(gate.asked)

    assert asyncio.run(play()) == 1


def test_nobody_reads_when_the_entry_cannot_be_made_and_the_next_read_tries_anew() -> None:
    async def play() -> int:
        gate = Gate()
        gate.open.set()
        gate.error = Unavailable("the log stopped")
        recorder = reads(gate)
        waiting = [asyncio.create_task(recorder.tiles(EVERYTHING, "", "log", "tile")) for _ in range(2)]
        for read in waiting:
            with pytest.raises(Unavailable):
                await read
        await settled()
        gate.error = None
        await recorder.tiles(EVERYTHING, "", "log", "tile")
        return len(gate.asked)

    assert asyncio.run(play()) == 2


def test_counts_of_one_query_share_an_entry_and_those_of_another_do_not() -> None:
    async def play() -> list[Any]:
        gate = Gate()
        gate.open.set()
        recorder = reads(gate)
        for log, query in [("shop", "a:b"), ("shop", "a:b"), ("shop", "c:d"), ("other", "a:b")]:
            await recorder.counts(EVERYTHING, "", log, {"query": query}, query)
        return [(event["targets"][0]["id"], event["attributes"]["query"]) for event in gate.asked]

    assert asyncio.run(play()) == [("shop", "a:b"), ("shop", "c:d"), ("other", "a:b")]


def test_a_count_waits_until_the_entry_that_stands_for_it_is_durable() -> None:
    async def play() -> list[bool]:
        gate = Gate()
        recorder = reads(gate)
        waiting = [asyncio.create_task(recorder.counts(EVERYTHING, "", "shop", {}, "a:b")) for _ in range(2)]
        await settled()
        done = [read.done() for read in waiting]
        gate.open.set()
        await asyncio.gather(*waiting)
        return done

    assert asyncio.run(play()) == [False, False]


def test_an_incident_is_a_failure_of_its_log_and_keeps_details_that_json_does_not_know() -> None:
    event = incident_event(Incident("journal_torn", "shop", "a torn tail", {"file": Path("torn-1"), "bytes": 3}))
    assert (event["action"], event["outcome"]) == ("incident.journal_torn", "failure")
    assert event["targets"] == [{"type": "log", "id": "shop"}]
    assert json.loads(json.dumps(event["attributes"])) == {"file": "torn-1", "bytes": 3}
