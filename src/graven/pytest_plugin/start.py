"""Sets the recorder up in this process: the one that pytest runs in, xdist's controller, or a worker of it."""

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graven.pytest_plugin import allure, attachments, datadir, facts, io
from graven.pytest_plugin.ci import CiJob, job_of
from graven.pytest_plugin.place import Place, current
from graven.pytest_plugin.record import connect, connected, record_call
from graven.pytest_plugin.recorder import TestRecorder
from graven.pytest_plugin.session import Session, WorkerSession
from graven.pytest_plugin.sink import Sink, SpoolSink

__all__ = ["start"]

DATA = ".graven"


def start(config: pytest.Config, level: str) -> None:
    """Register the hooks. Where nothing can be recorded (a directory that cannot be written) that is told as a
    warning, and the run goes on without."""
    try:
        _start(config, level)
    except Exception as error:  # noqa: BLE001 - recording must not be a reason for pytest not to run
        config.issue_config_time_warning(
            pytest.PytestConfigWarning(f"graven does not record: {type(error).__name__}: {error}"), stacklevel=3
        )


def _start(config: pytest.Config, level: str) -> None:
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    told: dict[str, Any] = {} if worker is None else worker.get("graven", {})
    if worker is not None and not told:
        return  # the controller could not start
    job = job_of(os.environ)
    run = str(told.get("run") or os.environ.get("GRAVEN_RUN") or _new_run(job))
    data = None if os.environ.get("GRAVEN_SERVER") else Path(str(config.rootpath)) / DATA
    source = os.environ.get("GRAVEN_SOURCE") or f"pytest/{config.rootpath.name}"
    sink = _sink(data, source, run, "" if worker is None else str(worker["workerid"]))
    sink.learn(facts.secret_candidates(os.environ))
    session: Session | WorkerSession
    if worker is None:
        session = Session(config, sink, run, level, data, job)
    else:
        session = WorkerSession(config, sink, told, is_first=worker["workerid"] == "gw0")
    runs_tests = worker is not None or not _is_controller(config)
    config.pluginmanager.register(session, "graven-session")
    session.resume = _resume_outer()
    current.set(Place(run))
    if runs_tests:
        deep = level != "outcomes"
        is_first = worker is None or worker["workerid"] == "gw0"
        recorder = TestRecorder(sink, run, session.environment, deep=deep, is_first=is_first)
        config.pluginmanager.register(recorder, "graven-recorder")
        session.recorder = recorder
        connect(sink.write, session.environment)
        attachments.connect(recorder.attach)
        allure.listen()
        if deep:
            try:
                session.capture = io
                io.set_context(_context)
                for folder in (config.option.basetemp, os.environ.get("PYTEST_DEBUG_TEMPROOT"), data):
                    if folder:
                        io.ignore_below(str(folder))
                io.set_phase(_phase)
                io.install(record_call)
                recorder.flush = io.flush
            except Exception as error:  # noqa: BLE001 - the tests are recorded without their calls then
                sink.failures.add(error)
        if level == "calls":
            try:
                _record_calls(config, session, recorder)
            except Exception as error:  # noqa: BLE001 - as above
                sink.failures.add(error)


def _record_calls(config: pytest.Config, session: Session | WorkerSession, recorder: TestRecorder) -> None:
    from graven.pytest_plugin import calls

    def flush() -> None:
        calls.end()
        calls.flush()
        io.flush()

    calls.install(config.getini("graven_calls"), record_call, _context)
    session.calls = calls
    recorder.begin = calls.begin
    recorder.flush = flush


def _resume_outer() -> Callable[[], None]:
    """What a session does at its end for the one inside of whose test it runs (pytester, `pytest.main`): that one
    records on, as if nothing had been. Calls are captured once in a process, and belong to the innermost session."""
    outer, place, capturing = connected(), current.get(), io.installed()
    keep = attachments.connected()

    def resume() -> None:
        if outer is None:
            connect(None)
            return
        connect(*outer)
        attachments.connect(keep)
        current.set(place)
        if capturing:
            io.set_context(_context)
            io.install(record_call)

    return resume


def _sink(data: Path | None, source: str, run: str, worker: str) -> Sink:
    if data is None:
        from graven.pytest_plugin.streaming import ClientSink

        return ClientSink(source=source)
    datadir.prepare(data)
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in f"{run[:60]}-{worker or 'main'}")
    return SpoolSink(
        datadir.spool_folder(data), name, source=source, key=datadir.redaction_key_of(data), blobs=data / "blobs"
    )


def _phase() -> str:
    place = current.get()
    return "" if place is None else place.phase


def _context() -> tuple[str, str, str] | None:
    """What outgoing HTTP carries: trace id, the test's span, run. None outside of tests."""
    place = current.get()
    return (place.trace_id, place.span_id, place.run) if place is not None and place.trace_id else None


def _is_controller(config: pytest.Config) -> bool:
    """xdist distributes: this process runs no test."""
    return bool(getattr(config.option, "dist", "no") != "no" and getattr(config.option, "tx", None))


def _new_run(job: CiJob) -> str:
    if job.is_shared:
        return job.run
    return f"{job.run or time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"
