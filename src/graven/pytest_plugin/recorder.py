"""The hooks of the process that runs tests: pytest itself, or one worker of xdist.

Every hook of ours is guarded: what goes wrong in it is counted and told at the end, and the test goes on.
"""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from _pytest.logging import caplog_records_key

from graven.pytest_plugin import attachments
from graven.pytest_plugin.attempt import Attempt
from graven.pytest_plugin.fixtures import Fixtures
from graven.pytest_plugin.names import recorded_name
from graven.pytest_plugin.place import Place, current
from graven.pytest_plugin.sink import Sink
from graven.pytest_plugin.values import Values

__all__ = ["TestRecorder"]


def _nothing() -> None:
    return None


class TestRecorder:
    """Writes one `test.case.finish` for each attempt. `failed` maps the tests whose last
    attempt failed to the ids of its event."""

    __test__ = False

    def __init__(self, sink: Sink, run: str, environment: str, *, deep: bool, is_first: bool) -> None:
        self._sink = sink
        self._run = run
        self._environment = environment
        self._deep = deep
        self._is_first = is_first
        self.values = Values()
        self._fixtures = Fixtures(self.values)
        self._attempts: dict[str, int] = {}
        self._attempt: Attempt | None = None
        self.failed: dict[str, str] = {}
        self.flush: Callable[[], None] = _nothing
        """Records the calls that are still open (rows that nobody fetched, say); called before an attempt ends."""
        self.begin: Callable[[], None] = _nothing
        """Called when a phase of a test begins."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """All attempts of one test, and the warnings that pytest tells when they are over."""
        try:
            return (yield)
        finally:
            self._finish()
            current.set(Place(self._run))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """A new attempt begins."""
        try:
            self._finish()  # of a test that is run again within one protocol
            number = self._attempts[item.nodeid] = self._attempts.get(item.nodeid, 0) + 1
            self._fixtures.begin()
            self._attempt = Attempt(
                item, recorded_name(item, self._sink.is_secret), number, self.values, deep=self._deep
            )
            self._enter("setup")
        except Exception as error:  # noqa: BLE001 - see the module
            self._sink.failures.add(error)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """The test itself."""
        self._enter("call")
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Tear-down of the fixtures that end here. Log records are forgotten by pytest after it."""
        if self._attempt is not None:
            self._attempt.log_records = item.stash.get(caplog_records_key, {})
        self._enter("teardown")
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, object, object]:
        """A fixture was set up: its value as it is now."""
        try:
            return (yield)
        finally:
            if self._deep and self._attempt is not None:
                try:
                    shown = self._fixtures.was_set_up(fixturedef, self._attempt.item)
                    if shown is not None:
                        self._sink.learn({fixturedef.argname: shown})
                except Exception as error:  # noqa: BLE001 - see the module
                    self._sink.failures.add(error)

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """A comparison in an `assert` failed; pytest's own explanation stays what it is."""
        if self._deep and self._attempt is not None:
            try:
                self._attempt.compared(op, left, right)
            except Exception as error:  # noqa: BLE001 - see the module
                self._sink.failures.add(error)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
        """A phase ended."""
        report = yield
        attempt = self._attempt
        if attempt is not None and attempt.item is item:
            try:
                attempt.phase_ended(call, report, self._fixtures)
            except Exception as error:  # noqa: BLE001 - see the module
                self._sink.failures.add(error)
        return report

    def attach(self, name: str, content: object, media_type: str | None) -> bool:
        """Keep content with the attempt that runs; see `attachments.attach`."""
        attempt = self._attempt
        try:
            known = None if attempt is None else len(attempt.attachments)
            taken = attachments.take(name, content, media_type, self._sink, known)
        except Exception as error:  # noqa: BLE001 - see the module
            shown, reason = attachments.label(name), attachments.reason_of(error)
            self._sink.failures.add(f"attachment {shown!r}: {reason}")
            if attempt is not None and len(attempt.left_out) < attachments.MOST:
                attempt.left_out.append({"name": shown, "reason": reason})
            return False
        if attempt is not None:
            attempt.attachments.append(taken)
        return True

    def pytest_warning_recorded(self, warning_message: Any, when: str) -> None:
        """A warning, told after the test in which it was given."""
        if self._attempt is not None:
            try:
                self._attempt.warned(warning_message, when)
            except Exception as error:  # noqa: BLE001 - see the module
                self._sink.failures.add(error)

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be collected is a test that failed; each worker sees it, one records it."""
        if report.failed and self._is_first:
            qa = {"run": self._run, "suite": report.nodeid, "test": report.nodeid or ".", "status": "error"}
            written = self._sink.write(
                {
                    "action": "test.case.finish",
                    "outcome": "error",
                    "qa": {**qa, "phase": "collect", "environment": self._environment},
                    "error": {"type": "CollectError", "message": str(report.longrepr)},
                }
            )
            if written is not None:
                self.failed[report.nodeid] = written

    def close(self) -> None:
        """Write what an interrupt left open."""
        self._finish()
        current.set(None)
        self.values.close()

    def _enter(self, phase: str) -> None:
        attempt = self._attempt
        if attempt is not None:
            current.set(
                Place(self._run, attempt.test, attempt.suite, attempt.number, phase, attempt.trace_id, attempt.span_id)
            )
            self.begin()

    def _finish(self) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        try:
            self.flush()
            event = attempt.event(self._run, self._environment)
        except Exception as error:  # noqa: BLE001 - see the module
            self._sink.failures.add(error)
            return
        written = self._sink.write(event, owned=True)
        self.failed.pop(attempt.test, None)  # of an earlier attempt
        if written is not None and event["outcome"] in {"failure", "error"}:
            self.failed[attempt.test] = written
