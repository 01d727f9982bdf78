import pytest

from graven.pytest_plugin.place import Place, current
from graven.pytest_plugin.record import connect, record_call

PLACE = Place("ci-1", "test_a.py::test_a", "test_a.py", 2, "call", "a" * 32, "b" * 16)


@pytest.fixture
def written():
    events = []

    def write(event):
        events.append(event)
        return "id"

    connect(write, "linux")
    before = current.get()
    current.set(PLACE)
    yield events
    current.set(before)
    connect(None)


def test_a_call_is_recorded_as_a_child_of_the_test_that_runs(written):
    assert record_call({"action": "http.request", "trace": {"span_id": "c" * 16}}) == "id"
    assert written == [
        {
            "action": "http.request",
            "qa": {
                "run": "ci-1", "environment": "linux", "suite": "test_a.py", "test": "test_a.py::test_a",
                "attempt": 2, "phase": "call",
            },
            "trace": {"trace_id": "a" * 32, "span_id": "c" * 16, "parent_span_id": "b" * 16},
        }
    ]  # fmt: skip


def test_a_call_without_a_span_gets_one_of_its_own(written):
    record_call({"action": "a"})
    record_call({"action": "a"})
    spans = {event["trace"]["span_id"] for event in written}
    assert len(spans) == 2
    assert "b" * 16 not in spans


def test_outside_of_a_test_no_call_is_recorded(written):
    current.set(Place("ci-1"))
    record_call({"action": "a"})
    assert written == []


def test_nothing_is_recorded_when_no_session_records(written):
    connect(None)
    assert record_call({"action": "a"}) is None
    assert written == []
