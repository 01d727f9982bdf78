"""The verifier beside a log that is being written, published and cleaned up all the while."""

import threading
import time
from pathlib import Path

import pytest
from tests.support.log_world import numbered

from graven.log.create import create_log
from graven.log.start import open_log
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.remember import Memory
from graven.verify.report import Verdict

CHECKPOINTS = 12


def test_a_growing_log_is_fine_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    data = tmp_path / "data"
    create_log(data, "default", origin="beside.example/log", clock=time.time_ns)
    log = open_log(data, "default")
    stop = threading.Event()
    appended = 0

    def write() -> None:
        nonlocal appended
        while not stop.is_set():
            log.append(numbered(appended, 37))
            appended += 37
            published = threading.Event()
            log.wait_published(appended, lambda ok, done=published: done.set())
            published.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    memory = Memory(tmp_path / "memory.json")
    sizes: list[int] = []
    try:
        while len(set(sizes)) < CHECKPOINTS:
            report = verify(DirectorySource(data / "logs/default"), log.verifier_key, memory=memory, workers=0)
            assert report.verdict is Verdict.FINE, report.text()
            assert report.checkpoint is not None
            sizes.append(report.checkpoint.size)
    finally:
        stop.set()
        writer.join()
        log.close()
    assert sizes == sorted(sizes)
    last = verify(DirectorySource(data / "logs/default"), log.verifier_key, memory=memory, workers=2)
    assert last.verdict is Verdict.FINE, last.text()
    assert last.checkpoint is not None
    assert last.checkpoint.size == appended
