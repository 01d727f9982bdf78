"""Columns of parameters and rows, as far as a statement names them."""

import pytest

from graven.event.redact import Redactor
from graven.sdk.redaction import redact_event, sdk_rules
from graven.sdk.sqlnames import columns_of_parameters, selected_columns

REDACTOR = Redactor(sdk_rules(), "test", b"k" * 32)


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("INSERT INTO users (name, password) VALUES (?, ?)", {0: "name", 1: "password"}),
        ('insert into "s"."users" ("name", "password") values (%s, %s), (%s, %s)',
         {0: "name", 1: "password", 2: "name", 3: "password"}),
        ("INSERT INTO users (name, password) VALUES (lower(?), crypt(?, 'x'))", {0: "name", 1: "password"}),
        ("INSERT INTO users (a, password) VALUES ('it''s, ?', $1)", {0: "password"}),
        ("INSERT INTO users (a, b) VALUES (:one, :two) RETURNING id", {"one": "a", "two": "b"}),
        ("UPDATE users SET password = ?, name=? WHERE users.id = ?", {0: "password", 1: "name", 2: "id"}),
        ("SELECT 1 FROM users WHERE name LIKE ? AND password IN (?, ?)", {0: "name", 1: "password", 2: "password"}),
        ("SELECT %(x)s::text WHERE api_key = %(key)s -- secret = ?", {"key": "api_key"}),
        ("SELECT ?", {}),
        ("CALL login(?, ?)", {}),
        ("(((,,)) = ?", {}),
    ],
)  # fmt: skip
def test_a_parameter_belongs_to_the_column_that_the_statement_names(statement, columns):
    assert columns_of_parameters(statement) == columns


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("SELECT id, u.password, count(a, b) AS n FROM users", ["id", "password", "n"]),
        ("SELECT id, password", ["id", "password"]),
        ("INSERT INTO users (a) VALUES (?) RETURNING id, token", ["id", "token"]),
        ("DELETE FROM users", []),
    ],
)
def test_a_select_list_names_its_columns(statement, columns):
    assert selected_columns(statement) == columns


def redacted(statement, **members):
    return redact_event(REDACTOR, {"method": {"statement": statement}, **members})


def test_a_positional_parameter_of_a_secret_column_is_taken_and_its_neighbour_kept():
    event = redacted("INSERT INTO t (name, password) VALUES (?, ?)", input={"parameters": ["ann", "hunter2x9"]})
    assert event["input"]["parameters"][0] == "ann"
    assert event["input"]["parameters"][1]["$redacted"]["rule"] == "password-field"


def test_each_set_of_many_parameters_is_looked_at():
    given = {"parameters": [["ann", "hunter2x9"], ["bob", "hunter3x9"]], "parameters_count": 2}
    event = redacted("INSERT INTO t (name, password) VALUES (?, ?)", input=given)
    assert [row[0] for row in event["input"]["parameters"]] == ["ann", "bob"]
    assert "hunter" not in str(event)


@pytest.mark.parametrize("more", [{}, {"columns": ["name", "password"]}])
def test_cells_of_a_secret_column_are_taken(more):
    statement = "SELECT * FROM t" if more else "SELECT name, password FROM t"
    event = redacted(statement, output={"rows": [["ann", "hunter2x9"], ["bob", None]], **more})
    assert event["output"]["rows"][0][0] == "ann"
    assert "hunter" not in str(event)
