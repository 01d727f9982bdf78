import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.verify_logs import MemorySource, make_log

from graven.errors import CouldNotCheck
from graven.verify.checker import Task
from graven.verify.crew import Crew, cores
from graven.verify.directory import DirectorySource


def tasks(count: int) -> list[Task]:
    return [Task(count * 256, first, 1) for first in range(count)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_outcomes_come_in_the_order_of_the_tasks(tmp_path: Path, workers: int):
    log = make_log(tmp_path, 10 * 256)
    with Crew(DirectorySource(log.root), workers) as crew:
        outcomes = list(crew.run(tasks(10)))
    assert [outcome.roots[0] for outcome in outcomes] == [log.node(8, index) for index in range(10)]


def test_few_tasks_are_taken_ahead_of_what_is_consumed(tmp_path: Path):
    log = make_log(tmp_path, 40 * 256)
    taken: list[int] = []

    def counted() -> Iterator[Task]:
        for task in tasks(40):
            taken.append(task.first)
            yield task

    with Crew(DirectorySource(log.root), 2) as crew:
        outcomes = crew.run(counted())
        next(outcomes)
        assert len(taken) <= 6
        assert len(list(outcomes)) == 39


def test_a_source_that_only_this_process_has_stays_in_it():
    source = MemorySource()
    with Crew(source, 4) as crew:
        (outcome,) = crew.run([Task(256, 0, 1)])
    assert len(outcome.findings) == 2
    assert source.fetched


def test_a_worker_that_dies_is_an_error_and_not_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = make_log(tmp_path, 256)
    monkeypatch.setattr("graven.verify.crew._BOOT", "import sys; sys.exit(3)")
    with Crew(DirectorySource(log.root), 1) as crew, pytest.raises(CouldNotCheck, match="worker ended"):
        list(crew.run([Task(256, 0, 1)] * 3))


def test_work_that_is_given_up_ends_the_workers(tmp_path: Path):
    log = make_log(tmp_path, 30 * 256)
    with Crew(DirectorySource(log.root), 2) as crew:
        outcomes = crew.run(tasks(30))
        next(outcomes)
        outcomes.close()
        processes = [worker._process for worker in crew._workers]
    assert [process.returncode for process in processes] == [0, 0]


def test_there_is_at_least_one_core():
    assert cores() >= 1
    assert sys.executable
