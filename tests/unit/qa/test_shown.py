"""What belongs to one attempt of a test."""

import pytest
from tests.support.run_events import entry

from graven.errors import NotFound
from graven.qa import show_test, shown

TRACE = {"trace_id": "a" * 32}
CASE = {
    "action": "test.case.finish",
    "qa": {"run": "q", "suite": "s", "test": "t", "status": "failed", "environment": "linux"},
    "trace": {**TRACE, "span_id": "1"},
}


def qa(**more):
    return {"run": "q", "suite": "s", "test": "t", **more}


def show(*events, **options):
    entries = [one if isinstance(one, bytes) else entry({"action": "x", **one}) for one in (CASE, *events)]
    return show_test(lambda: iter(entries), None, "t", **options)


def joined(*events, **options):
    return {item.index: item.joined for item in show(*events, **options).timeline}


def test_what_names_the_test_belongs_to_it():
    assert joined({"qa": qa()}, {"qa": {"run": "q"}}, {"qa": qa(run="other")}) == {0: "test", 1: "test"}


def test_what_shares_the_trace_belongs_to_it_with_and_without_the_run():
    events = ({"trace": TRACE}, {"trace": TRACE, "qa": {"run": "q"}}, {"trace": TRACE, "qa": {"run": "other"}})
    assert joined(*events) == {0: "test", 1: "trace", 2: "trace"}


def test_a_trace_that_the_test_s_own_events_began_belongs_to_it_though_it_came_before():
    other = {"trace_id": "b" * 32}
    assert joined({"trace": other}, {"trace": other, "qa": qa()}) == {0: "test", 1: "trace", 2: "test"}


@pytest.mark.parametrize(("member", "why"), [("correlation_id", "correlation"), ("session_id", "session")])
def test_what_shares_correlation_or_session_belongs_to_it_within_the_run_only(member, why):
    events = ({"trace": TRACE, member: "c"}, {member: "c", "qa": {"run": "q"}}, {member: "c"})
    assert joined(*events) == {0: "test", 1: "trace", 2: why}


@pytest.mark.parametrize(
    "other", [{"test": "u"}, {"suite": "z"}, {"attempt": 2}, {"environment": "mac"}, {"test": {"$redacted": {}}}]
)
def test_what_names_another_test_never_belongs_to_it(other):
    assert joined({"trace": TRACE, "qa": qa(**other)}) == {0: "test"}


def test_the_attempt_that_failed_last_is_shown_unless_another_is_asked_for():
    def attempt(number, status):
        return {**CASE, "qa": {**CASE["qa"], "attempt": number, "status": status}, "trace": {"trace_id": str(number)}}

    events = (attempt(2, "failed"), attempt(3, "passed"), {"qa": qa(attempt=3)})
    assert show(*events).index == 1
    assert [item.index for item in show(*events, attempt=3).timeline] == [2, 3]
    with pytest.raises(NotFound) as refused:
        show(*events, attempt=4)
    assert refused.value.hint == "its attempts: 1, 2, 3"


def test_a_second_report_of_the_same_attempt_is_not_part_of_the_first():
    assert joined(CASE) == {1: "test"}


def test_what_does_not_fit_is_counted(monkeypatch):
    monkeypatch.setattr(shown, "MAX_EVENTS", 2)
    answer = show({"qa": qa()}, {"qa": qa()}, {"trace": TRACE})
    assert ([item.index for item in answer.timeline], answer.left_out) == ([0, 1], 2)


def test_the_attempt_itself_is_shown_whatever_the_bounds(monkeypatch):
    monkeypatch.setattr(shown, "MAX_BYTES", 10)
    answer = show({"qa": qa()})
    assert ([item.index for item in answer.timeline], answer.left_out) == ([0], 1)


def test_a_run_whose_name_is_spelled_with_escapes_is_found():
    spelled = b'{"action":"x","qa":{"run":"\\u0071","suite":"s","test":"t"}}'
    assert joined(entry(spelled)) == {0: "test", 1: "test"}


def test_inputs_and_outputs_are_exactly_what_was_recorded():
    given = {"input": {"a": [1, None]}, "output": "x" * 5000, "qa": qa()}
    assert show(given).timeline[1].event == {"action": "x", **given}


def test_a_correlation_may_tell_a_further_trace():
    other = {"trace_id": "b" * 32}
    events = (
        {"trace": other},
        {"correlation_id": "c", "trace": other, "qa": {"run": "q"}},
        {"correlation_id": "c", "trace": TRACE},
    )
    assert joined(*events) == {0: "test", 1: "trace", 2: "correlation", 3: "trace"}
