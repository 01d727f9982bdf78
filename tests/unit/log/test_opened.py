"""The open log with its threads: what the server sees."""

import threading
from typing import Any

import pytest
from tests.support.log_world import Clock, batch_of, numbered, open_files, request

from graven.errors import Conflict, RefusedToStart, StorageFailed, Unavailable
from graven.event.batch import PreparedBatch
from graven.log import Appended, Incident, Log, create_log, open_log, supervise
from graven.log.drivers import Drivers, local_drivers
from graven.log.engine import Engine
from graven.log.messages import LogOptions
from graven.storage.faulty import Fault, Faults, FaultyJournal


class Home:
    def __init__(self, root) -> None:
        self.root = root
        self.incidents: list[Incident] = []
        self.reported = threading.Condition()
        self.published: list[bytes] = []
        create_log(root, "default", clock=Clock())

    def report(self, incident: Incident) -> None:
        with self.reported:
            self.incidents.append(incident)
            self.reported.notify_all()

    def wait_for(self, kind: str) -> None:
        with self.reported:
            assert self.reported.wait_for(lambda: kind in [i.kind for i in self.incidents], 60)

    def open(self, options: LogOptions | None = None) -> Log:
        return open_log(
            self.root,
            "default",
            options=options,
            clock=Clock(),
            on_incident=self.report,
            on_published=self.published.append,
            state_dir=self.root / "state",
        )


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def published(log: Log, size: int) -> bool:
    told = threading.Event()
    answers: list[bool] = []
    log.wait_published(size, lambda reached: (answers.append(reached), told.set()))
    assert told.wait(60)
    return answers[0]


def test_what_is_appended_is_published_proven_and_there_after_a_restart(home: Home) -> None:
    log = home.open()
    assert log.append(numbered(0, 300), request("k")) == Appended(0, 300)
    assert published(log, 300)
    assert log.published_size == log.size == 300
    entry, checkpoint = log.entry(299), log.checkpoint()
    assert home.published[-1] == checkpoint
    log.close()
    log = home.open()
    assert (log.entry(299), log.checkpoint()) == (entry, checkpoint)
    assert log.append(numbered(0, 300), request("k")).replayed
    assert log.origin == log.verifier_key.name
    log.close()


def test_close_publishes_what_was_accepted(home: Home) -> None:
    log = home.open(LogOptions(publish_every_s=3600.0))
    done = threading.Event()
    for number in range(50):
        log.submit(numbered(number, 1), done=lambda answer: done.set())
    log.close()
    assert log.published_size == 50


def test_many_threads_get_contiguous_indexes(home: Home) -> None:
    log = home.open()
    answers: list[Appended] = []
    threads = [
        threading.Thread(
            target=lambda n=n: [answers.append(log.append(numbered(n * 1_000 + i * 3, 3))) for i in range(20)]
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.first for answer in answers if answer.first is not None) == list(range(0, 240, 3))
    log.close()


def test_a_refusal_is_raised_by_append(home: Home) -> None:
    log = home.open()
    log.append(batch_of("a"))
    with pytest.raises(Conflict):
        log.append(batch_of("a", value=2))
    log.close()


def test_blobs_are_stored_before_the_batch(home: Home) -> None:
    log = home.open()
    digest = log.blobs.put(b"content")
    log.append(PreparedBatch(blobs={digest: b"content"}))
    assert log.blobs.get(digest) == b"content"
    with pytest.raises(StorageFailed):
        log.append(PreparedBatch(blobs={digest: b"other"}))
    log.close()


def test_small_bounds_slow_the_writer_down_but_lose_nothing(home: Home) -> None:
    log = home.open(LogOptions(pending_bytes=20_000, round_bytes=5_000, group_bytes=2_000, publish_every_s=3600.0))
    for start in range(0, 3_000, 100):
        log.append(numbered(start, 100))
    assert log.stats()["rounds"] > 5
    log.close()
    log = home.open()
    assert log.size == log.published_size == 3_000
    log.close()


def faulty_once(monkeypatch, fault: Fault) -> None:
    """The first engine's third append fails; later engines are well."""
    faults = [Faults(lambda step: fault if step.action == "append" and step.target == "2" else None)]

    def drivers(paths, *, segment_bytes: int) -> Drivers:
        made = local_drivers(paths, segment_bytes=segment_bytes)
        if not faults:
            return made
        return Drivers(FaultyJournal(made.journal, faults.pop()), made.head, made.objects, made.folder)

    monkeypatch.setattr("graven.log.start.local_drivers", drivers)
    monkeypatch.setattr(supervise, "BACKOFF_S", (0.0,))


@pytest.mark.parametrize("applied", [False, True])
def test_a_stopped_log_reopens_itself_from_disk(home: Home, monkeypatch, applied: bool) -> None:
    faulty_once(monkeypatch, Fault(applied))
    log = home.open()
    log.append(batch_of("a"))
    log.append(batch_of("b"))
    with pytest.raises(Unavailable) as caught:
        log.append(batch_of("c"), request("k"))
    assert caught.value.code == "writer_stopped"
    home.wait_for("writer_restarted")
    assert log.stopped is None
    assert log.append(batch_of("c"), request("k")) == Appended(2, 1, replayed=applied)
    assert [incident.kind for incident in home.incidents] == ["writer_stopped", "writer_restarted"]
    log.close()
    log = home.open()
    assert log.size == 3
    log.close()


def test_listeners_that_fail_neither_stop_the_log_nor_its_restart(home: Home, monkeypatch) -> None:
    faulty_once(monkeypatch, Fault(applied=False))

    def failing_report(incident: Incident) -> None:
        Home.report(home, incident)
        raise RuntimeError

    log = open_log(
        home.root,
        "default",
        clock=Clock(),
        on_incident=failing_report,
        on_published=lambda checkpoint: 1 / 0,
        state_dir=home.root / "state",
    )
    log.append(batch_of("a"))
    log.append(batch_of("b"))
    with pytest.raises(Unavailable):
        log.append(batch_of("c"))
    home.wait_for("writer_restarted")
    assert log.append(batch_of("c")).first == 2
    assert published(log, 3)
    assert log.stats()["callback_failures"] >= 3
    log.close()


def test_a_log_whose_disk_contradicts_itself_stays_stopped(home: Home, monkeypatch) -> None:
    faulty_once(monkeypatch, Fault(applied=False))
    log = home.open()
    log.append(batch_of("a"))
    log.append(batch_of("b"))
    (home.root / "logs/default/head.sqlite").unlink()
    with pytest.raises(Unavailable):
        log.append(batch_of("c"))
    home.wait_for("restart_refused")
    assert log.stopped is not None
    assert log.stopped.code == "head_missing"
    with pytest.raises(Unavailable):
        log.append(batch_of("d"))
    log.close()


def test_a_refused_log_lets_go_of_the_engine_that_was_refused(home: Home, monkeypatch) -> None:
    faulty_once(monkeypatch, Fault(applied=False))
    log = home.open()
    log.append(batch_of("a"))
    log.append(batch_of("b"))
    (home.root / "logs/default/head.sqlite").unlink()
    with pytest.raises(Unavailable):
        log.append(batch_of("c"))
    home.wait_for("restart_refused")
    assert log.stopped is not None
    assert (log.stopped.__traceback__, log.stopped.__context__, log.stopped.__cause__) == (None, None, None)
    log.close()


def test_a_restart_that_fails_for_an_unknown_reason_is_told_and_tried_again(home: Home, monkeypatch) -> None:
    faulty_once(monkeypatch, Fault(applied=False))
    log = home.open()
    log.append(batch_of("a"))
    log.append(batch_of("b"))
    opening = Engine.__init__
    reasons = [ValueError("a fault of the program")]

    def failing_once(engine: Engine, *args: Any, **named: Any) -> None:
        if reasons:
            raise reasons.pop()
        opening(engine, *args, **named)

    monkeypatch.setattr(Engine, "__init__", failing_once)
    with pytest.raises(Unavailable):
        log.append(batch_of("c"))
    home.wait_for("writer_restarted")
    assert [incident.kind for incident in home.incidents] == ["writer_stopped", "restart_failed", "writer_restarted"]
    log.close()


def test_a_start_that_is_refused_late_keeps_no_connection(home: Home, monkeypatch) -> None:
    def refusing(*args: Any) -> None:
        raise RefusedToStart("the journal contradicts the head")

    monkeypatch.setattr("graven.log.engine.replay", refusing)
    with pytest.raises(RefusedToStart) as caught:  # its traceback keeps the engine alive here
        home.open()
    assert caught.value.__traceback__ is not None
    assert not open_files(home.root, "requests.sqlite")


def test_a_mark_that_is_missing_is_written_at_the_next_start(home: Home) -> None:
    log = home.open()
    log.append(batch_of("a"))
    log.close()
    (mark,) = (home.root / "state" / "highwater").iterdir()
    mark.unlink()
    log = home.open()
    assert mark.read_bytes() == log.checkpoint()
    log.close()
