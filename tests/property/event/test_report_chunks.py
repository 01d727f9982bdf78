"""Reports in pieces of any size give the same events, and whatever is read gives events or a refusal."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graven.errors import InvalidInput
from graven.event.mappers.ctrf import read_ctrf
from graven.event.mappers.jsonsplit import JsonSplitter, Part
from graven.event.mappers.junit import read_junit
from graven.event.mappers.report import Report
from graven.event.mappers.reportlog import read_reportlog

REPORT = Report("r", "s", "p", "a")
READERS = {"junit": read_junit, "ctrf": read_ctrf, "reportlog": read_reportlog}

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="ü" time="1"><properties><property name="a">b</property></properties>
<testcase name="x" classname="c"><failure type="T" message="m">trä&#x20AC;ce</failure><system-out>o
u</system-out></testcase><testcase name="x" classname="c"/><testcase name="y"><skipped/></testcase></testsuite>
</testsuites>""".encode()
CTRF = json.dumps(
    {
        "reportFormat": "CTRF",
        "results": {
            "tool": {"name": "jest"},
            "tests": [
                {"name": 'a "quoted\\" [', "status": "passed", "duration": 3, "suite": ["s", "t"]},
                {"name": "b", "status": "failed", "message": "}]{[", "retryAttempts": [{"status": "failed"}]},
                {"name": "ü", "status": "other", "start": 1795743325124, "stdout": ["1", "2"]},
            ],
            "environment": {"os": "linux"},
        },
    },
    indent=1,
    ensure_ascii=False,
).encode()
REPORTLOG = b"\n".join(
    json.dumps(line).encode()
    for line in [
        {"$report_type": "SessionStart", "pytest_version": "9"},
        *(
            {"$report_type": "TestReport", "nodeid": "t.py::a", "when": when, "outcome": outcome, "duration": 0.1}
            for when, outcome in [("setup", "passed"), ("call", "failed"), ("teardown", "passed")]
        ),
        {"$report_type": "SessionFinish", "exitstatus": 1},
    ]
)
SAMPLES = {"junit": JUNIT, "ctrf": CTRF, "reportlog": REPORTLOG}


class Pieces(io.RawIOBase):
    """A stream that gives pieces of the sizes it is told, then the rest."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._inner = io.BytesIO(content)
        self._sizes = iter(sizes)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(next(self._sizes, 1))


@pytest.mark.parametrize("kind", READERS)
@given(sizes=st.lists(st.integers(1, 40), max_size=200))
def test_any_chunking_gives_the_same_events(kind, sizes):
    whole = list(READERS[kind](io.BytesIO(SAMPLES[kind]), REPORT))
    assert len(whole) >= 3
    assert list(READERS[kind](Pieces(SAMPLES[kind], sizes), REPORT)) == whole


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
@settings(max_examples=200)
def test_damaged_reports_give_events_or_a_refusal_and_no_other_error(kind, data):
    content = bytearray(SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=4))
    del content[data.draw(st.integers(0, len(content))) :]
    with suppress(InvalidInput):  # and nothing else
        for _ in READERS[kind](io.BytesIO(bytes(content)), REPORT):
            pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    elements=st.lists(JSON, max_size=6),
    beside=st.dictionaries(st.text(max_size=5).filter(lambda name: name != "items"), JSON, max_size=3),
    sizes=st.lists(st.integers(1, 9), max_size=60),
    indent=st.sampled_from([None, 2]),
)
def test_the_elements_of_an_array_are_split_as_a_parser_would(elements, beside, sizes, indent):
    document = json.dumps({**beside, "items": elements}, indent=indent).encode()
    stream, splitter, parts = Pieces(document, sizes), JsonSplitter(("items",)), []
    while piece := stream.read():
        parts += splitter.feed(piece)
    parts += splitter.finish()
    assert all(isinstance(part, Part) for part in parts)
    assert [json.loads(part.content) for part in parts if part.path == ("items",)] == elements
    assert {part.path[0]: json.loads(part.content) for part in parts if part.path != ("items",)} == beside
