"""Firings in a real `system` log: the same one again, after a crash or a restart, adds nothing."""

import json

from tests.support.alert_world import START_NS

from graven.detect.fired import Fired, Found, fire_event
from graven.detect.follow import record_once
from graven.detect.rule import Alert, Threshold
from graven.event.envelope import decode_entry
from graven.log.create import create_log
from graven.log.messages import LogOptions
from graven.log.start import open_log
from graven.server.system import SystemRecorder

ALERT = Alert(name="x", threshold=Threshold(count=1, window_s=1))


def fired(index, severity="warning"):
    alert = Alert(name="x", threshold=ALERT.threshold, severity=severity)
    return Fired.of("shop", alert, Found(at_ns=START_NS, since_ns=START_NS, count=1, indexes=(index,)))


def test_a_firing_is_one_entry_however_often_it_is_recorded(tmp_path):
    data, state = tmp_path / "data", tmp_path / "state"
    create_log(data, "system", clock=lambda: START_NS)
    for _ in range(2):
        log = open_log(data, "system", options=LogOptions(supervise=False), state_dir=state)
        system = SystemRecorder(log)
        for one in (fired(1), fired(1), fired(2), fired(1, "critical")):
            record_once(system.record, fire_event(one))
        size, entries = log.size, [log.entry(index) for index in range(log.size)]
        log.close()
        assert size == 2
    first = json.loads(decode_entry(entries[0]).data)
    assert (first["action"], first["attributes"]["indexes"]) == ("alert.fire", [1])
