"""What every call says of its beginning; calls that end where the collector pleases, and calls that only the
recorder's curiosity makes."""

import sqlite3

import pytest

from graven.pytest_plugin import io
from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.looking import ReachesOut, looking
from graven.pytest_plugin.values import Values
from graven.sdk.guard import internal


def test_a_call_that_ends_while_another_is_recorded_is_recorded_after_it():
    found = []

    def record(members):
        late.end()  # as a destructor does that the collector runs here
        found.append(members["action"])

    sink = Sink(record)
    first, late = sink.start("first"), sink.start("late")
    first.end()
    assert found == ["first", "late"]


def test_a_call_that_ends_inside_of_the_recorder_is_recorded_at_the_flush():
    found = []
    sink = Sink(found.append)
    call = sink.start("a")
    with internal():
        call.end()
        assert found == []
    sink.flush()
    assert [members["action"] for members in found] == ["a"]


def test_a_call_may_end_while_the_lock_is_held():
    found = []
    sink = Sink(found.append)
    call = sink.start("a")
    with sink._lock:
        call.end()
    assert len(found) == 1


def test_what_the_recorder_itself_does_is_no_call():
    sink = Sink([].append)
    with internal():
        assert sink.start("a") is None


def test_a_failure_of_the_capture_names_itself_and_not_what_it_saw():
    sink = Sink([].append)
    with sink.guard():
        raise ValueError("password=hunter22")
    assert sink.failures == 1
    assert sink.first_failure.startswith("ValueError in test_a_failure")


class Reflects:
    """Shows itself by asking the database."""

    def __init__(self, connection):
        self.connection = connection

    def __repr__(self):
        return str(self.connection.execute("SELECT 42").fetchone())


def test_a_value_that_asks_the_database_to_be_shown_sends_no_statement(recorded):
    sent = []
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.set_trace_callback(sent.append)
    values = Values()
    shown = values(Reflects(connection))
    values.close()
    connection.close()
    io.flush()
    assert sent == []
    assert recorded == []
    assert "ReachesOut" in shown["repr"]


def test_a_value_that_connects_to_be_shown_is_refused(recorded):
    with looking(), pytest.raises(ReachesOut):
        sqlite3.connect(":memory:")


def test_calls_are_counted_by_their_beginnings_though_they_are_recorded_when_they_end(recorded):
    connection = sqlite3.connect(":memory:")
    held = connection.execute("select 1 union select 2")
    held.fetchone()
    connection.execute("select 3").fetchall()
    io.flush()
    late, early = sorted(recorded, key=lambda event: event["attributes"]["began"], reverse=True)
    assert [event["output"]["rows"] for event in (early, late)] == [[[1]], [[3]]]
    assert recorded == [late, early]
    assert early["time"] <= late["time"]
    connection.close()


def test_a_call_is_of_the_phase_in_which_it_began(recorded):
    phases = ["call"]
    io.set_phase(lambda: phases[0])
    connection = sqlite3.connect(":memory:")
    held = connection.execute("select 1")
    phases[0] = "teardown"
    held.close()
    io.set_phase(None)
    assert recorded[0]["qa"] == {"phase": "call"}
    connection.close()
