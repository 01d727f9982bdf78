"""The run as a whole: its start and finish, what the workers of xdist are told and tell, and the end.

Who runs the tests knows what was selected, so the start is written by pytest itself, or by the first worker;
the finish always by the process that the user started, which then merges all spools.
"""

import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from graven.pytest_plugin import attachments, datadir, facts
from graven.pytest_plugin.ci import CiJob
from graven.pytest_plugin.names import recorded_name, text_parameters
from graven.pytest_plugin.record import connect
from graven.pytest_plugin.recorder import TestRecorder
from graven.pytest_plugin.sink import Failures, Sink
from graven.pytest_plugin.summary import Outcome, write_summary
from graven.pytest_plugin.verdicts import phase_status, worse
from graven.sdk.guard import internal

__all__ = ["Session", "WorkerSession"]

_STATUS = {0: "passed", 1: "failed", 2: "interrupted", 3: "error", 4: "error", 5: "passed"}
"""Exit status of pytest → `qa.status` of the run."""
_MOST_NAMES = 20_000


class _Selection:
    """What the process that collects knows."""

    sink: Sink

    def __init__(self) -> None:
        self.deselected: list[str] = []

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Tests taken out by -k, -m, --lf and others."""
        self.deselected += [recorded_name(item, self.sink.is_secret) for item in items]

    def complete(self, start: dict[str, Any], session: pytest.Session) -> dict[str, Any]:
        """The start with the selection in its `input`. Parameters that are secrets are learnt first: pytest puts
        them into the names of tests."""
        for item in session.items:
            if given := text_parameters(item):
                self.sink.learn(given)
        selected = [recorded_name(item, self.sink.is_secret) for item in session.items]
        asked = {
            **start["input"],
            "selected": selected[:_MOST_NAMES],
            "deselected": self.deselected[:_MOST_NAMES],
            "counts": {"selected": len(selected), "deselected": len(self.deselected)},
        }
        return {**start, "input": asked}


class WorkerSession(_Selection):
    """A worker of xdist. `told` comes from the controller: run, environment, and the start to complete."""

    def __init__(self, config: pytest.Config, sink: Sink, told: dict[str, Any], *, is_first: bool) -> None:
        super().__init__()
        self._config = config
        self.sink = sink
        self._start = told["start"]
        self._is_first = is_first
        self.environment = str(told["environment"])
        self.recorder: TestRecorder | None = None
        self.capture: Any = None
        self.calls: Any = None
        self.resume: Callable[[], None] | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The first worker writes the start, before any test runs."""
        if self._is_first:
            self.sink.write(self.complete(self._start, session))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Tell the controller how it went, and let go of the spool before this process is said to be finished."""
        _stop(self)
        _let_go(self)
        self.sink.close()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            failures = self.sink.failures
            output["graven"] = {
                "written": self.sink.written,
                "waiting": self.sink.waiting,
                "refused": self.sink.refused,
                "failures": failures.count,
                "first": failures.first,
                "failed": dict(self.recorder.failed) if self.recorder is not None else {},
            }
        return (yield)


class Session(_Selection):
    """The process that the user started. `data` is None when events go to a server."""

    def __init__(self, config: pytest.Config, sink: Sink, run: str, level: str, data: Path | None, job: CiJob) -> None:
        super().__init__()
        self._config = config
        self.sink = sink
        self._run = run
        self._level = level
        self._data = data
        self._job = job
        self._shard = job.shard or secrets.token_hex(8)
        self.environment = facts.environment_name(os.environ)
        self.recorder: TestRecorder | None = None
        self.capture: Any = None
        self.calls: Any = None
        self.resume: Callable[[], None] | None = None
        self._began_ns = time.monotonic_ns()
        self._statuses: dict[str, str] = {}
        self._workers: list[dict[str, Any]] = []
        self._started = False
        self._stopped = ""
        self._outcome: Outcome | None = None
        self._gathered: dict[str, Any] = {}
        # beside collection, which takes longer
        self._gathering = threading.Thread(target=self._gather, name="graven-facts", daemon=True)
        self._gathering.start()

    def _gather(self) -> None:
        try:
            root = Path(str(self._config.rootpath))
            with internal():  # what git is asked is no call of the test in which this session may run
                found = {"git": facts.git_facts(root), "packages": facts.packages(), "machine": facts.machine()}
            self._gathered = found
        except Exception as error:  # noqa: BLE001 - a run without these facts is still a run
            self.sink.failures.add(error)

    def _start_event(self) -> dict[str, Any]:
        """The start without the selection; plain data, for it travels to the first worker."""
        self._gathering.join(timeout=20)
        git = dict(self._gathered.get("git", {}))
        config = self._config
        job = self._job
        qa = {"run": self._run, "environment": self.environment}
        # what CI checks out is no branch for git, and in a container git may refuse to look at it
        told = {"commit": git.pop("commit", job.commit), "tree": git.pop("tree", ""), "build": job.build,
                "branch": git.pop("branch", job.branch), "release": os.environ.get("GRAVEN_RELEASE")}  # fmt: skip
        qa |= {name: value for name, value in told.items() if value}
        seed = getattr(config.option, "randomly_seed", None) or os.environ.get("PYTHONHASHSEED")
        if seed not in (None, "", "default"):
            qa["seed"] = str(seed)
        environ = facts.allowed_environment(os.environ)
        plugins = sorted({f"{d.project_name}-{d.version}" for _, d in config.pluginmanager.list_plugin_distinfo()})
        attributes = {
            "identity": "1",
            "shard": self._shard,
            "level": self._level,
            "repository": git,
            "packages": self._gathered.get("packages", {}),
            "machine": self._gathered.get("machine", {}),
            "plugins": plugins,
            "pytest": pytest.__version__,
            "workers": len(getattr(config.option, "tx", None) or ()),
            "variables": environ,
        }
        return {
            "action": "test.run.start",
            "qa": qa,
            "input": {
                "arguments": [str(argument) for argument in config.invocation_params.args],
                "narrowed": _narrowed(config),
            },
            "attributes": attributes,
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """xdist is about to start a worker: say which run it belongs to."""
        start: dict[str, Any] = {}
        if node.gateway.id == "gw0":
            try:
                start = self._start_event()
            except Exception as error:  # noqa: BLE001 - the workers must start all the same
                self.sink.failures.add(error)
        node.workerinput["graven"] = {"run": self._run, "environment": self.environment, "start": start}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        """The first worker has written the start by now."""
        self._started = self._started or node.gateway.id == "gw0"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker ended; one that crashed tells nothing."""
        told = getattr(node, "workeroutput", {}).get("graven")
        if told:
            self._workers.append(told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """The worker that ran this test is gone and cannot say so itself."""
        qa = {"run": self._run, "suite": crashitem.partition("::")[0], "test": crashitem, "status": "error"}
        self.sink.write(
            {
                "action": "test.case.finish",
                "outcome": "error",
                "qa": {**qa, "environment": self.environment},
                "error": {"type": "WorkerCrashed", "message": "the worker process ended while it ran this test"},
            }
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without xdist: what will run is known now."""
        if self.recorder is not None:
            self._started = True
            try:
                self.sink.write(self.complete(self._start_event(), session))
            except Exception as error:  # noqa: BLE001 - a recording failure is no reason to stop the run
                self.sink.failures.add(error)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count; with xdist these are the reports of all workers."""
        if status := phase_status(report):
            before = "" if report.when == "setup" else self._statuses.get(report.nodeid, "")
            self._statuses[report.nodeid] = worse(before, status)

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be collected counts as an error."""
        if report.failed:
            self._statuses[report.nodeid] = "error"

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """After everybody else, so that xdist's workers have ended, and before the terminal prints its summary."""
        try:
            return (yield)
        finally:
            try:
                self._finish(session, int(exitstatus))
            except Exception as error:  # noqa: BLE001 - as above
                self.sink.failures.add(error)
            finally:
                _let_go(self)

    def _finish(self, session: pytest.Session, exitstatus: int) -> None:
        _stop(self)
        if not self._started:
            self.sink.write(self._start_event())
        counts = Counter(self._statuses.values())
        status = _STATUS.get(exitstatus, "error")
        attributes: dict[str, Any] = {"shard": self._shard, "exit_status": exitstatus}
        stopped = session.shouldfail or session.shouldstop
        if stopped:
            attributes["stopped"] = str(stopped)
        failures = self._all_failures()
        if failures.count:
            attributes["recording_failures"] = {"count": failures.count, "first": failures.first}
        self.sink.write(
            {
                "action": "test.run.finish",
                "outcome": {"passed": "success", "failed": "failure"}.get(status, "error"),
                "qa": {"run": self._run, "status": status, "environment": self.environment},
                "output": dict(sorted(counts.items())),
                "duration_ns": time.monotonic_ns() - self._began_ns,
                "attributes": attributes,
            }
        )
        self.sink.close()
        self._outcome = self._settle()

    def _settle(self) -> Outcome:
        written = self.sink.written + sum(told["written"] for told in self._workers)
        failed = dict(self.recorder.failed) if self.recorder is not None else {}
        for told in self._workers:
            failed |= told["failed"]
        outcome = Outcome(self._run, written, self._all_failures(), data=self._data, failed=failed)
        if self._data is None:
            self._ask_server(outcome)
        else:
            try:
                outcome.merged = datadir.merge(self._data, self._run)
            except ImportError as error:
                outcome.kept = f"a log is written on Linux and macOS only ({error.name or error} is missing)"
            except Exception as error:  # noqa: BLE001 - the spool keeps everything for the next session
                outcome.kept = str(error)
        return outcome

    def _ask_server(self, outcome: Outcome) -> None:
        from graven.pytest_plugin.published import published
        from graven.pytest_plugin.streaming import ClientSink

        if isinstance(self.sink, ClientSink):
            told_by = self.sink.client.settings
            outcome.server, outcome.log = told_by.server, told_by.log
            outcome.waiting = self.sink.waiting + sum(told["waiting"] for told in self._workers)
            outcome.refused = self.sink.refused + sum(told["refused"] for told in self._workers)
            if not outcome.waiting and not outcome.refused:
                outcome.published = published(told_by.server, told_by.token, told_by.log)

    def _all_failures(self) -> Failures:
        failures = Failures()
        failures.count, failures.first = self.sink.failures.count, self.sink.failures.first
        for told in self._workers:
            failures.count += told["failures"]
            failures.first = failures.first or told["first"]
        return failures

    def pytest_unconfigure(self) -> None:
        """A session that never began (wrong usage) lets go all the same."""
        _stop(self)
        _let_go(self)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The addresses of the failures, and what was recorded."""
        failures = self._all_failures()
        outcome = self._outcome or Outcome(self._run, self.sink.written, failures, data=self._data, failed={})
        write_summary(terminalreporter, outcome, Path(self._config.invocation_params.dir))


def _narrowed(config: pytest.Config) -> dict[str, Any]:
    """What made this run smaller than the suite. `--lf` leaves tests out of collection without deselecting them,
    so a test that is not selected here was not missing either."""
    asked = {name: getattr(config.option, name, None) for name in ("keyword", "markexpr", "lf", "deselect")}
    asked["paths"] = [str(path) for path in config.args] if config.args_source.name == "ARGS" else None
    return {name: value for name, value in asked.items() if value}


def _stop(session: Session | WorkerSession) -> None:
    if session.resume is None:  # over, and another session may be at work
        return
    if session.calls is not None:
        tracer, session.calls = session.calls, None
        try:
            if missed := tracer.failures():
                session.sink.failures.add("calls of functions", missed)
            tracer.uninstall()
        except Exception as error:  # noqa: BLE001 - as below
            session.sink.failures.add(error)
    if session.capture is not None:
        capture, session.capture = session.capture, None
        try:
            capture.uninstall()
            if count := capture.failures():
                session.sink.failures.add(f"{capture.first_failure()} while calls were looked at", count)
        except Exception as error:  # noqa: BLE001 - what was recorded must still be settled
            session.sink.failures.add(error)
    if session.recorder is not None:
        session.recorder.close()
    connect(None)
    attachments.connect(None)


def _let_go(session: Session | WorkerSession) -> None:
    """Only now: what the merge asks the log's own database is no call of an outer session's test."""
    if session.resume is not None:
        resume, session.resume = session.resume, None
        resume()
