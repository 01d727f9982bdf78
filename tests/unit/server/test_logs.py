import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from graven.errors import InvalidInput, RefusedToStart, StorageFailed
from graven.log.messages import Incident
from graven.log.opened import Log
from graven.server.control import Control
from graven.server.logs import LogSet


@pytest.fixture
def logs(tmp_path: Path, monkeypatch) -> Iterator[LogSet]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    data = tmp_path / "data"
    data.mkdir()
    control = Control(data)
    opened = LogSet(data, control)
    opened.open_system(create=True)
    yield opened
    opened.close()
    control.close()


def test_a_log_that_cannot_be_made_is_not_announced(logs: LogSet) -> None:
    before = logs.system.log.size
    with pytest.raises(InvalidInput):
        logs.create("shop", "https://shop.example", by="test")
    assert logs.system.log.size == before


def test_a_log_that_cannot_stop_clean_keeps_no_other_from_it(logs: LogSet, monkeypatch) -> None:
    for name in ("a", "b", "c"):
        logs.create(name, None, by="test")
    close, closed = Log.close, []

    def failing(log: Log) -> None:
        close(log)
        closed.append(log.name)
        if log.name == "b":
            raise StorageFailed("the mark could not be written")

    monkeypatch.setattr(Log, "close", failing)
    with pytest.raises(StorageFailed):
        logs.close(final=lambda: closed.append("final"))
    assert sorted(closed[:3]) == ["a", "b", "c"]
    assert closed[3:] == ["final", "system"]


def incidents(logs: LogSet) -> list[str]:
    entries = logs.system.log.entries(0, logs.system.log.size)
    return [action for entry in entries if (action := json.loads(entry)["data"]["action"]).startswith("incident.")]


def stop_recording(logs: LogSet) -> None:
    logs._stop_recording()
    assert not logs._thread.is_alive()


def test_an_incident_that_cannot_be_recorded_keeps_no_later_one_from_it(logs: LogSet, monkeypatch) -> None:
    monkeypatch.setattr("graven.server.logs._PAUSE_S", 0.0)
    record = logs.system.incident

    def failing(incident: Incident) -> None:
        if incident.kind == "first":
            raise TypeError("a fault of the program")
        record(incident)

    monkeypatch.setattr(logs.system, "incident", failing)
    logs.report(Incident("first", "system", ""))
    logs.report(Incident("second", "system", ""))
    stop_recording(logs)
    assert incidents(logs) == ["incident.second"]


def test_a_stop_does_not_wait_for_a_log_that_will_not_come_back(logs: LogSet, monkeypatch) -> None:
    monkeypatch.setattr("graven.server.logs._PAUSE_S", 3600.0)
    tried = threading.Event()

    def failing(incident: Incident) -> None:
        tried.set()
        raise StorageFailed("the disk is gone")

    monkeypatch.setattr(logs.system, "incident", failing)
    logs.report(Incident("first", "system", ""))
    assert tried.wait(60)
    stop_recording(logs)


def test_incidents_beyond_the_bound_are_counted_in_the_record(logs: LogSet, monkeypatch) -> None:
    monkeypatch.setattr("graven.server.logs._MOST_WAITING", 1)
    record, free, busy = logs.system.incident, threading.Event(), threading.Event()

    def slow(incident: Incident) -> None:
        busy.set()
        assert free.wait(60)
        record(incident)

    monkeypatch.setattr(logs.system, "incident", slow)
    logs.report(Incident("taken", "system", ""))
    assert busy.wait(60)
    for kind in ("waiting", "lost", "lost"):
        logs.report(Incident(kind, "system", ""))
    free.set()
    stop_recording(logs)
    assert incidents(logs) == ["incident.taken", "incident.incidents_lost", "incident.waiting"]
    assert logs.incidents["lost"] == 2


def test_half_written_uploads_are_removed_by_who_holds_the_directory(logs: LogSet) -> None:
    left = logs.data_dir / "blobs" / ".incoming" / "1-half"
    left.write_bytes(b"half")
    control = Control(logs.data_dir)
    second = LogSet(logs.data_dir, control)
    with pytest.raises(RefusedToStart):
        second.open_system(create=False)
    assert left.exists(), "another process may be writing it"
    logs.close()
    second = LogSet(logs.data_dir, control)
    second.open_system(create=False)
    assert not left.exists()
    second.close()
    control.close()
