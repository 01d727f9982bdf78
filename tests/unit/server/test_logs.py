from collections.abc import Iterator
from pathlib import Path

import pytest

from graven.errors import InvalidInput, StorageFailed
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
