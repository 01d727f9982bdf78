"""The lines of pytest-reportlog into native events: one `test.case.finish` for each attempt of a test.

pytest reports set-up, call and tear-down of a test one by one, and with xdist those of several tests
interleaved; they are gathered until the tear-down arrives. An error while collecting is a case with the phase
`collect`. A log that was cut still gives the tests it holds, those without tear-down marked `incomplete`.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from graven.event.mappers.jsonlines import decoded, lines
from graven.event.mappers.ordinals import Ordinals
from graven.event.mappers.report import (
    OUTCOMES,
    About,
    Mapped,
    Refused,
    Report,
    SuiteCounts,
    instant,
    nanoseconds,
    short_name,
    text_of,
)

__all__ = ["MAX_OPEN", "read_reportlog"]

MAX_OPEN: Final = 1_000
"""Tests whose tear-down has not arrived; beyond that the oldest is let go as incomplete."""

_STRICT: Final = "[XPASS(strict)]"
_SECTIONS: Final = (("stdout", "system_out"), ("stderr", "system_err"), ("log", "log"))
_GRAVITY: Final = {"passed": 0, "xpassed": 1, "xfailed": 1, "skipped": 1, "failed": 2, "error": 3}


def read_reportlog(stream: BinaryIO, report: Report) -> Iterator[Mapped | Refused | About]:
    """The events of one log, each when its test is over; unreadable lines are refused one by one."""
    reader = _Reader(report)
    for line in lines(stream):
        if isinstance(line, Refused):
            yield line
            continue
        value = decoded(line[1], line[0])
        if isinstance(value, Refused):
            yield value
        else:
            yield from reader.line(line[0], value)
    yield from reader.finish()


class _Attempt:
    """What is known of one attempt so far."""

    __slots__ = ("line", "outcome", "reports", "status")

    def __init__(self, line: int) -> None:
        self.line = line
        self.reports: dict[str, dict[str, Any]] = {}
        self.status = "passed"
        self.outcome = "success"

    def add(self, phase: str, report: dict[str, Any]) -> None:
        self.reports[phase] = report
        status, outcome = _verdict(phase, report)
        if _GRAVITY[status] > _GRAVITY[self.status]:
            self.status, self.outcome = status, outcome


def _verdict(phase: str, report: dict[str, Any]) -> tuple[str, str]:
    """Status and outcome that one phase means."""
    said = report.get("outcome")
    expected = "wasxfail" in report
    longrepr = report.get("longrepr")
    if said == "passed":
        status = "xpassed" if expected and phase == "call" else "passed"
    elif said == "skipped":
        status = "xfailed" if expected else "skipped"
    elif isinstance(longrepr, str) and longrepr.startswith(_STRICT):
        return "xpassed", "failure"
    else:  # failed, or "rerun", which is a failure that gets another attempt
        status = "failed" if phase == "call" else "error"
    return status, OUTCOMES[status]


class _Reader:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._open: dict[str, _Attempt] = {}
        self._seen = Ordinals()
        self._suites = SuiteCounts(report)

    def line(self, number: int, value: dict[str, Any]) -> Iterator[Mapped | Refused | About]:
        kind = value.get("$report_type")
        if kind not in {"TestReport", "CollectReport"}:
            if kind == "SessionStart":
                yield About({"tool": {"name": "pytest", "version": short_name(text_of(value.get("pytest_version")))}})
            elif kind == "SessionFinish" and isinstance(value.get("exitstatus"), int):
                yield About({"exit_status": value["exitstatus"]})
            if not isinstance(kind, str):
                yield Refused(number, "no line of a pytest report log: it has no $report_type")
            return
        test = value.get("nodeid")
        if not isinstance(test, str):
            yield Refused(number, "a report without nodeid")
            return
        if kind == "CollectReport":
            if value.get("outcome") == "failed":
                attempt = _Attempt(number)
                attempt.add("collect", value)
                yield from self._finish(test, attempt)
            return
        phase = value.get("when")
        if phase not in {"setup", "call", "teardown"}:
            yield Refused(number, "a report of no known phase")
            return
        if phase == "setup" and test in self._open:  # the tear-down before it was lost
            yield from self._finish(test, self._open.pop(test), incomplete=True)
        self._open.setdefault(test, _Attempt(number)).add(phase, value)
        if phase == "teardown":
            yield from self._finish(test, self._open.pop(test))
        elif len(self._open) > MAX_OPEN:
            oldest = next(iter(self._open))
            yield from self._finish(oldest, self._open.pop(oldest), incomplete=True)

    def finish(self) -> Iterator[Mapped]:
        for test in list(self._open):
            yield from self._finish(test, self._open.pop(test), incomplete=True)
        yield from self._suites.finish()

    def _finish(self, nodeid: str, attempt: _Attempt, *, incomplete: bool = False) -> Iterator[Mapped]:
        suite, test = short_name(nodeid.partition("::")[0]), short_name(nodeid)
        ordinal = self._seen.next(nodeid)
        qa: dict[str, Any] = {"suite": suite, "test": test, "status": attempt.status}
        if ordinal:
            qa["attempt"] = ordinal + 1
        if "collect" in attempt.reports:
            qa["phase"] = "collect"
        event = self._report.event("test.case.finish", attempt.outcome, qa)
        event["targets"] = [{"type": "test", "id": test, "name": short_name(nodeid.rpartition("::")[2])}]
        reports = list(attempt.reports.values())
        _put_times(event, attempt.reports)
        failing = next((one for one in reports if one.get("outcome") != "passed"), None)
        if failing is not None and (failing.get("longrepr") or attempt.status != "passed"):
            event["error"] = _error(failing)
        output = _output(reports)
        if output:
            event["output"] = output
        attributes = event.setdefault("attributes", {})
        _put_attributes(attributes, reports)
        if incomplete:
            attributes["incomplete"] = True
        if not attributes:
            del event["attributes"]
        yield from self._suites.add(suite, attempt.status)
        yield self._report.mapped(attempt.line, event, nodeid, str(ordinal))


def _put_times(event: dict[str, Any], reports: dict[str, dict[str, Any]]) -> None:
    stops = [stop for one in reports.values() if isinstance(stop := one.get("stop"), int | float)]
    if stops and (time := instant(max(stops) * 1000)) is not None:
        event["time"] = time
    phases = {
        phase: duration
        for phase, one in reports.items()
        if (duration := nanoseconds(one.get("duration"), 1_000_000_000)) is not None
    }
    if phases:
        event["duration_ns"] = sum(phases.values())
        event["attributes"] = {"phases": phases}


def _error(report: dict[str, Any]) -> dict[str, Any]:
    """The error of a report: its `longrepr` is a text, a place with a reason (skips), or a structure."""
    longrepr = report.get("longrepr")
    if isinstance(longrepr, list) and len(longrepr) == 3:
        return {"message": text_of(longrepr[2])}
    if not isinstance(longrepr, dict):
        return {"message": text_of(longrepr or report.get("wasxfail"))}
    crash = longrepr.get("reprcrash")
    message = text_of(crash.get("message")) if isinstance(crash, dict) else ""
    traceback = longrepr.get("reprtraceback")
    entries = traceback.get("reprentries") if isinstance(traceback, dict) else None
    stack: list[dict[str, Any]] = []
    texts: list[str] = [message] if message else []
    kind = ""
    for entry in entries if isinstance(entries, list) else ():
        data = entry.get("data") if isinstance(entry, dict) else None
        if not isinstance(data, dict):
            continue
        texts.append(text_of(data.get("lines")))
        place = data.get("reprfileloc")
        if isinstance(place, dict):
            kind = text_of(place.get("message"))
            line = place.get("lineno")
            frame: dict[str, Any] = {"file": text_of(place.get("path"))}
            if isinstance(line, int) and 0 <= line < 2**31:
                frame["line"] = line
            stack.append(frame)
    error: dict[str, Any] = {"message": text_of("\n".join(texts))}
    if kind.isidentifier() or all(part.isidentifier() for part in kind.split(".")):
        error["type"] = short_name(kind)
    if stack:
        error["stack"] = stack
    return error


def _output(reports: list[dict[str, Any]]) -> dict[str, str]:
    """Captured text by stream; each report repeats the sections of those before it."""
    sections: dict[str, str] = {}
    for one in reports:
        found = one.get("sections")
        for section in found if isinstance(found, list) else ():
            if isinstance(section, list) and len(section) == 2 and all(isinstance(part, str) for part in section):
                sections[section[0]] = section[1]
    output = {}
    for word, name in _SECTIONS:
        text = "".join(body for title, body in sections.items() if f"Captured {word}" in title)
        if text:
            output[name] = text_of(text)
    return output


def _put_attributes(attributes: dict[str, Any], reports: list[dict[str, Any]]) -> None:
    location = reports[0].get("location")
    if isinstance(location, list) and len(location) == 3:
        attributes["file"] = short_name(text_of(location[0]))
        if isinstance(location[1], int) and not isinstance(location[1], bool):
            attributes["line"] = location[1] + 1  # pytest counts from 0
    properties = reports[-1].get("user_properties")
    pairs = properties if isinstance(properties, list) else []
    named = [
        {"name": text_of(pair[0]), "value": pair[1]} for pair in pairs if isinstance(pair, list) and len(pair) == 2
    ]
    if named:
        attributes["properties"] = named
    worker = reports[0].get("worker_id")
    if isinstance(worker, str) and worker:
        attributes["worker"] = short_name(worker)
