"""One batch is on its way while the next is made; counts and errors are those of sending one by one."""

import threading

import pytest

from graven.cli.access.local import LocalAccess
from graven.cli.access.ports import Answer
from graven.cli.commands.import_ import import_file
from graven.cli.formats import Item
from graven.cli.importing.json_files import SeenIds
from graven.cli.importing.result import FileResult
from graven.cli.importing.sending import SendingAhead
from graven.cli.progress import progress
from graven.errors import InvalidEvent, InvalidInput, Unavailable

ITEMS = [Item(1, b"{}"), Item(2, b"{}")]


class Recorder:
    """Answers each batch when it is let to; `refusals` of items come first."""

    def __init__(self, *refusals):
        self.arrived = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.refusals = list(refusals)
        self.sizes = []

    def append(self, log, body, media_type, *, key, wait):
        self.arrived.release()
        assert self.let.acquire(timeout=30)
        if self.refusals:
            raise self.refusals.pop(0)
        self.sizes.append(body.count(b"\n"))
        return Answer(10, body.count(b"\n"), {}, {}, 0, False)


def test_send_returns_while_the_batch_is_on_its_way():
    recorder, result = Recorder(), FileResult("f", "junit")
    with SendingAhead(recorder, "default", result) as ahead:
        ahead.send(ITEMS)
        assert recorder.arrived.acquire(timeout=30)
        assert result.recorded == 0
        recorder.let.release(2)
        ahead.send(ITEMS[:1])
        assert (result.recorded, result.first) == (2, 10)
    assert (result.recorded, recorder.sizes) == (3, [2, 1])


def test_what_the_recorder_refuses_of_a_batch_is_listed():
    refused = InvalidEvent("no", details={"errors": [{"item": 0, "field": "action", "reason": "is empty"}]})
    recorder, result = Recorder(refused), FileResult("f", "junit")
    recorder.let.release(2)
    with SendingAhead(recorder, "default", result) as ahead:
        ahead.send(ITEMS)
    assert (result.recorded, result.unreadable) == (1, [{"line": 1, "reason": "action: is empty"}])


def test_a_recorder_that_is_away_is_told_with_the_next_batch_or_at_the_end():
    for sent in (1, 2):
        recorder = Recorder(Unavailable("away"))
        recorder.let.release(1)
        with pytest.raises(Unavailable), SendingAhead(recorder, "default", FileResult("f", "junit")) as ahead:  # noqa: PT012
            for _ in range(sent):
                ahead.send(ITEMS)


def test_what_comes_before_a_break_in_xml_is_recorded_however_little_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    report = tmp_path / "junit.xml"
    report.write_text('<testsuite name="s"><testcase name="a"/>\n<testcase name="b"/>\n<testcase')
    with LocalAccess(tmp_path / "data") as access, progress("x", quiet=True) as bar:
        with pytest.raises(InvalidInput) as caught:
            import_file(access, "default", report, forced=None, source="s", run="r", bar=bar, seen=SeenIds())
        assert caught.value.why == "2 events before it were recorded"
        assert access.size("default") == 3  # and the import itself
