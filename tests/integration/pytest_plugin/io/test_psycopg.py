"""psycopg 3 against a real PostgreSQL, whose own log of statements is the witness."""

import asyncio
import hashlib
import pickle
import re

import psycopg
import pytest
import sqlalchemy
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture
def connection(postgres_server, recorded):
    with psycopg.connect(postgres_server.url("postgresql"), autocommit=True) as connection:
        connection.execute("drop table if exists t")
        connection.execute("create table t (i integer, s text)")
        postgres_server.statements()
        recorded.clear()
        yield connection


def statements(recorded):
    """As PostgreSQL logs them: parameters numbered, blanks folded."""
    found = []
    for event in recorded:
        text = event["method"]["statement"]
        for number in range(1, text.count("%s") + 1):
            text = text.replace("%s", f"${number}", 1)
        found.append(" ".join(text.split()))
    return found


def last(recorded):
    return recorded[-1]


def test_a_statement_is_recorded_with_parameters_and_rows(connection, recorded, postgres_server):
    assert connection.execute("select %s::int + 1, %s", [1, "x"]).fetchall() == [(2, "x")]
    (event,) = recorded
    assert event["method"] == {
        "protocol": "postgresql",
        "operation": "execute",
        "statement": "select %s::int + 1, %s",
        "uri": f"postgresql://tests@127.0.0.1:{postgres_server.port}/postgres",
    }
    assert event["input"] == {"parameters": [1, "x"]}
    assert event["output"] == {"rowcount": 1, "rows": [[2, "x"]], "rows_count": 1}
    assert event["duration_ns"] > 0


def test_parameters_are_recorded_as_they_were_when_sent(connection, recorded):
    parameters = [1]
    cursor = connection.execute("select %s::int", parameters)
    parameters.append("changed")
    cursor.fetchall()
    assert last(recorded)["input"] == {"parameters": [1]}


def test_an_error_is_recorded_and_reaches_the_application(connection, recorded):
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select * from nowhere where i = %s", [1])
    assert last(recorded)["error"]["type"] == "psycopg.errors.UndefinedTable"
    assert last(recorded)["input"] == {"parameters": [1]}


def test_beyond_the_bound_rows_are_counted_and_digested(connection, recorded):
    rows = connection.execute("select i from generate_series(1, 1000) i").fetchall()
    output = last(recorded)["output"]
    assert len(output["rows"]) == 200
    assert output["rows_count"] == 1000
    digest = hashlib.sha256(b"".join(repr(list(row)).encode() + b"\n" for row in rows)).hexdigest()
    assert output["rows_sha256"] == digest


def test_rows_are_those_the_application_took_one_by_one(connection, recorded):
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("select i from generate_series(1, 5) i")
        cursor.fetchone()
        assert next(iter(cursor)) == {"i": 2}
        cursor.fetchmany(2)
    assert last(recorded)["output"]["rows"] == [{"i": 1}, {"i": 2}, {"i": 3}, {"i": 4}]


def test_all_result_sets_of_one_statement_are_recorded(connection, recorded):
    cursor = connection.execute("select 1; select 2")
    found = [cursor.fetchall() for _ in cursor.results()]
    assert found == [[(1,)], [(2,)]]
    assert last(recorded)["output"]["rows"] == [[1], [2]]
    assert last(recorded)["output"]["result_sets"] == 2


def test_executemany_is_one_record_with_all_sets_of_parameters(connection, recorded):
    with connection.cursor() as cursor:
        cursor.executemany("insert into t (i) values (%s)", ([i] for i in range(3)))
    (event,) = recorded
    assert event["method"]["operation"] == "executemany"
    assert event["input"] == {"parameters": [[0], [1], [2]], "parameters_count": 3}
    assert event["output"]["rowcount"] == 3


def test_executemany_that_returns_has_its_rows(connection, recorded):
    with connection.cursor() as cursor:
        cursor.executemany("insert into t (i) values (%s) returning i", [[7], [8]], returning=True)
        rows = [cursor.fetchone() for _ in cursor.results()]
    assert rows == [(7,), (8,)]
    assert last(recorded)["output"]["rows"] == [[7], [8]]


def test_executemany_that_fails_says_so_once(connection, recorded):
    with connection.cursor() as cursor, pytest.raises(psycopg.errors.InvalidTextRepresentation):
        cursor.executemany("insert into t (i) values (%s::text::int)", [["1"], ["one"]])
    assert [event["outcome"] for event in recorded] == ["error"]
    assert recorded[0]["error"]["type"] == "psycopg.errors.InvalidTextRepresentation"
    assert recorded[0]["input"]["parameters"] == [["1"], ["one"]]


def test_a_server_side_cursor_is_its_declaration_with_the_rows_taken(connection, recorded, postgres_server):
    with connection.transaction(), connection.cursor("big") as cursor:
        cursor.execute("select i from generate_series(1, %s) i", [250])
        assert len(list(cursor)) == 250
    (event,) = (e for e in recorded if e["method"]["operation"] == "execute")
    assert event["method"]["statement"] == 'DECLARE "big" CURSOR FOR select i from generate_series(1, %s) i'
    assert event["output"]["rows_count"] == 250
    assert [s for s in postgres_server.statements() if s.startswith("FETCH")] == [
        s for s in statements(recorded) if s.startswith("FETCH")
    ]


def test_a_stream_is_recorded_with_the_rows_that_were_taken(connection, recorded):
    stream = connection.cursor().stream("select i from generate_series(1, 100) i")
    assert [next(stream) for _ in range(3)] == [(1,), (2,), (3,)]
    stream.close()
    assert last(recorded)["output"]["rows"] == [[1], [2], [3]]
    assert connection.execute("select 1").fetchone() == (1,)


def test_copy_in_keeps_what_was_sent_and_the_count(connection, recorded):
    with connection.cursor() as cursor, cursor.copy("copy t (i, s) from stdin") as copy:
        copy.write_row((1, "one"))
        copy.write_row((2, "two"))
    (event,) = recorded
    assert event["method"] | {"uri": ""} == {
        "protocol": "postgresql", "operation": "copy", "statement": "copy t (i, s) from stdin", "uri": "",
    }  # fmt: skip
    assert event["input"]["body"] == "1\tone\n2\ttwo\n"
    assert event["output"] == {"rowcount": 2}


def test_copy_out_keeps_what_was_read(connection, recorded):
    with connection.cursor() as cursor, cursor.copy("copy (select 1, 2) to stdout") as copy:
        assert b"".join(bytes(chunk) for chunk in copy) == b"1\t2\n"
    assert last(recorded)["output"]["body"] == "1\t2\n"
    assert last(recorded)["output"]["rowcount"] == 1


def test_a_copy_that_the_server_refuses_is_an_error(connection, recorded):
    def copy_words():
        with connection.cursor() as cursor, cursor.copy("copy t (i) from stdin") as copy:
            copy.write("one\n")

    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        copy_words()
    (event,) = recorded
    assert event["error"]["type"] == "psycopg.errors.InvalidTextRepresentation"
    assert event["input"]["body"] == "one\n"


def test_in_a_pipeline_each_statement_ends_with_its_own_result(connection, recorded):
    with connection.pipeline():
        first = connection.execute("insert into t (i) values (1), (2)")
        second = connection.execute("select 3")
        third = connection.cursor()
        third.executemany("insert into t (i) values (%s)", [[4], [5]])
        assert second.fetchall() == [(3,)]
    assert first.rowcount == 2
    rowcounts = {event["method"]["statement"]: event["output"]["rowcount"] for event in recorded}
    assert rowcounts == {
        "insert into t (i) values (1), (2)": 2, "select 3": 1, "insert into t (i) values (%s)": 2,
    }  # fmt: skip
    assert [e["output"]["rows"] for e in recorded if "rows" in e["output"]] == [[[3]]]


def test_an_error_in_a_pipeline_is_put_down_to_its_statement(connection, recorded):
    def pipe():
        with connection.pipeline():
            connection.execute("insert into nowhere values (1)")
            connection.execute("select 1")

    with pytest.raises(psycopg.errors.UndefinedTable):
        pipe()
    outcomes = {event["method"]["statement"]: event.get("error", {}).get("type") for event in recorded}
    assert outcomes["insert into nowhere values (1)"] == "psycopg.errors.UndefinedTable"
    assert outcomes["select 1"] == "psycopg.errors.PipelineAborted"


def test_a_cursor_that_nobody_closed_ends_when_it_is_collected(connection, recorded):
    connection.execute("select 1")
    assert last(recorded)["output"]["rows"] == []


def test_subclasses_and_cursor_factories_work_and_count_once(postgres_server, recorded):
    class Upper(psycopg.Cursor):
        def execute(self, query, params=None, **kwargs):
            return super().execute(query.upper(), params, **kwargs)

        def fetchall(self):
            return [self.fetchone() for _ in range(self.rowcount)]

    with psycopg.connect(postgres_server.url("postgresql"), autocommit=True, cursor_factory=Upper) as connection:
        cursor = connection.execute("select 1 union select 2")
        assert type(cursor) is Upper
        assert sorted(cursor.fetchall()) == [(1,), (2,)]
        cursor.close()
    (event,) = recorded
    assert event["method"]["statement"] == "SELECT 1 UNION SELECT 2"
    assert event["output"]["rows_count"] == 2


def test_classes_are_the_same_objects_and_pickle_as_before(recorded):
    assert pickle.loads(pickle.dumps(psycopg.Cursor)) is psycopg.Cursor
    assert psycopg.Cursor.execute.__name__ == "execute"
    assert issubclass(psycopg.ServerCursor, psycopg.Cursor)


def test_each_statement_that_the_server_saw_is_in_the_record(connection, recorded, postgres_server):
    connection.autocommit = False
    with connection.transaction():
        connection.execute("insert into t (i) values (%s)", [1])
        with connection.transaction():
            connection.execute("select s from t")
    with connection.cursor("named") as cursor:
        cursor.execute("select i from t")
        cursor.fetchmany(5)
        cursor.scroll(-1)
    with connection.cursor() as cursor, cursor.copy("copy t to stdout") as copy:
        assert len(list(copy)) == 1
    connection.rollback()
    connection.execute("select 1")
    connection.commit()
    seen = postgres_server.statements()
    assert "BEGIN" in seen
    assert any(re.match("SAVEPOINT", statement) for statement in seen)
    assert sorted(statements(recorded)) == sorted(seen)


def test_asynchronous_use_is_recorded_alike(postgres_server, recorded):
    async def use():
        connection = await psycopg.AsyncConnection.connect(postgres_server.url("postgresql"))
        async with connection:
            cursor = await connection.execute("select i from generate_series(1, %s) i", [3])
            first = await cursor.fetchone()
            rest = [row async for row in cursor]
            async with connection.cursor("named") as named:
                await named.execute("select 4")
                assert [row async for row in named] == [(4,)]
            async with connection.cursor() as cursor:
                async with cursor.copy("copy (select 5) to stdout") as copy:
                    assert [bytes(chunk) async for chunk in copy] == [b"5\n"]
                async for _ in cursor.stream("select 6"):
                    pass
                await cursor.executemany("select %s", [[7], [8]])
            async with connection.pipeline():
                await connection.execute("select 9")
            return first, rest

    postgres_server.statements()
    assert asyncio.run(use()) == ((1,), [(2,), (3,)])
    found = {event["method"]["statement"]: event for event in recorded}
    assert found["select i from generate_series(1, %s) i"]["output"]["rows"] == [[1], [2], [3]]
    assert found['DECLARE "named" CURSOR FOR select 4']["output"]["rows"] == [[4]]
    assert found["copy (select 5) to stdout"]["output"]["body"] == "5\n"
    assert found["select 6"]["output"]["rows"] == [[6]]
    assert found["select %s"]["input"]["parameters_count"] == 2
    assert set(statements(recorded)) == set(postgres_server.statements())


def test_under_sqlalchemy_each_statement_is_recorded_once(postgres_server, recorded):
    engine = sqlalchemy.create_engine(postgres_server.url("postgresql+psycopg"))
    with engine.connect() as connection:
        connection.commit()
        recorded.clear()
        postgres_server.statements()
        assert connection.execute(sqlalchemy.text("select :i + 1"), {"i": 1}).scalar_one() == 2
        connection.commit()
    engine.dispose()
    assert [e["method"]["operation"] for e in recorded] == ["BEGIN", "execute", "COMMIT"]
    assert recorded[1]["output"]["rows"] == [[2]]
    assert len(postgres_server.statements()) == 3


def test_under_asynchronous_sqlalchemy_each_statement_is_recorded_once(postgres_server, recorded):
    async def use():
        engine = create_async_engine(postgres_server.url("postgresql+psycopg"))
        async with engine.connect() as connection:
            await connection.commit()
            recorded.clear()
            assert (await connection.execute(sqlalchemy.text("select 2"))).scalar_one() == 2
            await connection.commit()
        await engine.dispose()

    asyncio.run(use())
    assert [e["method"]["operation"] for e in recorded] == ["BEGIN", "execute", "COMMIT"]


def test_after_uninstall_nothing_is_recorded_and_nothing_is_patched(postgres_server):
    from graven.pytest_plugin import io

    before = dict(vars(psycopg.Cursor))
    found = []
    io.install(found.append)
    assert vars(psycopg.Cursor)["fetchall"] is not before["fetchall"]
    io.uninstall()
    with psycopg.connect(postgres_server.url("postgresql")) as connection:
        connection.execute("select 1").fetchall()
    assert found == []
    assert dict(vars(psycopg.Cursor)) == before
