"""Conditions as SQL mean what `matches` says, where numbers and odd values make it easy to differ."""

import json

import duckdb
import msgspec
import pyarrow as pa
import pytest

from graven.index.query.ast import Compare, Equals, Exists, Wildcard
from graven.index.query.fields import BY_NAME
from graven.index.query.matches import matches
from graven.index.query.numbers import number
from graven.index.segment.conditions import condition_of

INPUT = BY_NAME["input"]
LABELS = BY_NAME["labels"]
VALUES = [
    0, 1, -1, 5, 100, 100.0, 1.5, -0.0, 0.1, 2**53, 2**53 + 1, 2**53 + 2, float(2**53), 2**63 - 1, 2**63, float(2**63),
    -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 2**70, 1e22, 10**22, 1e300, -1e300, "5", "1e2", "100",
    "9007199254740993", "a\nb", True, None, [1], {}, 2**64 + 1, float(2**64), 2**126 - 1, 2**126, 2**126 + 1,
    -(2**126) - 1, float(2**126), 2**127 - 1, 2**127, -(2**127), -(2**127) - 1, 2**130, 2**130 + 1, 10**400, -(10**400),
]  # fmt: skip
TEXTS = [
    "0", "1", "-1", "5", "100", "100.0", "1.5", "0.1", "-0", "9007199254740992", "9007199254740993",
    "9007199254740993.0", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "1180591620717411303424", "10000000000000000000000",
    "18446744073709551617", "18446744073709551615.0",
    *[str(sign * (power + near)) for power in (2**126, 2**127) for sign in (1, -1) for near in (-1, 0, 1)],
    str(2**130), str(2**130 + 1),
    "1" + "0" * 300, "true", "1e2", "1e22", "",
]  # fmt: skip
BOUNDS = [value for text in TEXTS if (value := number(text)) is not None]


def found(leaf, column, documents):
    connection = duckdb.connect()
    connection.register("rows", pa.table({column: [json.dumps(one) for one in documents]}))
    condition = condition_of(leaf)
    assert condition is not None
    assert condition.columns == (column,)
    rows = connection.execute(f"SELECT {condition.sql} FROM rows", list(condition.parameters)).fetchall()
    connection.close()
    return [one for (one,) in rows]


def meant(leaf, column, documents):
    return [matches(leaf, {"event": {column: msgspec.json.decode(json.dumps(one))}}) for one in documents]


@pytest.mark.parametrize("text", TEXTS)
def test_a_json_value_equals_a_text_as_the_view_says(text):
    leaf = Equals(INPUT, text)
    assert found(leaf, "input", VALUES) == meant(leaf, "input", VALUES)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("bound", BOUNDS)
def test_json_numbers_are_compared_exactly(operator, bound):
    leaf = Compare(INPUT, operator, bound)
    assert found(leaf, "input", VALUES) == meant(leaf, "input", VALUES)


@pytest.mark.parametrize("parts", [("1", ""), ("", "0"), ("", "e", ""), ("a", "b"), ("-", "")])
def test_a_wildcard_looks_at_strings_and_integers_of_any_size(parts):
    leaf = Wildcard(INPUT, parts)
    assert found(leaf, "input", VALUES) == meant(leaf, "input", VALUES)


@pytest.mark.parametrize(
    "leaf",
    [
        Equals(LABELS, '{"by":"server"}', ("a",)),
        Equals(LABELS, "5", ("a",)),
        Wildcard(LABELS, ("{", "}"), ("a",)),
        Exists(LABELS, ("a",)),
        Exists(LABELS, ("a.b",)),
    ],
)
def test_a_label_that_is_no_string_stands_as_its_json_text(leaf):
    documents = [{"a": {"by": "server"}}, {"a": "5"}, {"a": None}, {"a.b": "x"}, {}]
    assert found(leaf, "labels", documents) == meant(leaf, "labels", documents)


@pytest.mark.parametrize("path", [("a", None), ("a", 0), ("a", 5), ("a", "b"), (None,), ("0",)])
def test_a_path_that_leads_nowhere_is_absent_and_never_null(path):
    documents = [{"a": [1, None]}, {"a": {"b": None}}, {"a": []}, {"0": 1}, [], [None], 5, None]
    leaf = Exists(INPUT, path)
    assert found(leaf, "input", documents) == meant(leaf, "input", documents)


@pytest.mark.parametrize("name", ['k"q', "a'b", "back\\slash", "*", "", "\n"])
def test_a_name_that_paths_cannot_spell_has_no_condition(name):
    assert condition_of(Exists(INPUT, (name,))) is None


def test_values_travel_as_parameters():
    condition = condition_of(Equals(BY_NAME["uri"], "'; DROP TABLE rows --"))
    assert condition is not None
    assert "DROP" not in condition.sql
    assert condition.parameters == ("'; DROP TABLE rows --",)
