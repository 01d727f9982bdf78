import io
from pathlib import Path

import msgspec
import pytest
from tests.support.verify_logs import MemorySource, make_log

from graven.errors import CouldNotCheck
from graven.tlog.tiles import TilePath
from graven.verify.checker import Outcome, Task
from graven.verify.directory import DirectorySource
from graven.verify.source import UNREACHABLE, SourceSpec
from graven.verify.wire import Failure, read_frame, write_frame
from graven.verify.worker import serve


def test_a_worker_answers_each_task_in_turn(tmp_path: Path):
    log = make_log(tmp_path, 300)
    tasks, answers = io.BytesIO(), io.BytesIO()
    write_frame(tasks, DirectorySource(log.root).spec(), tag=b"S")
    write_frame(tasks, Task(300, 0, 1), tag=b"T")
    write_frame(tasks, Task(300, 1, 1), tag=b"T")
    tasks.seek(0)
    serve(tasks, answers)
    answers.seek(0)
    counts = []
    while (frame := read_frame(answers)) is not None:
        counts.append(msgspec.msgpack.decode(frame[1], type=Outcome).entries)
    assert counts == [256, 44]


def test_a_place_that_does_not_answer_is_told_as_a_failure(monkeypatch: pytest.MonkeyPatch):
    class Gone(MemorySource):
        def fetch(self, tile: TilePath) -> bytes | None:
            raise CouldNotCheck("gone", code=UNREACHABLE, hint="wait")

    monkeypatch.setattr("graven.verify.worker.source_of", lambda spec: Gone())
    tasks, answers = io.BytesIO(), io.BytesIO()
    write_frame(tasks, SourceSpec("memory", ""), tag=b"S")
    write_frame(tasks, Task(300, 0, 1), tag=b"T")
    tasks.seek(0)
    serve(tasks, answers)
    answers.seek(0)
    frame = read_frame(answers)
    assert frame is not None
    assert msgspec.msgpack.decode(frame[1], type=Failure) == Failure("gone", UNREACHABLE, "wait")


def test_a_worker_without_tasks_ends():
    serve(io.BytesIO(), io.BytesIO())
