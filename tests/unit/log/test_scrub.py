import threading

import pytest
from tests.support.log_world import OPTIONS, Clock, numbered

from graven.log import LogPaths, create_log, open_log
from graven.log.messages import Incident
from graven.log.scrub import ScrubStopped, ScrubThread, scrub


@pytest.fixture
def log(tmp_path):
    clock = Clock()
    create_log(tmp_path, "default", clock=clock)
    log = open_log(tmp_path, "default", clock=clock, options=OPTIONS, state_dir=tmp_path / "state")
    log.append(numbered(0, 600))
    log.close()
    return LogPaths(tmp_path, "default"), log


def test_a_sound_log_has_no_findings_and_is_read_at_the_rate(log) -> None:
    paths, opened = log
    pauses: list[float] = []
    report = scrub(
        paths.root,
        opened.verifier_key,
        known=(opened.checkpoint(),),
        min_entries_per_s=100.0,
        monotonic=lambda: 0.0,
        pause=lambda seconds: bool(pauses.append(seconds)),
    )
    assert report.findings == []
    assert pauses[-1] == pytest.approx(6.0)


def test_a_flipped_bit_is_found(log) -> None:
    paths, opened = log
    file = paths.root / "tile/0/000"
    data = file.read_bytes()
    file.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    report = scrub(paths.root, opened.verifier_key, pause=lambda seconds: False)
    assert report.findings


def test_a_pass_ends_when_asked(log) -> None:
    paths, opened = log
    with pytest.raises(ScrubStopped):
        scrub(paths.root, opened.verifier_key, pause=lambda seconds: True)


def test_a_fault_of_the_program_is_told_and_the_next_pass_comes(log) -> None:
    paths, opened = log
    incidents: list[Incident] = []
    second = threading.Event()

    def published() -> bytes:
        if incidents:
            second.set()
        raise ValueError("a fault of the program")

    thread = ScrubThread(
        "default", paths.root, opened.verifier_key, published, incidents.append, pass_s=0.0, first_s=0.0
    )
    assert second.wait(60)
    thread.close()
    assert incidents[0].kind == "scrub_could_not_check"
    assert "ValueError" in incidents[0].message
