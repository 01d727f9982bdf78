"""CTRF JSON reports into native events: one `test.case.finish` for each attempt, one `test.suite.finish` a suite.

CTRF is one JSON document, so its `results.tests` array is split without being held (`jsonsplit`). A test with
`retryAttempts` gives an event for each; the final one is the last attempt. Times are milliseconds since 1970.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from graven.errors import InvalidInput
from graven.event.mappers.jsonlines import decoded
from graven.event.mappers.jsonsplit import JsonSplitter, Part, TooMuch
from graven.event.mappers.ordinals import Ordinals
from graven.event.mappers.report import (
    OUTCOMES,
    About,
    Attach,
    Mapped,
    Refused,
    Report,
    SuiteCounts,
    instant,
    nanoseconds,
    short_name,
    text_of,
)

__all__ = ["read_ctrf"]

_TESTS: Final = ("results", "tests")
_ABOUT: Final = frozenset({("results", "tool"), ("results", "environment")})
_PIECE: Final = 256 * 1024
_STATUS: Final = {"passed": "passed", "failed": "failed", "skipped": "skipped", "pending": "skipped", "other": "error"}
_RAW: Final = {
    "xfailed": "xfailed",
    "xpassed": "xpassed",
    "setup_failed": "error",
    "teardown_failed": "error",
    "todo": "skipped",
}
"""Words of pytest-json-ctrf, jest and vitest that say more than the status."""
_OUTPUTS: Final = {"stdout": "system_out", "stderr": "system_err"}
_KEPT: Final = {
    "type": "type",
    "filePath": "file",
    "line": "line",
    "rawStatus": "raw_status",
    "tags": "tags",
    "labels": "labels",
    "browser": "browser",
    "device": "device",
    "flaky": "flaky",
    "steps": "steps",
    "extra": "extra",
    "threadId": "thread",
}
"""Attribute by member."""

_MOST_FILES: Final = 1_000
"""Attachments of one test; those beyond are counted in `attributes.files_left_out`."""


def read_ctrf(stream: BinaryIO, report: Report, attach: Attach | None = None) -> Iterator[Mapped | Refused | About]:
    """The events of one report; a test that cannot be read is refused and the others are given.

    `attach` stores the files that a test names; of those that it does not, `attributes.files` keeps the names.

    InvalidInput with the line when the document is no JSON or has no array `results.tests`; events before
    that point have been given.
    """
    reader = _Reader(report, attach)
    splitter = JsonSplitter(_TESTS)
    while piece := stream.read(_PIECE):
        if not reader.begun:
            piece = piece.removeprefix(b"\xef\xbb\xbf")
            reader.begun = True
        for part in splitter.feed(piece):
            yield from reader.part(part)
    for part in splitter.finish():
        yield from reader.part(part)
    if not splitter.array_seen:
        raise InvalidInput("not a CTRF report: it has no array results.tests", code="not_ctrf")
    yield from reader.suites.finish()


class _Reader:
    def __init__(self, report: Report, attach: Attach | None) -> None:
        self.begun = False
        self._attach = attach
        self.suites = SuiteCounts(report)
        self._report = report
        self._seen = Ordinals()

    def part(self, part: Part | TooMuch) -> Iterator[Mapped | Refused | About]:
        if isinstance(part, TooMuch):
            yield Refused(part.line, part.reason)
            return
        if part.path != _TESTS:
            if part.path in _ABOUT and not isinstance(facts := decoded(part.content, part.line), Refused):
                yield About({part.path[1]: facts})
            return
        test = decoded(part.content, part.line)
        if isinstance(test, Refused):
            yield test
            return
        suite, name = _suite_of(test), short_name(text_of(test.get("name")))
        place = text_of(test.get("filePath"))
        ordinal = self._seen.next((suite, name, place))
        key = (suite, name, place, str(ordinal))
        earlier = test.get("retryAttempts")
        earlier = [attempt for attempt in earlier if isinstance(attempt, dict)] if isinstance(earlier, list) else []
        for number, attempt in enumerate(earlier, 1):
            event = self._event({**attempt, "filePath": test.get("filePath")}, suite, name, ordinal + number)
            yield self._report.mapped(part.line, event, *key, str(number))
        retries = test.get("retries")
        before = retries if isinstance(retries, int) and 0 < retries < 10_000 else 0
        event = self._event(test, suite, name, ordinal + max(before, len(earlier)) + 1)
        yield from self.suites.add(suite, event["qa"]["status"])
        yield self._report.mapped(part.line, event, *key)

    def _event(self, test: dict[str, Any], suite: str, name: str, attempt: int) -> dict[str, Any]:
        said = test.get("status")
        status = _STATUS.get(said, "error") if isinstance(said, str) else "error"
        raw = test.get("rawStatus")
        if isinstance(raw, str):
            status = _RAW.get(raw, status)
        outcome = OUTCOMES[status]
        if status == "xpassed" and said == "failed":  # strict
            outcome = "failure"
        qa: dict[str, Any] = {"suite": suite, "test": name, "status": status}
        if attempt > 1:
            qa["attempt"] = attempt
        event = self._report.event("test.case.finish", outcome, qa)
        event["targets"] = [{"type": "test", "id": name, "name": name}]
        _put_times(event, test)
        message, trace = text_of(test.get("message")), text_of(test.get("trace"))
        if status != "passed" and (message or trace):
            event["error"] = {"message": "\n".join(filter(None, (message, trace)))}
        if isinstance(test.get("parameters"), dict):
            event["input"] = {"params": test["parameters"]}
        output = {ours: text for theirs, ours in _OUTPUTS.items() if (text := text_of(test.get(theirs)))}
        if output:
            event["output"] = output
        attributes = {ours: test[theirs] for theirs, ours in _KEPT.items() if test.get(theirs)}
        self._put_files(event, attributes, test.get("attachments"))
        if attributes:
            event["attributes"] = attributes
        return event

    def _put_files(self, event: dict[str, Any], attributes: dict[str, Any], named: Any) -> None:
        files = [file for file in named if isinstance(file, dict)] if isinstance(named, list) else []
        attached, left = [], []
        for file in files[:_MOST_FILES]:
            path, title, kind = (text_of(file.get(name)) for name in ("path", "name", "contentType"))
            found = self._attach(path, short_name(title), short_name(kind)) if self._attach and path else None
            if found is None:
                left.append(file)
            else:
                attached.append(found)
        if attached:
            event["attachments"] = attached
        if left:
            attributes["files"] = left
        if len(files) > _MOST_FILES:
            attributes["files_left_out"] = len(files) - _MOST_FILES


def _suite_of(test: dict[str, Any]) -> str:
    suite = test.get("suite")
    if isinstance(suite, list):
        return short_name("/".join(text_of(name) for name in suite))
    return short_name(text_of(suite)) or short_name(text_of(test.get("filePath")))


def _put_times(event: dict[str, Any], test: dict[str, Any]) -> None:
    ended = instant(test.get("stop")) or instant(test.get("start"))
    if ended is not None:
        event["time"] = ended
    duration = nanoseconds(test.get("duration"), 1_000_000)
    if duration is not None:
        event["duration_ns"] = duration
