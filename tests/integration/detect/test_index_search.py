"""Alerts through a real index: what its process answers, as the server's own thread reads it."""

import asyncio
import threading

import pytest
from tests.support.alert_world import World
from tests.support.indexed_log import append, events, followed, opened

from graven.detect.follow import Follow
from graven.detect.rule import Alert, Threshold
from graven.index.process.answering import METHODS
from graven.index.process.messages import Call
from graven.server.alerting import _IndexSearch

HUGE = 123456789012345678901234567890
"""JSON has it, and so may an event; it does not fit into 64 bits."""


class Index:
    """What `IndexClient` would ask of the process, without one."""

    def __init__(self, log):
        self._log = log

    async def ask(self, method, log, parameters):
        return METHODS[method](self._log, Call(1, method, log, dict(parameters)), lambda: None)


@pytest.fixture
def search(tmp_path):
    data = tmp_path / "data"
    made = [*events(0, 3), {"action": "thing.break", "attributes": {"n": HUGE, "m": -HUGE}, "actor": {"id": "u-9"}}]
    with opened(data) as log:
        append(log, [*made, *events(4, 2)])
    index = followed(data, 6)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield _IndexSearch(Index(index), loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    index.close()


def test_a_number_beyond_64_bits_reaches_the_alerts(search):
    views = list(search.rows("shop", "", 0, 6, whole=True))
    assert [view["index"] for view in views] == [0, 1, 2, 3, 4, 5]
    assert views[3]["event"]["attributes"] == {"n": HUGE, "m": -HUGE}


def test_an_alert_on_such_an_event_fires(tmp_path, search):
    world = World(tmp_path)
    alert = Alert(name="broken", query="actor:u-9", threshold=Threshold(count=1, window_s=60))
    world.store.put("shop", alert, armed=0, armed_ns=world.now_ns)
    follow = Follow(world.store, search, world.record, clock=lambda: world.now_ns, link="https://graven.example")
    fired = follow.round()
    assert (follow.problems, [one.found.indexes for one in fired]) == ({}, [(3,)])
    follow.close()
    world.store.close()
