"""PyMySQL against a real MariaDB, whose general log is the witness."""

import pymysql
import pymysql.cursors
import pytest
import sqlalchemy


def connect(server, **more):
    return pymysql.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, database=server.name, **more
    )


@pytest.fixture
def connection(mariadb_server, recorded):
    with connect(mariadb_server) as connection:
        with connection.cursor() as cursor:
            cursor.execute("create or replace table t (i integer primary key auto_increment, s text)")
        mariadb_server.statements()
        recorded.clear()
        yield connection


def operations(recorded):
    return [event["method"]["operation"] for event in recorded]


def test_a_statement_is_recorded_with_parameters_and_rows(connection, recorded, mariadb_server):
    with connection.cursor() as cursor:
        assert cursor.execute("select %s + 1, %s", (1, "x")) == 1
        assert cursor.fetchall() == ((2, "x"),)
    (event,) = recorded
    assert event["method"] == {
        "protocol": "mysql",
        "operation": "execute",
        "statement": "select %s + 1, %s",
        "uri": f"mysql://tests@127.0.0.1:{mariadb_server.port}/tests",
    }
    assert event["input"] == {"parameters": [1, "x"]}
    assert event["output"] == {"rowcount": 1, "lastrowid": None, "rows": [[2, "x"]], "rows_count": 1}


def test_a_change_is_recorded_with_its_row_id(connection, recorded):
    with connection.cursor() as cursor:
        cursor.execute("insert into t (s) values (%(s)s)", {"s": "one"})
    assert recorded[0]["input"] == {"parameters": {"s": "one"}}
    assert recorded[0]["output"] == {"rowcount": 1, "lastrowid": 1}


def test_an_error_is_recorded_and_reaches_the_application(connection, recorded):
    with connection.cursor() as cursor, pytest.raises(pymysql.err.ProgrammingError):
        cursor.execute("select * from nowhere")
    assert recorded[0]["error"]["type"] == "pymysql.err.ProgrammingError"
    assert recorded[0]["method"]["statement"] == "select * from nowhere"


def test_executemany_is_one_record_with_all_sets_of_parameters(connection, recorded, mariadb_server):
    with connection.cursor() as cursor:
        cursor.executemany("insert into t (s) values (%s)", [["a"], ["b"]])
        cursor.executemany("update t set s = %s where i = %s", ((name, i) for i, name in enumerate("xy", 1)))
        assert cursor.executemany("insert into t (s) values (%s)", []) is None
    assert operations(recorded)[:2] == ["executemany"] * 2
    assert [e["input"]["parameters"] for e in recorded[:2]] == [[["a"], ["b"]], [["x", 1], ["y", 2]]]
    assert [e["output"]["rowcount"] for e in recorded[:2]] == [2, 2]
    assert len(mariadb_server.statements()) == 3


@pytest.mark.parametrize("factory", [pymysql.cursors.SSCursor, pymysql.cursors.SSDictCursor])
def test_an_unbuffered_cursor_is_recorded_with_the_rows_taken(connection, recorded, factory):
    with connection.cursor(factory) as cursor:
        cursor.execute("select seq from seq_1_to_500")
        cursor.fetchone()
        cursor.fetchmany(2)
        assert len(cursor.fetchall()) == 497
    output = recorded[0]["output"]
    assert output["rowcount"] == -1
    assert output["rows_count"] == 500
    assert len(output["rows_sha256"]) == 64


def test_an_unbuffered_cursor_left_early_has_the_rows_that_were_taken(connection, recorded):
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute("select seq from seq_1_to_500")
        cursor.fetchmany(3)
    assert recorded[0]["output"]["rows"] == [[1], [2], [3]]


def test_several_result_sets_and_procedures_are_recorded(connection, recorded, mariadb_server):
    with connection.cursor() as cursor:
        cursor.execute("create or replace procedure p(in a int) begin select a + 1; select a + 2; end")
        recorded.clear()
        mariadb_server.statements()
        cursor.callproc("p", [1])
        assert cursor.fetchall() == ((2,),)
        cursor.nextset()
        assert cursor.fetchall() == ((3,),)
    assert recorded[-1]["method"]["statement"] == "CALL `p`(@`_p_0`)"
    assert recorded[-1]["output"]["rows"] == [[2], [3]]
    assert [e["method"]["statement"] for e in recorded] == [s for s in mariadb_server.statements() if "select" not in s]


def test_subclasses_work_and_count_once(mariadb_server, recorded):
    class Upper(pymysql.cursors.DictCursor):
        def execute(self, query, args=None):
            return super().execute(query.upper(), args)

        def fetchall(self):
            return [self.fetchone() for _ in range(self.rowcount)]

    with connect(mariadb_server, cursorclass=Upper) as connection, connection.cursor() as cursor:
        assert type(cursor) is Upper
        recorded.clear()
        cursor.execute("select 1 as a")
        assert cursor.fetchall() == [{"A": 1}]
    assert recorded[0]["method"]["statement"] == "SELECT 1 AS A"
    assert recorded[0]["output"]["rows"] == [{"A": 1}]


def test_each_statement_that_the_server_saw_is_in_the_record(mariadb_server, recorded):
    mariadb_server.statements()
    with connect(mariadb_server) as connection:
        connection.begin()
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            list(cursor)
            cursor.execute("select 'ü'")
        connection.rollback()
        connection.query("select 2")
        connection.show_warnings()
        connection.commit()
        connection.autocommit(True)
    assert [event["method"]["statement"] for event in recorded] == mariadb_server.statements()


def test_under_sqlalchemy_each_statement_is_recorded_once(mariadb_server, recorded):
    engine = sqlalchemy.create_engine(mariadb_server.url("mysql+pymysql"))
    with engine.connect() as connection:
        connection.commit()
        recorded.clear()
        mariadb_server.statements()
        assert connection.execute(sqlalchemy.text("select :i + 1"), {"i": 1}).scalar_one() == 2
        connection.commit()
    engine.dispose()
    assert operations(recorded)[:2] == ["execute", "COMMIT"]
    assert recorded[0]["output"]["rows"] == [[2]]
    assert len(recorded) == len(mariadb_server.statements())
