"""SQLAlchemy over sqlite3 is one record each; over a driver that is not captured, the engine's events record."""

import sqlite3

import pytest
import sqlalchemy
from sqlalchemy.pool import StaticPool

from graven.pytest_plugin import io


def use(engine):
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table t (i integer)"))
        connection.execute(sqlalchemy.text("insert into t values (:i)"), [{"i": 1}, {"i": 2}])
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text("select i from t")).fetchall()


def described(recorded):
    return [
        (e["method"]["operation"], e["method"]["statement"])
        for e in recorded
        if not e["method"]["statement"].startswith("PRAGMA")
    ]  # the dialect's own


EXPECTED = [
    ("execute", "create table t (i integer)"),
    ("executemany", "insert into t values (?)"),
    ("COMMIT", "COMMIT"),
    ("execute", "select i from t"),
]


def test_over_sqlite_each_statement_is_recorded_once_with_rows(recorded):
    engine = sqlalchemy.create_engine("sqlite://", poolclass=StaticPool)
    assert [tuple(row) for row in use(engine)] == [(1,), (2,)]
    engine.dispose()
    assert described(recorded) == EXPECTED
    assert recorded[-1]["output"]["rows"] == [[1], [2]]


def test_over_an_uncaptured_connection_the_events_record(recorded):
    engine = sqlalchemy.create_engine(
        "sqlite://", creator=lambda: sqlite3.Connection(":memory:", check_same_thread=False), poolclass=StaticPool
    )
    use(engine)
    engine.dispose()
    assert [pair for pair in described(recorded) if pair[0] != "ROLLBACK"] == EXPECTED
    assert recorded[1]["input"]["parameters_count"] == 2
    assert recorded[1]["output"]["rowcount"] == 2


def test_an_error_is_recorded_and_passes(recorded):
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: sqlite3.Connection(":memory:"), poolclass=StaticPool)
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.OperationalError):
        connection.execute(sqlalchemy.text("select * from nowhere"))
    engine.dispose()
    assert recorded[0]["error"]["message"] == "no such table: nowhere"


def test_uninstall_removes_the_listeners():
    found = []
    io.install(found.append)
    io.uninstall()
    engine = sqlalchemy.create_engine("sqlite://", poolclass=StaticPool)
    use(engine)
    engine.dispose()
    assert found == []
    assert not engine.dispatch.before_cursor_execute
