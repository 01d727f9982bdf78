"""What every call says of its beginning."""

import sqlite3

from graven.pytest_plugin import io


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
