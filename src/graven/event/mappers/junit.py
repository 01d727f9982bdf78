"""JUnit XML reports into native events: one `test.case.finish` per case, one `test.suite.finish` per suite.

The file is streamed: an element is interpreted (by junitparser) when it ends and then forgotten, so memory
is that of the largest case. Document types and entities are refused (defusedxml): a report is input like
any other. Ids are made from run, suite and test, so importing a report twice records it once.

JUnit times rarely carry a zone. A time without one is no `time`; it stays in `attributes.timestamp`.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import Element, ParseError

import junitparser
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from graven.errors import InvalidInput
from graven.event.validate import check_time

__all__ = ["MAX_DEPTH", "events_from_junit"]

MAX_DEPTH: Final = 64
"""Elements inside each other; real reports have about five levels."""

_OUTCOMES: Final = {"failure": "failure", "error": "error", "skipped": "unknown"}
_STATUS: Final = {"failure": "failed", "error": "error", "skipped": "skipped"}
_RERUNS: Final = frozenset({"rerunFailure", "rerunError", "flakyFailure", "flakyError"})


class _Suite:
    """A suite that is still open: its name, its place in the file, and how often each test was seen."""

    def __init__(self, name: str, ordinal: int) -> None:
        self.name = name
        self.ordinal = ordinal
        self.seen: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[str] = Counter()


def events_from_junit(
    stream: BinaryIO, *, run: str, source: str, actor_id: str | None = None, environment: str | None = None
) -> Iterator[dict[str, Any]]:
    """The events of one report, in the order of the file, as event/1 objects.

    `InvalidInput` with the line when the XML is malformed, forbidden or no JUnit report; events before
    that point have been given already, and their ids are the same when the mended file is read again.
    """
    reader = _Reader(run, source, actor_id or source, environment)
    path: list[Element] = []
    try:
        for kind, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            if kind == "start":
                path.append(element)
                if len(path) > MAX_DEPTH:
                    raise InvalidInput(f"not a JUnit report: elements nested deeper than {MAX_DEPTH}")
                reader.begin(element, depth=len(path))
                continue
            path.pop()
            yield from reader.end(element)
            if path and element.tag in {"testcase", "testsuite"}:
                path[-1].remove(element)  # forget it: this is what keeps memory flat
    except ParseError as error:
        line, column = error.position
        raise InvalidInput(f"not XML: {error.msg}", code="not_xml", details={"line": line, "column": column}) from error
    except DefusedXmlException as error:
        raise InvalidInput(f"refused XML: {error}", code="not_xml", hint="remove the DOCTYPE") from error
    except (ValueError, LookupError) as error:  # encodings that the parser does not know
        raise InvalidInput(f"not XML: {error}", code="not_xml") from error


class _Reader:
    def __init__(self, run: str, source: str, actor_id: str, environment: str | None) -> None:
        self._run = run
        self._source = source
        self._actor = {"type": "ci", "id": actor_id}
        self._environment = environment
        self._suites: list[_Suite] = []
        self._names: Counter[str] = Counter()

    def begin(self, element: Element, *, depth: int) -> None:
        if depth == 1 and element.tag not in {"testsuites", "testsuite"}:
            raise InvalidInput(f"not a JUnit report: the root element is <{element.tag}>")
        if element.tag == "testsuite":
            outer = f"{self._suites[-1].name}/" if self._suites else ""
            name = outer + (element.get("name") or "")
            self._suites.append(_Suite(name, self._names[name]))
            self._names[name] += 1

    def end(self, element: Element) -> Iterator[dict[str, Any]]:
        if element.tag == "testcase" and self._suites:
            yield self._case(element, self._suites[-1])
        elif element.tag == "testsuite":
            yield self._suite(element, self._suites.pop())

    def _event(self, action: str, outcome: str, key: tuple[str, ...], qa: dict[str, Any]) -> dict[str, Any]:
        text = "\x00".join((self._run, self._source, action, *key))
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        event: dict[str, Any] = {
            "id": f"junit-{digest[:40]}",
            "source": self._source,
            "action": action,
            "outcome": outcome,
            "actor": self._actor,
            "qa": {"run": self._run, **qa},
        }
        if self._environment is not None:
            event["qa"]["environment"] = self._environment
        return event

    def _case(self, element: Element, suite: _Suite) -> dict[str, Any]:
        classname, name = element.get("classname") or "", element.get("name") or ""
        ordinal = suite.seen[classname, name]
        suite.seen[classname, name] += 1
        case = junitparser.TestCase.fromelem(element)  # type: ignore[no-untyped-call]
        results = [(result._tag, result) for result in case.result]
        kind = next((tag for tag in ("error", "failure", "skipped") if any(tag == t for t, _ in results)), None)
        status = _STATUS.get(kind or "", "passed")
        suite.counts[status] += 1
        test = f"{classname}::{name}" if classname else name
        event = self._event(
            "test.case.finish",
            _OUTCOMES.get(kind or "", "success"),
            (suite.name, str(suite.ordinal), classname, name, str(ordinal)),
            {"suite": suite.name, "test": test, "status": status, **({"attempt": ordinal + 1} if ordinal else {})},
        )
        event["targets"] = [{"type": "test", "id": test, "name": name}]
        _put_duration(event, element)
        if kind is not None:
            event["error"] = _error(next(result for tag, result in results if tag == kind))
        output = {
            f"system_{stream}": text
            for stream in ("out", "err")
            if (text := "".join(part.text or "" for part in element.findall(f"system-{stream}")))
        }
        if output:
            event["output"] = output
        _put_attributes(event, element, reruns=_reruns(element))
        return event

    def _suite(self, element: Element, suite: _Suite) -> dict[str, Any]:
        counts = suite.counts
        bad = counts["failed"] + counts["error"]
        event = self._event(
            "test.suite.finish",
            "failure" if bad else "success",
            (suite.name, str(suite.ordinal)),
            {"suite": suite.name, "status": "failed" if bad else "passed"},
        )
        event["targets"] = [{"type": "suite", "id": suite.name}]
        timestamp = element.get("timestamp")
        if timestamp is not None and check_time(timestamp) is None:
            event["time"] = timestamp
        _put_duration(event, element)
        _put_attributes(event, element, counts=dict(sorted(counts.items())), timestamp=timestamp)
        return event


def _put_duration(event: dict[str, Any], element: Element) -> None:
    try:
        seconds = float((element.get("time") or "").replace(",", ""))  # some writers group thousands
    except ValueError:
        return
    if math.isfinite(seconds) and 0 <= seconds < 2**33:
        event["duration_ns"] = round(seconds * 1e9)


def _error(result: Any) -> dict[str, Any]:
    error = {"type": result.type or result._tag, "message": result.message or ""}
    if result.text:
        error["message"] = "\n".join(filter(None, (error["message"], result.text)))
    return error


def _reruns(element: Element) -> list[dict[str, str]]:
    return [
        {"kind": child.tag, "type": child.get("type") or "", "message": child.get("message") or ""}
        for child in element
        if child.tag in _RERUNS
    ]


def _put_attributes(event: dict[str, Any], element: Element, **more: Any) -> None:
    properties = [
        {"name": child.get("name") or "", "value": child.get("value") or child.text or ""}
        for child in element.findall("properties/property")
    ]
    place = {name: text for name in ("file", "line", "hostname") if (text := element.get(name))}
    attributes = {name: value for name, value in {**place, "properties": properties, **more}.items() if value}
    if attributes:
        event["attributes"] = attributes
