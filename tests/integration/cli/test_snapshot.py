"""`graven snapshot` as a process: what it leaves in the log, and what never gets there."""

import json
import sqlite3

import psycopg
import pymysql
import pytest
from tests.support.cli_run import CommandLine
from tests.support.databases import mariadb, postgres


def snapshot(line, *arguments):
    return json.loads(line.must("snapshot", *arguments, "--json").text)


def events(line, summary):
    lines = line.must("export", "--from", str(summary["first"]), "--to", str(summary["last"] + 1)).text.splitlines()
    return [json.loads(text)["entry"]["data"] for text in lines]


@pytest.fixture
def shop(offline):
    connection = sqlite3.connect(offline.home / "shop.db")
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT, password TEXT)")
    connection.executemany("INSERT INTO orders (state, password) VALUES (?, ?)", [("new", "4711-geheim")] * 3)
    connection.commit()
    yield connection
    connection.close()


def test_each_row_and_a_summary_are_recorded(offline, shop):
    summary = snapshot(offline, "table", "shop.db", "orders", "--exclude", "password")
    recorded = events(offline, summary)
    assert [event["action"] for event in recorded] == ["state.snapshot"] * 3 + ["state.snapshot.finish"]
    assert recorded[0]["targets"] == [{"type": "orders", "id": "1", "change": {"after": {"id": 1, "state": "new"}}}]
    assert recorded[3]["output"] == {"count": 3, "digest": summary["digest"]}


def test_snapshots_of_one_state_have_one_digest(offline, shop):
    first = snapshot(offline, "table", "shop.db", "orders")
    again = snapshot(offline, "table", "shop.db", "orders")
    assert (first["digest"], first["snapshot"] == again["snapshot"]) == (again["digest"], False)


def test_a_change_in_between_shows_in_digest_and_rows(offline, shop):
    first = snapshot(offline, "table", "shop.db", "orders")
    shop.execute("UPDATE orders SET state = 'paid' WHERE id = 2")
    shop.commit()
    second = snapshot(offline, "table", "shop.db", "orders")
    assert first["digest"] != second["digest"]
    states = [
        [event["targets"][0]["change"]["after"]["state"] for event in events(offline, one)[:-1]]
        for one in (first, second)
    ]
    assert states == [["new"] * 3, ["new", "paid", "new"]]


def test_no_digest_tells_what_redaction_took(offline, shop):
    first = snapshot(offline, "table", "shop.db", "orders")
    shop.execute("UPDATE orders SET password = '0815-geheim'")
    shop.commit()
    second = snapshot(offline, "table", "shop.db", "orders")
    assert first["digest"] == second["digest"]
    told = [events(offline, one)[0]["targets"][0]["change"]["after"]["password"] for one in (first, second)]
    assert told[0]["$redacted"]["hmac"] != told[1]["$redacted"]["hmac"]


def test_files_are_recorded_and_small_ones_kept(offline):
    (offline.home / "etc").mkdir()
    (offline.home / "etc" / "a").write_text("secretless")
    summary = snapshot(offline, "files", "etc", "--keep", "100")
    recorded = events(offline, summary)
    assert recorded[0]["targets"][0]["id"] == "etc/a"
    assert recorded[0]["attachments"][0]["digest"] == recorded[0]["targets"][0]["change"]["after"]["digest"]
    assert recorded[1]["output"]["count"] == 1


def test_a_server_records_a_snapshot(online):
    (online.home / "etc").mkdir()
    (online.home / "etc" / "a").write_text("x")
    assert snapshot(online, "files", "etc")["count"] == 1


@pytest.mark.slow
def test_a_table_of_postgresql_is_read_with_the_password_from_the_environment(offline, tmp_path):
    with postgres(tmp_path) as server:
        where = f"host={server.host} port={server.port} user={server.user} dbname={server.name}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("CREATE TABLE orders (id int PRIMARY KEY, price numeric(10,2), note text)")
            connection.execute("INSERT INTO orders SELECT i, i, repeat('x', 500) FROM generate_series(1, 3000) i")
            url = f"postgresql+psycopg://{server.user}:geheim@{server.host}:{server.port}/{server.name}"
            line = CommandLine(offline.home, {**offline.environ, "SHOP": url})
            summary = snapshot(line, "table", "env:SHOP", "orders", "--where", "note LIKE 'x%' AND id::int > 0")
            failed = line.run("snapshot", "table", "env:SHOP", "ordres")
    assert summary["count"] == 3000
    assert events(line, {"first": 0, "last": 0})[0]["targets"][0]["change"]["after"]["price"] == "1.00"
    assert "geheim" not in json.dumps(summary) + failed.text + failed.err
    assert "it has orders" in failed.err


@pytest.mark.slow
def test_a_table_of_mariadb_is_read_and_a_server_that_is_gone_is_told_without_the_password(offline, tmp_path):
    with mariadb(tmp_path) as server:
        connection = pymysql.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, database=server.name
        )
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE orders (id int PRIMARY KEY, price decimal(10,2))")
            cursor.execute("INSERT INTO orders VALUES (2, 5), (1, 3)")
        connection.commit()
        connection.close()
        url = f"mysql+pymysql://{server.user}:geheim@{server.host}:{server.port}/{server.name}"
        line = CommandLine(offline.home, {**offline.environ, "SHOP": url})
        recorded = events(line, snapshot(line, "table", "env:SHOP", "orders"))
    assert [event["targets"][0]["change"]["after"]["price"] for event in recorded[:2]] == ["3.00", "5.00"]
    gone = line.run("snapshot", "table", "env:SHOP", "orders")
    assert gone.code == 7
    assert "geheim" not in gone.err


def test_rows_that_one_name_stands_for_are_refused(offline, shop):
    refused = offline.run("snapshot", "table", "shop.db", "orders", "--key", "state")
    assert refused.code == 2
    assert "two rows are both called 'new'" in refused.err
