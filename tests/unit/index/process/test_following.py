"""The threads that make the index go on whatever fails."""

import threading
import time
from types import SimpleNamespace

import pytest

from graven.index.process import following as module
from graven.index.process.following import Following

PATIENCE_S = 20


class Log:
    """Follows until `stop`; raises what `fails` gives first."""

    def __init__(self, name, fails=()):
        self.name = name
        self.fails = list(fails)
        self.followed = 0
        self.rebuilt = 0
        self.asked = False
        self.index = SimpleNamespace(
            generation=0,
            hot_rows=lambda: 0,
            sealed_rows=8,
            full=self._full,
            outdated=lambda: None,
            sealed=tuple,
            home=None,
        )
        self.checked = SimpleNamespace(look=lambda sealed: "")
        self.sealings = 0

    def _full(self):
        self.sealings += 1
        if self.fails:
            raise self.fails.pop(0)

    def follow(self):
        self.followed += 1
        if self.fails:
            raise self.fails.pop(0)
        return False

    def due_s(self):
        return 0.0

    def ask_rebuild(self):
        self.asked = True

    def rebuild(self):
        self.rebuilt += 1


class Logs:
    def __init__(self, *logs):
        self._logs = list(logs)

    def open_new(self):
        return []

    def all(self):
        return list(self._logs)


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    started = []

    def begin(*logs):
        said = []
        made = Following(Logs(*logs), progress=lambda log: None, warn=said.append, broken=lambda: said.append("broken"))
        made.start()
        started.append(made)
        return made, said

    yield begin
    for one in started:
        one.stop()
    assert not any(thread.name in {"follow", "seal"} for thread in threading.enumerate())


@pytest.mark.parametrize(
    "error", [ValueError("x"), OverflowError("x"), MemoryError("x"), OSError(5, "x"), RecursionError("x")]
)
def test_whatever_fails_in_one_log_it_is_tried_again_and_the_others_go_on(run, error):
    bad, good = Log("bad", [error] * 3), Log("good")
    _, said = run(bad, good)
    until(lambda: not bad.fails and bad.followed >= 4)
    until(lambda: good.followed >= 4)
    assert 0 < len(said) <= 3
    assert "bad" in said[0]


def test_a_rebuild_is_done_once(run):
    log = Log("shop")
    made, _ = run(log)
    made.rebuild(log)
    until(lambda: log.rebuilt)
    until(lambda: log.followed >= 2)
    assert log.asked
    assert log.rebuilt == 1


def test_the_sealing_thread_outlives_what_it_fails_at(run, monkeypatch):
    log = Log("shop")
    log.follow = lambda: False
    log.fails = [ValueError("x"), TypeError("y")]
    made, said = run(log)
    until(lambda: not log.fails)
    until(lambda: log.sealings >= 3)
    assert all("could not be sealed" in line for line in said)
    assert made is not None


def test_a_thread_that_ends_by_what_is_no_exception_ends_the_process(run):
    class Panic(BaseException):
        pass

    _, said = run(Log("bad", [Panic("within an engine")]))
    until(lambda: "broken" in said)
    assert any("ended: Panic('within an engine')" in line for line in said)


def test_a_pause_that_has_just_passed_is_not_missed(run, monkeypatch):
    monkeypatch.setattr(module, "_PAUSE_S", 600.0)
    log = Log("shop")
    pauses = [0.001, 0.0]  # the next look would wait for ten minutes
    log.due_s = lambda: pauses.pop(0) if pauses else float("inf")
    run(log)
    until(lambda: log.followed)
