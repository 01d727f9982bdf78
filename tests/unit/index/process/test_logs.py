"""Opening the logs that the server names, and keeping on with those that are open."""

import threading
from types import SimpleNamespace

from graven.index.process import logs as module
from graven.index.process.logs import Logs


class Opened:
    def __init__(self, name, dropped=()):
        self.name = name
        self.grown = []
        self.index = SimpleNamespace(dropped=list(dropped))

    def grew(self, size):
        self.grown.append(size)


def made(tmp_path, *, broken=(), dropped=()):
    said, opened = [], []

    def open_log(data_dir, name):
        opened.append(name)
        if name in broken:
            raise ValueError(f"{name} is broken")
        return Opened(name, dropped)

    return Logs(tmp_path, warn=said.append, open_log=open_log), said, opened


def test_a_log_is_opened_once_and_told_its_size(tmp_path):
    logs, _, opened = made(tmp_path)
    logs.tell({"shop": 5})
    assert logs.get("shop") is None
    assert [log.name for log in logs.open_new()] == ["shop"]
    logs.tell({"shop": 7})
    assert logs.open_new() == []
    assert (opened, logs.get("shop").grown) == (["shop"], [5, 7])


def test_one_that_cannot_be_opened_keeps_no_other_waiting(tmp_path):
    logs, said, _ = made(tmp_path, broken={"bad"})
    logs.tell({"bad": 1, "good": 2})
    assert [log.name for log in logs.open_new()] == ["good"]
    assert logs.all() == [logs.get("good")]
    assert "bad is broken" in said[0]


def test_it_is_tried_again_though_its_size_does_not_change(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.0)
    broken = {"bad"}
    logs, _, _ = made(tmp_path, broken=broken)
    logs.tell({"bad": 4})
    assert logs.open_new() == []
    broken.clear()
    assert [log.grown for log in logs.open_new()] == [[4]]


def test_it_is_not_tried_again_at_once(tmp_path):
    logs, _, opened = made(tmp_path, broken={"bad"})
    logs.tell({"bad": 4})
    logs.open_new()
    logs.open_new()
    assert opened == ["bad"]


def test_segments_that_were_not_taken_are_said(tmp_path):
    logs, said, _ = made(tmp_path, dropped=["x has 3 bytes"])
    logs.tell({"shop": 1})
    logs.open_new()
    assert said == ["made again: x has 3 bytes"]


def test_a_size_that_is_told_while_a_log_is_opened_is_not_taken_back(tmp_path):
    logs, _, _ = made(tmp_path)
    logs.tell({"shop": 100})
    telling = threading.Thread(target=logs.tell, args=({"shop": 200},))

    class Sizes(dict):
        """Somebody tells more between the reading of a size and its use."""

        def __getitem__(self, name):
            size = super().__getitem__(name)
            if threading.current_thread() is not telling:
                telling.start()
                telling.join(0.2)
            return size

    logs._sizes = Sizes(logs._sizes)
    (log,) = logs.open_new()
    telling.join()
    assert log.grown[-1] == 200
