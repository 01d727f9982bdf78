"""sqlite3: what is recorded agrees with sqlite's own trace, and the application notices nothing."""

import sqlite3

import pytest

from graven.pytest_plugin import io


@pytest.fixture
def connection(recorded):
    made = sqlite3.connect(":memory:")
    yield made
    made.close()


def statements(recorded):
    return [event["method"]["statement"] for event in recorded]


def test_rows_and_parameters_are_seen_as_fetched(connection, recorded):
    cursor = connection.execute("select ?, ? union all select 3, 'c'", (1, "a"))
    assert cursor.fetchall() == [(1, "a"), (3, "c")]
    (event,) = recorded
    assert event["action"] == "sql.statement"
    assert event["input"] == {"parameters": [1, "a"]}
    assert event["output"]["rows"] == [[1, "a"], [3, "c"]]
    assert event["output"]["rows_count"] == 2


@pytest.mark.parametrize("take", ["all", "one", "many", "iterate"])
def test_each_way_of_fetching_sees_each_row_once(connection, recorded, take):
    cursor = connection.execute("select value from json_each('[1,2,3]')")
    if take == "all":
        rows = cursor.fetchall()
    elif take == "one":
        rows = list(iter(cursor.fetchone, None))
    elif take == "many":
        rows = cursor.fetchmany(2) + cursor.fetchmany(2) + cursor.fetchmany(2)
    else:
        rows = list(cursor)
    assert rows == [(1,), (2,), (3,)]
    assert recorded[0]["output"]["rows"] == [[1], [2], [3]]


def test_rows_that_nobody_fetched_are_not_fetched(connection, recorded):
    cursor = connection.execute("select value from json_each('[1,2,3]')")
    assert cursor.fetchone() == (1,)
    io.flush()
    assert recorded[0]["output"]["rows"] == [[1]]
    assert cursor.fetchall() == [(2,), (3,)]


def test_many_rows_have_count_and_digest(connection, recorded):
    query = "with recursive n(i) as (select 1 union all select i+1 from n where i < 1000) select i from n"
    assert len(connection.execute(query).fetchall()) == 1000
    output = recorded[0]["output"]
    assert (len(output["rows"]), output["rows_count"]) == (200, 1000)
    assert len(output["rows_sha256"]) == 64


def test_the_trace_of_sqlite_agrees_on_the_statements(connection, recorded):
    traced = []
    connection.set_trace_callback(traced.append)
    connection.execute("create table t (i)")
    with connection:
        connection.execute("insert into t values (1)")
    connection.execute("insert into t values (2)")
    connection.rollback()
    connection.commit()  # nothing to commit: nothing is sent
    connection.execute("select i from t").fetchall()
    assert statements(recorded) == [line for line in traced if not line.startswith("BEGIN")]


def test_executemany_takes_its_iterator_once_and_notes_the_sets(connection, recorded):
    connection.execute("create table t (i)")
    cursor = connection.executemany("insert into t values (?)", ((i,) for i in range(3)))
    assert cursor.rowcount == 3
    assert recorded[-1]["method"]["operation"] == "executemany"
    assert recorded[-1]["input"] == {"parameters": [[0], [1], [2]], "parameters_count": 3}
    assert recorded[-1]["output"]["rowcount"] == 3


def test_an_error_passes_unchanged_and_is_recorded(connection, recorded):
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        connection.execute("select * from nowhere")
    assert recorded[0]["outcome"] == "error"
    assert recorded[0]["error"] == {"type": "sqlite3.OperationalError", "message": "no such table: nowhere"}


def test_factories_and_row_factories_of_the_user_keep_working(recorded):
    class Mine(sqlite3.Connection):
        def hello(self):
            return "hello"

    class MyCursor(sqlite3.Cursor):
        def word(self):
            return "word"

    made = sqlite3.connect(":memory:", factory=Mine)
    made.row_factory = sqlite3.Row
    row = made.execute("select 1 as one").fetchone()
    assert (row["one"], made.hello(), made.cursor(MyCursor).word()) == (1, "hello", "word")
    assert isinstance(made, Mine)
    assert isinstance(made, sqlite3.Connection)
    assert isinstance(made.cursor(), sqlite3.Cursor)
    assert type(made).__name__ == "Mine"
    made.close()


def test_uninstall_leaves_connect_and_makes_old_connections_inert():
    before = sqlite3.connect, sqlite3.dbapi2.connect
    found = []
    io.install(found.append)
    made = sqlite3.connect(":memory:")
    io.uninstall()
    made.execute("select 1")
    made.close()
    assert found == []
    assert (sqlite3.connect, sqlite3.dbapi2.connect) == before


def test_an_execute_of_the_users_connection_class_still_runs(recorded):
    class Shouting(sqlite3.Connection):
        def execute(self, statement, *args):
            return super().execute(statement.upper(), *args)

    made = sqlite3.connect(":memory:", factory=Shouting)
    assert made.execute("select 'a'").fetchall() == [("A",)]
    made.close()
    assert statements(recorded) == ["SELECT 'A'"]


def test_a_script_is_one_record(connection, recorded):
    connection.executescript("create table t (i); create table u (i);")
    assert statements(recorded) == ["create table t (i); create table u (i);"]
