"""JUnit reports: cases and suites as events, idempotent, streamed, nothing dangerous expanded."""

import io
import tracemalloc
from itertools import chain

import pytest
from tests.support.event_samples import compact, entries, prepare

from graven.errors import InvalidInput
from graven.event.mappers.junit import events_from_junit

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="unit" timestamp="2026-11-22T20:01:02.5+00:00" time="1,000.25" hostname="ci-1">
    <properties><property name="seed" value="7"/><property name="api_key" value="hunter2"/></properties>
    <testcase classname="shop.Cart" name="adds" time="0.125" file="cart.py" line="7"/>
    <testcase classname="shop.Cart" name="adds"><failure type="AssertionError" message="1 != 2">trace
back</failure><system-out>said</system-out><system-err>cried</system-err></testcase>
    <testcase name="alone"><skipped message="not today"/></testcase>
    <testcase name="broken"><error message="boom"/></testcase>
    <testcase name="flaky"><flakyFailure type="T" message="once"/></testcase>
  </testsuite>
  <testsuite name="unit" timestamp="2026-11-22T20:01:02"><testcase name="alone"/></testsuite>
</testsuites>
"""


def read(data: bytes, **options):
    return list(events_from_junit(io.BytesIO(data), run="r-1", source="ci/shop", **options))


def test_there_is_one_event_for_each_case_and_suite():
    actions = [event["action"] for event in read(REPORT)]
    assert actions == ["test.case.finish"] * 5 + ["test.suite.finish", "test.case.finish", "test.suite.finish"]


def test_results_become_status_and_outcome():
    seen = [(event["qa"]["status"], event["outcome"]) for event in read(REPORT)]
    assert seen == [
        ("passed", "success"), ("failed", "failure"), ("skipped", "unknown"), ("error", "error"), ("passed", "success"),
        ("failed", "failure"), ("passed", "success"), ("passed", "success"),
    ]  # fmt: skip


def test_a_failure_keeps_type_message_text_and_output():
    failed = read(REPORT)[1]
    assert failed["error"] == {"type": "AssertionError", "message": "1 != 2\ntrace\nback"}
    assert failed["output"] == {"system_out": "said", "system_err": "cried"}
    assert failed["qa"]["test"] == "shop.Cart::adds"
    assert failed["qa"]["attempt"] == 2


def test_durations_are_nanoseconds():
    events = read(REPORT)
    assert events[0]["duration_ns"] == 125_000_000
    assert events[5]["duration_ns"] == 1_000_250_000_000
    assert "duration_ns" not in events[2]


def test_a_suite_counts_its_cases_and_keeps_its_properties():
    suite = read(REPORT)[5]
    assert suite["attributes"]["counts"] == {"error": 1, "failed": 1, "passed": 2, "skipped": 1}
    assert {"name": "seed", "value": "7"} in suite["attributes"]["properties"]


def test_a_time_counts_only_with_a_zone():
    events = read(REPORT)
    assert events[5]["time"] == "2026-11-22T20:01:02.5+00:00"
    assert "time" not in events[7]
    assert events[7]["attributes"]["timestamp"] == "2026-11-22T20:01:02"


def test_reruns_are_kept():
    assert read(REPORT)[4]["attributes"]["reruns"] == [{"kind": "flakyFailure", "type": "T", "message": "once"}]


def test_ids_differ_between_events_and_repeat_between_imports():
    ids = [event["id"] for event in read(REPORT)]
    assert len(set(ids)) == len(ids)
    assert ids == [event["id"] for event in read(REPORT)]
    assert set(ids).isdisjoint(
        event["id"] for event in events_from_junit(io.BytesIO(REPORT), run="r-2", source="ci/shop")
    )


def test_every_event_is_valid_and_secrets_in_properties_are_redacted():
    for event in read(REPORT, actor_id="bot", environment="staging"):
        (entry,) = entries(prepare(compact(event)))
        assert b"hunter2" not in (entry.data or b"")
        assert event["qa"]["environment"] == "staging"


def test_a_single_suite_may_be_the_root():
    assert len(read(b'<testsuite name="s"><testcase name="a"/></testsuite>')) == 2


def test_nested_suites_have_a_path():
    events = read(
        b'<testsuites><testsuite name="a"><testsuite name="b"><testcase name="c"/></testsuite></testsuite></testsuites>'
    )
    assert [event["qa"]["suite"] for event in events] == ["a/b", "a/b", "a"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"<a/>", b"<testsuites>", b"<testsuites><testsuite>", b"\xff\xfe<",
        b'<?xml version="1.0" encoding="none"?><testsuites/>',
        b'<!DOCTYPE t [<!ENTITY a "aaaa">]><testsuites>&a;</testsuites>',
        b'<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuites/>',
        b"<testsuites>" + b"<testsuite>" * 100 + b"</testsuite>" * 100 + b"</testsuites>",
        b"<testsuites>&#0;</testsuites>",
        b'<?xml version="1.0" encoding="utf-7"?><testsuites/>', b"<testsuites/><testsuites/>",
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(data):
    with pytest.raises(InvalidInput):
        read(data)


def test_the_line_of_a_fault_is_given_after_the_events_before_it():
    broken = REPORT.replace(b'<testcase name="broken">', b"<testcase>>&x;")
    events = events_from_junit(io.BytesIO(broken), run="r", source="s")
    assert len([next(events) for _ in range(3)]) == 3
    with pytest.raises(InvalidInput) as caught:
        next(events)
    assert caught.value.details["line"] == 9


class Endless(io.RawIOBase):
    """A report of many cases that never exists as a whole."""

    def __init__(self, cases: int) -> None:
        case = '<testcase classname="c" name="n{}"><system-out>' + "x" * 2_000 + "</system-out></testcase>"
        bodies = (case.format(number).encode() for number in range(cases))
        self._parts = chain([b'<testsuite name="s">'], bodies, [b"</testsuite>"])

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


def peak_bytes(cases: int) -> int:
    stream = Endless(cases)
    tracemalloc.start()
    try:
        for _ in events_from_junit(stream, run="r", source="s"):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_bodies_of_cases():
    growth = peak_bytes(2_000) - peak_bytes(200)
    assert growth < 1_800 * 1_000  # the bodies alone are 2,000 bytes each; names stay, to number repetitions
