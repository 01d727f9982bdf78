"""psycopg2 against a real PostgreSQL, whose own log of statements is the witness."""

import io as files
import pickle

import psycopg2
import psycopg2.extensions
import psycopg2.extras
import psycopg2.pool
import psycopg2.sql
import pytest
import sqlalchemy


@pytest.fixture
def connection(postgres_server, recorded):
    connection = psycopg2.connect(postgres_server.url("postgresql"))
    with connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists t2")
        cursor.execute("create table t2 (i integer, s text)")
    postgres_server.statements()
    recorded.clear()
    yield connection
    connection.close()


def operations(recorded):
    return [event["method"]["operation"] for event in recorded]


def test_a_statement_is_recorded_with_parameters_and_rows(connection, recorded, postgres_server):
    with connection.cursor() as cursor:
        cursor.execute("select %s + 1, %s", (1, "x"))
        assert cursor.fetchall() == [(2, "x")]
    (event,) = recorded
    assert event["method"] == {
        "protocol": "postgresql",
        "operation": "execute",
        "statement": "select %s + 1, %s",
        "uri": f"postgresql://tests@127.0.0.1:{postgres_server.port}/postgres",
    }
    assert event["input"] == {"parameters": [1, "x"]}
    assert event["output"] == {"rowcount": 1, "rows": [[2, "x"]], "rows_count": 1}


def test_named_parameters_and_composed_queries_are_recorded(connection, recorded):
    query = psycopg2.sql.SQL("select {} from t2 where i = %(i)s").format(psycopg2.sql.Identifier("s"))
    with connection.cursor() as cursor:
        cursor.execute(query=query, vars={"i": 1})
        assert cursor.fetchone() is None
    assert recorded[0]["method"]["statement"] == 'select "s" from t2 where i = %(i)s'
    assert recorded[0]["input"] == {"parameters": {"i": 1}}


def test_an_error_is_recorded_and_reaches_the_application(connection, recorded):
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute("select * from nowhere")
    assert recorded[0]["error"]["type"] == "psycopg2.errors.UndefinedTable"


def test_a_mistake_of_the_caller_is_the_same_error_as_without_capture(connection, recorded):
    with connection.cursor() as cursor, pytest.raises(TypeError, match="query"):
        cursor.execute()


def test_execute_values_is_recorded_as_it_was_sent(connection, recorded, postgres_server):
    with connection.cursor() as cursor:
        found = psycopg2.extras.execute_values(
            cursor, "insert into t2 (i) values %s returning i", [(1,), (2,)], fetch=True
        )
    assert found == [(1,), (2,)]
    assert recorded[0]["method"]["statement"] == "insert into t2 (i) values (1),(2) returning i"
    assert recorded[0]["method"]["statement"] in postgres_server.statements()
    assert recorded[0]["output"]["rows"] == [[1], [2]]


def test_executemany_is_one_record_with_all_sets_of_parameters(connection, recorded):
    with connection.cursor() as cursor:
        cursor.executemany("insert into t2 (i) values (%s)", ([i] for i in range(3)))
    assert operations(recorded) == ["executemany"]
    assert recorded[0]["input"] == {"parameters": [[0], [1], [2]], "parameters_count": 3}


@pytest.mark.parametrize(
    ("factory", "row"),
    [
        (psycopg2.extras.DictCursor, [1, "x"]),
        (psycopg2.extras.RealDictCursor, {"a": 1, "b": "x"}),
        (psycopg2.extras.NamedTupleCursor, [1, "x"]),
    ],
)
@pytest.mark.parametrize("take", ["fetchone", "fetchmany", "fetchall", "__iter__"])
def test_the_cursor_classes_of_psycopg2_keep_their_rows_and_count_once(connection, recorded, factory, row, take):
    with connection.cursor(cursor_factory=factory) as cursor:
        assert isinstance(cursor, factory)
        cursor.execute("select 1 as a, 'x' as b")
        taken = list(cursor) if take == "__iter__" else getattr(cursor, take)()
        first = taken if take == "fetchone" else taken[0]
        assert first[0 if not isinstance(row, dict) else "a"] == 1
    assert recorded[-1]["output"]["rows"] == [row]


@pytest.mark.parametrize("factory", [psycopg2.extras.DictConnection, psycopg2.extras.RealDictConnection])
def test_a_connection_factory_still_chooses_the_cursor(postgres_server, recorded, factory):
    connection = psycopg2.connect(postgres_server.url("postgresql"), connection_factory=factory)
    assert isinstance(connection, factory)
    with connection.cursor() as cursor:
        cursor.execute("select 1 as a")
        assert cursor.fetchone()["a"] == 1
    connection.close()
    assert recorded[0]["output"]["rows_count"] == 1


def test_a_cursor_class_of_the_application_works_and_counts_once(postgres_server, recorded):
    class Loud(psycopg2.extensions.cursor):
        def execute(self, query, values=None, *, loud=False):
            return super().execute(f"{query} -- loud" if loud else query, values)

        def fetchall(self):
            return [self.fetchone() for _ in range(self.rowcount)]

    connection = psycopg2.connect(postgres_server.url("postgresql"), cursor_factory=Loud)
    assert connection.cursor_factory is Loud
    with connection.cursor() as cursor:
        assert isinstance(cursor, Loud)
        assert type(cursor).__name__ == "Loud"
        cursor.execute("select %s", [1], loud=True)
        assert cursor.fetchall() == [(1,)]
    connection.close()
    assert recorded[0]["output"]["rows"] == [[1]]
    assert recorded[0]["input"] == {"parameters": [1]}


def test_a_function_as_factory_still_works(postgres_server, recorded):
    made = []

    def factory(dsn, async_=0):
        made.append(psycopg2.extensions.connection(dsn, async_))
        return made[0]

    connection = psycopg2.connect(postgres_server.url("postgresql"), connection_factory=factory)
    assert connection is made[0]
    connection.close()


def test_a_named_cursor_is_its_declaration_with_the_rows_taken(connection, recorded, postgres_server):
    with connection.cursor("big") as cursor:
        cursor.itersize = 100
        cursor.execute("select i from generate_series(1, %s) i", [250])
        assert len(list(cursor)) == 250
    (event,) = recorded
    assert event["method"]["statement"] in postgres_server.statements()
    assert event["method"]["statement"].startswith('DECLARE "big"')
    assert event["input"] == {"parameters": [250]}
    assert event["output"]["rows_count"] == 250


def test_copy_keeps_what_passed(connection, recorded, postgres_server):
    out = files.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert("copy t2 (i, s) from stdin", files.StringIO("1\tone\n2\ttwo\n"))
        cursor.copy_from(file=files.BytesIO(b"3\tthree\n"), table="t2")
        cursor.copy_to(out, "t2", sep="|")
    assert out.getvalue() == "1|one\n2|two\n3|three\n"
    assert operations(recorded) == ["copy"] * 3
    assert [e.get("input", {}).get("body") for e in recorded] == ["1\tone\n2\ttwo\n", "3\tthree\n", None]
    assert recorded[2]["output"]["body"] == out.getvalue()
    assert recorded[0]["output"]["rowcount"] == 2
    seen = postgres_server.statements()
    assert [" ".join(e["method"]["statement"].split()) for e in recorded] == [s for s in seen if s != "BEGIN"]


def test_callproc_is_recorded_as_it_was_sent(connection, recorded, postgres_server):
    with connection.cursor() as cursor:
        cursor.callproc("upper", ["x"])
        assert cursor.fetchone() == ("X",)
    assert recorded[0]["method"]["statement"] in postgres_server.statements()
    assert recorded[0]["input"] == {"parameters": ["x"]}


def test_commit_and_rollback_are_recorded_when_something_is_sent(connection, recorded, postgres_server):
    connection.commit()
    with connection, connection.cursor() as cursor:
        cursor.execute("select 1")

    def breaks_off():
        with connection, connection.cursor() as cursor:
            cursor.execute("select 2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks_off()
    assert operations(recorded) == ["execute", "COMMIT", "execute", "ROLLBACK"]
    assert [s for s in postgres_server.statements() if s != "BEGIN"] == [e["method"]["statement"] for e in recorded]


def test_a_pool_and_a_connect_that_was_imported_before_are_recorded(postgres_server, recorded):
    pool = psycopg2.pool.SimpleConnectionPool(1, 2, postgres_server.url("postgresql"))
    connection = pool.getconn()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    pool.putconn(connection)
    pool.closeall()
    assert operations(recorded)[0] == "execute"


def test_types_registered_on_a_connection_work(connection, recorded):
    psycopg2.extras.register_uuid(conn_or_curs=connection)
    with connection.cursor() as cursor:
        psycopg2.extensions.register_type(psycopg2.extensions.UNICODE, cursor)
        cursor.execute("select '00000000-0000-0000-0000-000000000001'::uuid")
        assert cursor.fetchone()[0].int == 1


def test_the_classes_of_psycopg2_are_untouched(recorded):
    assert pickle.loads(pickle.dumps(psycopg2.extensions.cursor)) is psycopg2.extensions.cursor
    assert psycopg2.connect.__module__ == "psycopg2"


def test_under_sqlalchemy_each_statement_is_recorded_once(postgres_server, recorded):
    engine = sqlalchemy.create_engine(postgres_server.url("postgresql+psycopg2"))
    with engine.connect() as connection:
        connection.commit()
        recorded.clear()
        postgres_server.statements()
        assert connection.execute(sqlalchemy.text("select :i + 1"), {"i": 1}).scalar_one() == 2
        connection.commit()
    engine.dispose()
    assert operations(recorded) == ["execute", "COMMIT"]
    assert recorded[0]["output"]["rows"] == [[2]]
    assert len([s for s in postgres_server.statements() if s != "BEGIN"]) == 2
