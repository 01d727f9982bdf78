"""What nobody's test runner writes: parsed or refused with place and reason, in little memory."""

import io
import tracemalloc

import pytest

from graven.errors import InvalidInput
from graven.event.mappers.ctrf import read_ctrf
from graven.event.mappers.junit import MAX_TAG_BYTES, read_junit
from graven.event.mappers.report import MAX_TEXT_CHARS, Mapped, Refused, Report
from graven.event.mappers.reportlog import read_reportlog

REPORT = Report("r", "s", "p", "a")
CASE = '<testsuite name="s"><testcase name="ü"/></testsuite>'
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b']><testsuites><testsuite name="&j;"/></testsuites>'
)


class Repeated(io.RawIOBase):
    """A head, then one piece many times, then a tail: a large file that never exists."""

    def __init__(self, head: bytes, piece: bytes, times: int, tail: bytes = b"") -> None:
        self._head, self._piece, self._times, self._tail = head, piece, times, tail

    def read(self, size: int = -1) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._times:
            self._times -= 1
            return self._piece
        tail, self._tail = self._tail, b""
        return tail


def peak_of(read, stream):
    """(what was given, what it was refused with, peak of memory in bytes)."""
    given, refused = [], None
    tracemalloc.start()
    try:
        given.extend(read(stream, REPORT))
    except InvalidInput as error:
        refused = error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return given, refused, peak


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x"><testsuites/>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><testsuites/>',
        b"<!DOCTYPE testsuites><testsuites/>",
        BOMB.decode().encode("utf-16"),
    ],
)
def test_a_document_type_is_refused_with_its_line(content):
    given, refused, peak = peak_of(read_junit, io.BytesIO(content))
    assert given == []
    assert "document type" in refused.message
    assert refused.details["line"] == 1
    assert peak < 1_000_000


def test_an_undeclared_entity_is_refused():
    with pytest.raises(InvalidInput, match="undefined entity"):
        list(read_junit(io.BytesIO(b'<testsuite name="&lol;"/>'), REPORT))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_xml_in_utf_16_is_read(encoding):
    case, _ = read_junit(io.BytesIO(CASE.encode(encoding)), REPORT)
    assert case.event["qa"]["test"] == "ü"


def test_latin_1_is_read_when_it_says_so_and_refused_when_it_says_utf_8():
    declared = '<?xml version="1.0" encoding="iso-8859-1"?>' + CASE
    assert next(read_junit(io.BytesIO(declared.encode("latin-1")), REPORT)).event["qa"]["test"] == "ü"
    with pytest.raises(InvalidInput) as caught:
        list(read_junit(io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + CASE.encode("latin-1")), REPORT))
    assert caught.value.details["line"] == 2


@pytest.mark.parametrize("encoding", ["zlib", "idna", "undefined", "punycode", "unicode_internal", "utf-32", "x" * 999])
def test_odd_encodings_are_refused_or_read_but_never_crash(encoding):
    content = f'<?xml version="1.0" encoding="{encoding}"?><testsuites/>'.encode()
    with pytest.raises(InvalidInput):
        list(read_junit(io.BytesIO(content), REPORT))


def test_ten_million_elements_inside_each_other_are_refused_at_once():
    stream = Repeated(b"<testsuites>", b"<a>" * 10_000, 1_000)
    _, refused, peak = peak_of(read_junit, stream)
    assert "nested deeper" in refused.message
    assert refused.details["line"] == 1
    assert peak < 2_000_000


def test_a_gigantic_attribute_is_refused_before_it_is_held():
    stream = Repeated(b'<testsuites>\n<testsuite name="', b"x" * 262_144, 4_000, b'"/></testsuites>')
    _, refused, peak = peak_of(read_junit, stream)
    assert str(MAX_TAG_BYTES) in refused.message
    assert refused.details["line"] == 2
    assert stream._times > 3_900
    assert peak < 4 * MAX_TAG_BYTES


def test_names_without_end_are_refused():
    pieces = (b"".join(b"<a%d/>" % (n * 5_000 + k) for k in range(5_000)) for n in range(1_000))

    class Names(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return next(pieces)

    with pytest.raises(InvalidInput, match="different names"):
        list(read_junit(Chained(b"<testsuites>", Names()), REPORT))


class Chained(io.RawIOBase):
    def __init__(self, head: bytes, rest: io.RawIOBase) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1) -> bytes:
        head, self._head = self._head, b""
        return head or self._rest.read(size)


def test_an_output_of_a_hundred_megabytes_is_cut_and_says_its_size():
    head = b'<testsuite name="s"><testcase name="a"><system-out>'
    stream = Repeated(head, b"x" * 1_000_000, 100, b"</system-out></testcase></testsuite>")
    given, refused, peak = peak_of(read_junit, stream)
    assert refused is None
    text = given[0].event["output"]["system_out"]
    assert len(text) < MAX_TEXT_CHARS + 200
    assert "100000000 characters, sha256 " in text
    assert peak < 12_000_000


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"9" * 1_000_000, "out of range"),
        (b'{"name":"\\u0000","status":"passed"}', None),
        (b'{"name":"\x00","status":"passed"}', "not JSON"),
        (b'{"name":"\\ud800","status":"passed"}', "not JSON"),
        (b'{"name":"\xff","status":"passed"}', "invalid UTF-8"),
        (b'{"name":"a","duration":1e999}', "out of range"),
        (b'{"name":"a","duration":NaN}', "not JSON"),
        (b'{"name":"a","start":1e300,"stop":-5,"duration":1e300,"status":[],"retries":"x","suite":{}}', None),
        (b'{"name":"a","duration":-5,"start":-1e18,"stop":1e999}', "out of range"),
        (b'{"name":"a","duration":-5,"start":-1e18,"stop":-1}', None),
        (b'{"name":"a","duration":Infinity}', "not JSON"),
        (b'{"name":"a","status":"passed","status":"failed"}', "status"),
        (b'{"name":"a","extra":{"x":1,"\\u0078":2}}', "x"),
        (b'{"name":"a\\ud83d\\ude00\\\\\\"","extra":{"\\u0078":"\\u0022"}}', None),
        (b'{"name":"a","retries":1e300,"line":9e99,"suite":["b",null,[],{}]}', None),
        (b'"text"', "expected an object"),
        (b"[" * 5_000 + b"]" * 5_000, "nested"),
    ],
)
def test_an_unreadable_test_of_a_ctrf_report_is_named_and_the_others_are_given(value, reason):
    document = b'{"results":{"tests":[\n%s,\n{"name":"good","status":"passed"}]}}' % value
    given = list(read_ctrf(io.BytesIO(document), REPORT))
    refused = [part for part in given if isinstance(part, Refused)]
    assert "good" in [part.event["qa"].get("test") for part in given if isinstance(part, Mapped)]
    if reason is None:
        assert refused == []
    else:
        assert [part.line for part in refused] == [2]
        assert reason in refused[0].reason


def test_a_ctrf_report_in_utf_16_is_refused():
    with pytest.raises(InvalidInput):
        list(read_ctrf(io.BytesIO('{"results":{"tests":[]}}'.encode("utf-16")), REPORT))


def test_a_cut_ctrf_report_gives_what_came_before():
    given, refused, _ = peak_of(read_ctrf, io.BytesIO(b'{"results":{"tests":[{"name":"a"},\n{"name":'))
    assert [part.event["qa"]["test"] for part in given] == ["a"]
    assert refused.details["line"] == 2


def test_bad_lines_of_a_report_log_are_named_and_the_others_are_read():
    good = b'{"$report_type":"TestReport","nodeid":"t.py::a","when":"teardown","outcome":"passed"}'
    lines = [b"\xff", b"[" * 100_000, b"9" * 1_000_000, b"[]", b"{}", b'{"$report_type":"TestReport"}', b"\x00", good]
    given = list(read_reportlog(io.BytesIO(b"\n".join(lines)), REPORT))
    assert [part.line for part in given if isinstance(part, Refused)] == [1, 2, 3, 4, 5, 6, 7]
    assert [part.event["qa"].get("test") for part in given if isinstance(part, Mapped)] == ["t.py::a", None]


def test_a_line_without_end_is_refused_and_not_held():
    stream = Repeated(b'{"a":"', b"x" * 1_000_000, 60, b"\n")
    given, _, peak = peak_of(read_reportlog, stream)
    assert [part.line for part in given] == [1]
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("attributes", "duration", "time"),
    [
        ('time="-1"', None, None),
        ('time="NaN" timestamp="2026-11-27T01:02:03+25:00"', None, None),
        ('time="Infinity" timestamp="2026-02-30T01:02:03Z"', None, None),
        ('time="1e999999" timestamp="-0001-01-01T00:00:00Z"', None, None),
        ('time="%s"' % ("9" * 100_000), None, None),
        ('time="1e-400" timestamp="2026-11-27T01:02:03-12:30"', 0, "2026-11-27T01:02:03-12:30"),
        ('time="1,234.5"', 1_234_500_000_000, None),
        ('time="soon" timestamp="&#x2603;"', None, None),
    ],
)
def test_odd_times_of_junit_are_left_out_and_the_case_is_kept(attributes, duration, time):
    case, _ = read_junit(io.BytesIO(f'<testsuite><testcase name="a" {attributes}/></testsuite>'.encode()), REPORT)
    assert (case.event.get("duration_ns"), case.event.get("time")) == (duration, time)


def test_counts_that_a_suite_claims_are_not_believed():
    content = b'<testsuite name="s" tests="1000000000" failures="-7" errors="x"><testcase name="a"/></testsuite>'
    _, suite = read_junit(io.BytesIO(content), REPORT)
    assert suite.event["attributes"]["counts"] == {"passed": 1}


@pytest.mark.parametrize(
    "content",
    [
        CASE.encode().replace(b"<testcase", b"\0<testcase"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + CASE.encode(),
        b'<testsuite name="&#0;"/>',
        b'<testsuite name="&#xD800;"/>',
        b'<testsuite name="&#x1B;[31m"/>',
        b'<testsuite name="a" name="b"/>',
        b'<?xml version="1.0" encoding="utf-16"?><testsuite/>',
        ('<?xml version="1.0" encoding="utf-8"?>' + CASE).encode("utf-16-le")[:-1],
        b"<testsuite><testcase name='a'></testsuite>",
        b"<testsuite/><testsuite/>",
        b"",
    ],
)
def test_what_is_no_xml_is_refused_with_line_and_column(content):
    with pytest.raises(InvalidInput) as caught:
        list(read_junit(io.BytesIO(content), REPORT))
    assert caught.value.details["line"] >= 1


@pytest.mark.parametrize(
    "piece",
    [
        b'<testcase name="a"/>' * 2_000,
        b'<testcase name="a">' + b"<failure/><error/><rerunFailure/>" * 1_000 + b"</testcase>",
        b'<testsuite name="x"><properties>' + b'<property name="a" value="b"/>' * 5_000 + b"</properties></testsuite>",
        b'<testsuite name="' + b"n" * 100_000 + b'">' + b"</testsuite>",
        b"<!-- " + b"-x" * 50_000 + b" -->",
        b"<?pi " + b"x" * 100_000 + b"?>",
        b'<testcase name="a"><system-out>' + b"<![CDATA[" + b"y" * 100_000 + b"]]></system-out></testcase>",
    ],
)
def test_memory_does_not_grow_with_what_is_repeated(piece):
    def peak(times):
        stream = Repeated(b"<testsuites><testsuite name='s'>", piece, times, b"</testsuite></testsuites>")
        tracemalloc.start()
        for _ in read_junit(stream, REPORT):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(3)
    assert peak(30) < 1.5 * few + 500_000


def test_ten_million_brackets_in_a_line_of_a_report_log_are_refused():
    given, _, peak = peak_of(read_reportlog, Repeated(b'{"$report_type":"x","a":', b"[" * 1_000_000, 10, b"\n{}\n"))
    assert [part.line for part in given if isinstance(part, Refused)] == [1, 2]
    assert peak < 80_000_000


def test_a_name_that_comes_twice_in_a_line_of_a_report_log_is_refused():
    line = b'{"$report_type":"TestReport","nodeid":"a","nodeid":"b","when":"teardown","outcome":"passed"}'
    (refused,) = list(read_reportlog(io.BytesIO(line), REPORT))
    assert "nodeid" in refused.reason
