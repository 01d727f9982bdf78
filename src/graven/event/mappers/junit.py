"""JUnit XML reports into native events: one `test.case.finish` per case, one `test.suite.finish` per suite.

The file goes through expat in pieces, and the handlers below keep only the open suites and the open case; a
case becomes an event when its element ends. A document type is refused before anything in it is read, so no
entity is ever declared. Depth, the size of one tag and the number of different names are bounded, because
expat holds a tag whole and every name for ever. Text beyond `MAX_TEXT_CHARS` is cut and says so.

JUnit times rarely carry a zone. A time without one is no `time`; it stays in `attributes.timestamp`.
"""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from graven.errors import InvalidInput
from graven.event.mappers.ordinals import Ordinals
from graven.event.mappers.report import MAX_TEXT_CHARS, OUTCOMES, Mapped, Report, Text, short_name
from graven.event.validate import check_time

__all__ = ["MAX_DEPTH", "MAX_TAG_BYTES", "events_from_junit", "read_junit"]

MAX_DEPTH: Final = 64
"""Elements inside each other; real reports have about five levels."""

MAX_TAG_BYTES: Final = 4 * 1024 * 1024
"""One tag with all its attributes, or one comment."""

_MAX_NAMES: Final = 10_000
_PIECE: Final = 256 * 1024
_RESULTS: Final = {"error": "error", "failure": "failed", "skipped": "skipped"}
"""Status by result element; of several, the first of these counts."""
_OUTPUTS: Final = {"system-out": "system_out", "system-err": "system_err"}
_RERUNS: Final = frozenset({"rerunFailure", "rerunError", "flakyFailure", "flakyError"})
_PLACE: Final = ("file", "line", "hostname")


def events_from_junit(
    stream: BinaryIO, *, run: str, source: str, actor_id: str | None = None, environment: str | None = None
) -> Iterator[dict[str, Any]]:
    """The events of one report, in the order of the file, as event/1 objects. See `read_junit`."""
    for mapped in read_junit(stream, Report(run, source, "junit", actor_id or source, environment)):
        yield mapped.event


def read_junit(stream: BinaryIO, report: Report) -> Iterator[Mapped]:
    """The events of one report with their lines; `stream.read` may give pieces of any size.

    `InvalidInput` with the line when the XML is malformed, forbidden or no JUnit report; events before
    that point have been given already, and their ids are the same when the mended file is read again.
    """
    reader = _Reader(report)
    parser = reader.parser
    fed = 0
    problem: InvalidInput | None = None
    while problem is None:
        piece = stream.read(_PIECE)
        try:
            parser.Parse(piece, not piece)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise reader.refused(f"a tag of more than {MAX_TAG_BYTES} bytes")
            if len(parser.intern) > _MAX_NAMES:
                raise reader.refused(f"more than {_MAX_NAMES} different names of elements and attributes")
        except InvalidInput as error:
            problem = error
        except expat.ExpatError as error:
            problem = _not_xml(expat.ErrorString(error.code), error.lineno, error.offset)
            problem.__cause__ = error
        except (ValueError, LookupError, TypeError) as error:  # encodings that the parser does not know
            problem = _not_xml(str(error), parser.CurrentLineNumber, parser.CurrentColumnNumber)
            problem.__cause__ = error
        done, reader.done = reader.done, []
        yield from done
        if not piece:
            break
    if problem is not None:
        raise problem


def _not_xml(reason: str, line: int, column: int) -> InvalidInput:
    return InvalidInput(
        f"not XML: {reason}: line {line}, column {column}", code="not_xml", details={"line": line, "column": column}
    )


class _Suite:
    """A suite that is still open: its name, its place in the file, and how often each test was seen."""

    __slots__ = ("attributes", "counts", "line", "name", "ordinal", "properties", "seen")

    def __init__(self, name: str, ordinal: int, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.ordinal = ordinal
        self.attributes = attributes
        self.line = line
        self.seen = Ordinals()
        self.counts: Counter[str] = Counter()
        self.properties = _Properties()


class _Properties:
    """Pairs of name and value, of at most `MAX_TEXT_CHARS` together."""

    __slots__ = ("left_out", "pairs", "room")

    def __init__(self) -> None:
        self.pairs: list[dict[str, str]] = []
        self.room = MAX_TEXT_CHARS
        self.left_out = 0

    def add(self, name: str, value: str) -> None:
        self.room -= len(name) + len(value) + 32
        if self.room < 0:
            self.left_out += 1
        else:
            self.pairs.append({"name": name, "value": value})


class _Case:
    __slots__ = ("attributes", "line", "outputs", "properties", "reruns", "results")

    def __init__(self, attributes: dict[str, str], line: int) -> None:
        self.attributes = attributes
        self.line = line
        self.results: dict[str, tuple[dict[str, str], Text]] = {}
        self.outputs: dict[str, Text] = {}
        self.reruns: list[dict[str, str]] = []
        self.properties: _Properties | None = None  # most cases have none


class _Reader:
    """The handlers of one parser. `done` collects events between two pieces of the file."""

    def __init__(self, report: Report) -> None:
        self.done: list[Mapped] = []
        self._report = report
        self._suites: list[_Suite] = []
        self._names = Ordinals()
        self._case: _Case | None = None
        self._path: list[str] = []
        self._text: Text | None = None
        self._text_depth = 0
        self._property: tuple[_Properties, str] | None = None
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype  # never reached: a second lock on the same door
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def refused(self, reason: str, *, hint: str = "") -> InvalidInput:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber
        details = {"line": line, "column": column}
        return InvalidInput(f"refused XML: {reason}", code="not_xml", hint=hint, details=details)

    def _doctype(self, *_: Any) -> None:
        raise self.refused("it declares a document type, which may hold entities", hint="remove the DOCTYPE")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        path = self._path
        path.append(tag)
        depth = len(path)
        if depth > MAX_DEPTH:
            raise self.refused(f"elements nested deeper than {MAX_DEPTH}")
        if depth == 1 and tag not in {"testsuites", "testsuite"}:
            raise InvalidInput(f"not a JUnit report: the root element is <{tag[:100]}>", code="not_junit")
        if self._text is not None:
            return
        case = self._case
        if case is not None:
            self._start_in_case(case, tag, attributes)
        elif tag == "testcase":
            if self._suites:
                self._case = _Case(attributes, self.parser.CurrentLineNumber)
        elif tag == "testsuite":
            outer = f"{self._suites[-1].name}/" if self._suites else ""
            name = short_name(outer + attributes.get("name", ""))
            self._suites.append(_Suite(name, self._names.next(name), attributes, self.parser.CurrentLineNumber))
        elif tag == "property" and self._suites and path[-2] == "properties" and path[-3:-2] == ["testsuite"]:
            self._start_property(self._suites[-1].properties, attributes)

    def _start_in_case(self, case: _Case, tag: str, attributes: dict[str, str]) -> None:
        if self._path[-2] == "testcase":
            if tag in _RESULTS:
                if tag in case.results:
                    return
                self._listen(Text())
                case.results[tag] = (attributes, self._text)  # type: ignore[assignment]
            elif tag in _OUTPUTS:
                self._listen(case.outputs.setdefault(_OUTPUTS[tag], Text()))
            elif tag in _RERUNS:
                kept = {"kind": tag, "type": attributes.get("type", ""), "message": attributes.get("message", "")}
                size = sum(map(len, kept.values()))
                properties = case.properties = case.properties or _Properties()
                if size <= properties.room:
                    properties.room -= size
                    case.reruns.append(kept)
        elif tag == "property" and self._path[-2] == "properties" and self._path[-3] == "testcase":
            case.properties = case.properties or _Properties()
            self._start_property(case.properties, attributes)

    def _start_property(self, properties: _Properties, attributes: dict[str, str]) -> None:
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if value:
            properties.add(name, value)
        else:
            self._listen(Text())
            self._property = (properties, name)

    def _listen(self, text: Text) -> None:
        self._text = text
        self._text_depth = len(self._path)
        self.parser.CharacterDataHandler = text.add

    def _end(self, tag: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._text is not None:
            if depth > self._text_depth:
                return
            text, self._text = self._text, None
            self.parser.CharacterDataHandler = None
            if self._property is not None:
                (properties, name), self._property = self._property, None
                properties.add(name, text.value())
            return
        if tag == "testcase":
            if self._case is not None and "testcase" not in self._path:
                case, self._case = self._case, None
                self.done.append(self._case_event(case, self._suites[-1]))
        elif tag == "testsuite" and self._case is None:
            suite = self._suites.pop()
            self.done.append(self._suite_event(suite))

    def _case_event(self, case: _Case, suite: _Suite) -> Mapped:
        attributes = case.attributes
        classname, name = attributes.get("classname", ""), attributes.get("name", "")
        ordinal = suite.seen.next((classname, name))
        kind, status = None, "passed"
        if case.results:
            kind = next(tag for tag in _RESULTS if tag in case.results)
            status = _RESULTS[kind]
            if kind == "skipped" and case.results[kind][0].get("type") == "pytest.xfail":
                status = "xfailed"
        suite.counts[status] += 1
        test = short_name(f"{classname}::{name}" if classname not in {"", name} else name)
        qa: dict[str, Any] = {"suite": suite.name, "test": test, "status": status}
        if ordinal:
            qa["attempt"] = ordinal + 1
        event = self._report.event("test.case.finish", OUTCOMES[status], qa)
        event["targets"] = [{"type": "test", "id": test, "name": short_name(name)}]
        _put_duration(event, attributes)
        if kind is not None:
            event["error"] = _error(kind, *case.results[kind])
        if case.outputs:
            output = {stream: text.value() for stream, text in sorted(case.outputs.items()) if text.size}
            if output:
                event["output"] = output
        _put_attributes(event, attributes, case.properties, "reruns", case.reruns)
        return self._report.mapped(case.line, event, suite.name, str(suite.ordinal), classname, name, str(ordinal))

    def _suite_event(self, suite: _Suite) -> Mapped:
        event = self._report.suite(suite.name, suite.counts)
        counts = event.pop("attributes", {}).get("counts")
        _put_duration(event, suite.attributes)
        _put_attributes(event, suite.attributes, suite.properties, "counts", counts)
        return self._report.mapped(suite.line, event, suite.name, str(suite.ordinal))


def _put_duration(event: dict[str, Any], attributes: dict[str, str]) -> None:
    text = attributes.get("time")
    if not text:
        return
    try:
        seconds = float(text.replace(",", "") if "," in text else text)  # some writers group thousands
    except ValueError:
        return
    if math.isfinite(seconds) and 0 <= seconds < 2**33:
        event["duration_ns"] = round(seconds * 1e9)


def _bounded(text: str) -> str:
    if len(text) <= MAX_TEXT_CHARS:
        return text
    cut = Text()
    cut.add(text)
    return cut.value()


def _error(kind: str, attributes: dict[str, str], text: Text) -> dict[str, Any]:
    message = _bounded(attributes.get("message", ""))
    return {
        "type": short_name(attributes.get("type") or kind),
        "message": "\n".join(filter(None, (message, text.value()))),
    }


def _put_attributes(
    event: dict[str, Any], attributes: dict[str, str], properties: _Properties | None, more: str, members: Any
) -> None:
    """What has no member of its own; `members` go under the name `more` unless there are none."""
    kept: dict[str, Any] = {}
    for name in _PLACE:
        if name in attributes and (text := attributes[name]):
            kept[name] = short_name(text)
    timestamp = attributes.get("timestamp")
    if timestamp:
        if check_time(timestamp) is None:
            event["time"] = timestamp
        kept["timestamp"] = short_name(timestamp)
    if properties is not None:
        if properties.pairs:
            kept["properties"] = properties.pairs
        if properties.left_out:
            kept["properties_left_out"] = properties.left_out
    if members:
        kept[more] = members
    if kept:
        event["attributes"] = kept
