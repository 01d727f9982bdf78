"""One attempt of one test: what is collected while it runs, and the event made of it."""

import os
import time
import traceback
from collections.abc import Mapping
from typing import Any

from graven.pytest_plugin import failing
from graven.pytest_plugin.difference import difference
from graven.pytest_plugin.fixtures import Fixtures
from graven.pytest_plugin.values import Values
from graven.pytest_plugin.verdicts import OUTCOMES, is_strict_xpass, phase_status, worse
from graven.sdk.composer import rfc3339

__all__ = ["Attempt"]

_MOST_LOG_RECORDS = 1000
_MOST_WARNINGS = 100
_SILENT_MARKERS = frozenset({"parametrize", "usefixtures"})


class Attempt:
    """`number` counts from 1. At level `outcomes` (`deep` False) no values are looked at. `test` is the name by which
    the record knows the test."""

    def __init__(self, item: Any, test: str, number: int, values: Values, *, deep: bool) -> None:
        self.item = item
        self.number = number
        self.test = test
        self.suite = item.nodeid.partition("::")[0]
        noise = os.urandom(24).hex()
        self.trace_id, self.span_id = noise[:32], noise[32:]
        self.started_ns = time.time_ns()
        self.status = ""
        self.outcome = ""
        self.warnings: list[dict[str, Any]] = []
        self.assertion: dict[str, Any] | None = None
        self.attachments: list[dict[str, Any]] = []
        self.left_out: list[dict[str, Any]] = []
        """Attachments that were not kept, with the reason."""
        self.log_records: dict[str, list[Any]] = {}
        self._values = values
        self._deep = deep
        self._phases: dict[str, int] = {}
        self._error: dict[str, Any] | None = None
        self._errors_after: list[dict[str, Any]] = []
        self._reason = ""
        self._fixtures: dict[str, Any] = {}
        self._output: dict[str, Any] = {}

    def compared(self, op: str, left: Any, right: Any) -> None:
        """A comparison in an `assert` is false: keep both objects as they are now."""
        shown_left, shown_right = self._values(left), self._values(right)
        self.assertion = {"op": op, "left": shown_left, "right": shown_right}
        if op == "==":
            self.assertion["diff"] = difference(shown_left, shown_right)

    def phase_ended(self, call: Any, report: Any, fixtures: Fixtures) -> None:
        """Take what one phase (set-up, call, tear-down) shows."""
        self._phases[call.when] = max(round(call.duration * 1e9), 0)
        status = phase_status(report)
        if status:
            self.status = worse(self.status, status)
        if report.outcome == "failed" and is_strict_xpass(report):
            self.outcome, self._reason = "failure", report.longrepr
        elif report.outcome == "failed" and call.excinfo is not None:
            self._failed(call.excinfo.value)
        elif report.outcome == "skipped" or hasattr(report, "wasxfail"):
            self._reason = _reason(report)
            if call.excinfo is not None and hasattr(report, "wasxfail"):
                self._failed(call.excinfo.value)
        if self._deep:
            if call.when == "call" or (call.when == "setup" and report.outcome != "passed"):
                self._fixtures = fixtures.of(self.item)
            if call.when == "teardown":
                self._output = self._captured(report)

    def _failed(self, error: BaseException) -> None:
        described = failing.describe(error, self._values, with_locals=self._deep)
        if self._error is None:
            self._error = described
        else:  # the tear-down failed too: the first failure stays the error
            self._errors_after.append(described)

    def _captured(self, report: Any) -> dict[str, Any]:
        output: dict[str, Any] = {}
        for title, text in report.sections:
            for stream in ("stdout", "stderr"):
                if text and title.startswith(f"Captured {stream} "):
                    output.setdefault(stream, {})[title.rpartition(" ")[2]] = text
        records = [(phase, record) for phase, found in self.log_records.items() for record in found]
        if records:
            shown = [_log_event(phase, record, self._values) for phase, record in records[:_MOST_LOG_RECORDS]]
            if len(records) > _MOST_LOG_RECORDS:
                shown.append({"$cut": {"items": len(records)}})
            output["log"] = shown
        return output

    def warned(self, warning: Any, when: str) -> None:
        """A warning was recorded during this attempt."""
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(
                {
                    "category": warning.category.__qualname__,
                    "message": self._values(str(warning.message)),
                    "file": warning.filename,
                    "line": warning.lineno,
                    "phase": when,
                }
            )

    def event(self, run: str, environment: str) -> dict[str, Any]:
        """The `test.case.finish`."""
        status = self.status or "error"
        outcome = self.outcome or OUTCOMES[status]
        qa = {
            "run": run,
            "suite": self.suite,
            "test": self.test,
            "attempt": self.number,
            "status": status,
            "environment": environment,
        }
        attributes: dict[str, Any] = {"phases": self._phases, "started": rfc3339(self.started_ns)}
        if self.warnings:
            attributes["warnings"] = self.warnings
        if markers := self._markers():
            attributes["markers"] = markers
        if self.assertion is not None and self._error is not None:
            attributes["assertion"] = self.assertion
        if self._errors_after:
            attributes["errors_after"] = self._errors_after
        if self.left_out:
            attributes["attachments_left_out"] = self.left_out
        attributes["place"] = self._location()
        event: dict[str, Any] = {
            "action": "test.case.finish",
            "outcome": outcome,
            "qa": qa,
            "trace": {"trace_id": self.trace_id, "span_id": self.span_id},
            "targets": [{"type": "test", "id": self.test, "name": self._name()}],
            "duration_ns": sum(self._phases.values()),
            "attributes": attributes,
        }
        given = self._given()
        if self.attachments:
            event["attachments"] = self.attachments
        more = {"error": self._error, "reason": self._reason, "input": given, "output": self._output}
        event |= {name: value for name, value in more.items() if value}
        return event

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        callspec = getattr(self.item, "callspec", None)
        if self._deep and callspec is not None:
            given["params"] = {name: self._values(value) for name, value in callspec.params.items()}
        if self._fixtures:
            given["fixtures"] = self._fixtures
        return given

    def _markers(self) -> list[Any]:
        shown: list[Any] = []
        for mark in self.item.iter_markers():
            if mark.name in _SILENT_MARKERS:
                continue
            entry: dict[str, Any] = {"name": mark.name}
            if self._deep and mark.args:
                entry["args"] = self._values(list(mark.args))
            if self._deep and mark.kwargs:
                entry["kwargs"] = self._values(dict(mark.kwargs))
            shown.append(entry)
        return shown

    def _name(self) -> str:
        return self.item.name if self.test == self.item.nodeid else self.test.partition("::")[2]

    def _location(self) -> Mapping[str, Any]:
        file, line, name = self.item.location
        shown = name if self.test == self.item.nodeid else self._name()
        return {"file": file, "line": (line or 0) + 1, "function": shown}


def _reason(report: Any) -> str:
    expected = getattr(report, "wasxfail", None)
    if expected is not None:
        return str(expected).removeprefix("reason: ")
    if isinstance(report.longrepr, tuple) and len(report.longrepr) == 3:
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return ""


def _log_event(phase: str, record: Any, values: Values) -> dict[str, Any]:
    try:
        message = record.getMessage()
    except Exception as error:  # noqa: BLE001 - arguments that do not fit the format
        message = f"{record.msg!r} ({type(error).__name__})" if isinstance(record.msg, str) else "(unreadable)"
    shown = {
        "time": rfc3339(round(record.created * 1e9)),
        "phase": phase,
        "level": record.levelname,
        "logger": record.name,
        "message": values(message),
    }
    raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if raised is not None:
        shown["exception"] = {"type": type(raised).__qualname__, "traceback": values(_traceback(record))}
    return shown


def _traceback(record: Any) -> str:
    try:
        return str(record.exc_text or "".join(traceback.format_exception(record.exc_info[1])))
    except Exception as error:  # noqa: BLE001 - an exception whose text cannot be had
        return f"(unreadable: {type(error).__name__})"
