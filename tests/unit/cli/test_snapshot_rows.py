"""Which database an argument means, and which rows of an SQLite file are read."""

import sqlite3

import pytest

from graven.cli.snapshot.rows import Wanted, find_database, open_rows
from graven.errors import NotFound, Unavailable, UsageError

URL = "postgresql://reader:geheim@db.example:5433/shop?sslmode=require"


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE stock (sku TEXT, shelf TEXT, count INT, PRIMARY KEY (shelf, sku))")
    connection.executemany("INSERT INTO stock VALUES (?, ?, ?)", [("b", "2", 1), ("a", "2", 2), ("c", "1", 3)])
    connection.execute("CREATE TABLE loose (a INT, b INT)")
    connection.commit()
    connection.close()
    return find_database(str(path), {})


def rows_of(place, **wanted):
    with open_rows(place, Wanted(**{"table": "stock", **wanted})) as rows:
        return list(rows.columns), list(rows.key), [tuple(row) for row in rows.rows]


@pytest.mark.parametrize("url", [URL, "mysql://db/shop?password=geheim", "mysql://:geheim@db/shop"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(url):
    with pytest.raises(UsageError) as refused:
        find_database(url, {})
    assert "geheim" not in f"{refused.value} {refused.value.why} {refused.value.hint}"


def test_a_password_from_the_environment_is_kept_from_the_name():
    place = find_database("env:SHOP", {"SHOP": URL})
    assert place == ("postgresql://reader@db.example:5433/shop", URL, None)


def test_a_variable_that_is_not_set_is_told():
    with pytest.raises(UsageError, match="'SHOP' is not set"):
        find_database("env:SHOP", {})


def test_an_address_of_sqlite_is_its_file():
    assert find_database("sqlite:////var/shop.db", {}).file.as_posix() == "/var/shop.db"


def test_rows_come_in_the_order_of_the_key(shop):
    assert rows_of(shop) == (
        ["sku", "shelf", "count"],
        ["shelf", "sku"],
        [("c", "1", 3), ("a", "2", 2), ("b", "2", 1)],
    )


def test_chosen_columns_are_read_with_the_key(shop):
    assert rows_of(shop, columns=["count"])[0] == ["shelf", "sku", "count"]


def test_an_excluded_column_is_not_read(shop):
    assert rows_of(shop, exclude=["count"])[0] == ["sku", "shelf"]


def test_a_column_that_names_the_rows_cannot_be_excluded(shop):
    with pytest.raises(UsageError, match="'sku' is the name of each row"):
        rows_of(shop, exclude=["sku"])


def test_a_condition_chooses_rows(shop):
    assert rows_of(shop, where="count > 1 AND shelf = '2'")[2] == [("a", "2", 2)]


def test_a_condition_cannot_write(shop):
    with pytest.raises(Exception, match=r"one statement at a time|syntax"):
        rows_of(shop, where="1; DELETE FROM stock")
    assert len(rows_of(shop)[2]) == 3


def test_a_mistyped_column_is_told_with_those_that_are_there(shop):
    with pytest.raises(UsageError) as refused:
        rows_of(shop, exclude=["cuont"])
    assert refused.value.hint == "it has sku, shelf, count"


def test_a_table_without_key_needs_one(shop):
    with pytest.raises(UsageError, match="no primary key"):
        rows_of(shop, table="loose")
    assert rows_of(shop, table="loose", key=["a", "b"])[1] == ["a", "b"]


def test_a_missing_table_is_told_with_those_that_are_there(shop):
    with pytest.raises(NotFound) as missing:
        rows_of(shop, table="stok")
    assert missing.value.hint == "it has loose, stock"


def test_rows_are_those_of_one_moment(shop):
    with open_rows(shop, Wanted(table="stock")) as rows:
        first = next(iter(rows.rows))
        other = sqlite3.connect(shop.file)
        other.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("DELETE FROM stock").connection.commit()
        other.close()
        assert [first[0], *(row[0] for row in rows.rows)] == ["c", "a", "b"]


def test_a_condition_that_the_database_refuses_is_pointed_at(shop):
    with pytest.raises(Unavailable) as caught:
        rows_of(shop, where="count = = 1")
    assert "count = = 1" in caught.value.hint


@pytest.mark.parametrize("condition", ["count > 0 --", "1 UNION SELECT 'x', 'y', 0"])
def test_a_condition_changes_neither_the_order_nor_the_table(shop, condition):
    try:
        rows = rows_of(shop, where=condition)[2]
    except Unavailable:
        return
    assert rows == rows_of(shop)[2]
