"""CSV: what a cell shows, and what a spreadsheet must not compute."""

import csv
import io

import pytest
from tests.support.views import MARKER, row, rows, view

from graven.errors import InvalidInput
from graven.index.export.columns import DEFAULT_COLUMNS, MOST_COLUMNS, parse_columns
from graven.index.export.csv_ import csv_table
from graven.index.query.fields import BY_NAME
from graven.index.query.names import spell_name


def table(columns, *events):
    text = b"".join(csv_table([rows(*events)], parse_columns(columns))).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def cell(column, **event):
    return table([column], event)[1][0]


def test_a_row_shows_the_chosen_fields_in_their_order():
    got = table(["actor", "index", "labels.team"], {"labels": {"team": "qa"}}, {})
    assert got == [["actor", "index", "labels.team"], ["alice", "0", "qa"], ["alice", "1", ""]]


def test_lines_end_as_rfc_4180_says():
    assert b"".join(csv_table([rows({"message": 'a"b,c\nd'})], parse_columns(["message"]))) == (
        b'message\r\n"a""b,c\nd"\r\n'
    )


def test_times_and_durations_have_one_spelling():
    assert cell("received") == "2026-11-22T22:37:42.704654157Z"
    assert cell("time", time="2026-11-22T20:01:02+01:00") == "2026-11-22T20:01:02+01:00"
    assert cell("duration", duration_ns=1500) == "1500"
    assert cell("backdated", time="2026-11-22T22:37:43.704654157Z") == "-1000000000"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a", "'x"]
)
def test_a_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(text):
    assert cell("message", message=text) == "'" + text


def test_a_heading_is_guarded_too():
    assert table(['labels."=x"', "labels.=x"])[0] == ['labels."=x"', "labels.=x"]
    assert table(["labels.a"])[0] == ["labels.a"]


def test_several_values_are_a_json_array_and_begin_with_a_bracket():
    targets = [{"type": "order", "id": "=1"}, {"id": "b"}]
    assert cell("target", targets=targets) == '["order/=1","b"]'
    assert cell("target", targets=targets[1:]) == "b"
    assert cell("session", session_id="s", actor={"id": "a", "session": "t"}) == '["s","t"]'


def test_paths_lead_into_json():
    data = {"lines": [{"sku": "A"}, {"sku": "B"}], "a.b": 1, "n": None, "o": {"x": 1}, "big": 2**80}
    assert cell("input.lines[].sku", input=data) == '["A","B"]'
    assert cell("input.lines[1].sku", input=data) == "B"
    assert cell('input."a.b"', input=data) == "1"
    assert cell("input.n", input=data) == ""
    assert cell("input.o", input=data) == '{"x":1}'
    assert cell("input.big", input=data) == str(2**80)
    assert cell("input", input=[1, 2]) == "[1,2]"
    assert cell("input", input=[[1], [2]]) == "[[1],[2]]"
    assert cell("input[1].x", input=[1, {"x": 2}]) == "2"


def test_a_redacted_value_shows_its_marker():
    assert cell("message", message=MARKER).startswith('{"$redacted"')


def test_the_default_fields_are_fields():
    assert [column.name for column in parse_columns()] == list(DEFAULT_COLUMNS)


@pytest.mark.parametrize(
    ("names", "code", "hint"),
    [
        (["actro"], "unknown_field", "did you mean actor?"),
        (["text"], "unknown_field", ""),
        (["actor.x.y"], "unknown_field", ""),
        (["input[x]"], "bad_fields", ""),
        ([], "bad_fields", ""),
        (["actor", "actor"], "bad_fields", ""),
        ([f"labels.k{n}" for n in range(MOST_COLUMNS + 1)], "bad_fields", ""),
    ],
)
def test_a_wrong_choice_of_fields_is_refused(names, code, hint):
    with pytest.raises(InvalidInput) as refused:
        parse_columns(names)
    assert refused.value.code == code
    assert hint in refused.value.hint


@pytest.mark.parametrize("key", ['a"b', "a\\\\b", "a.b", "a b", "team"])
def test_a_label_is_a_column_by_the_name_that_a_query_spells(key):
    assert cell(spell_name(BY_NAME["labels"], (key,)), labels={key: "x"}) == "x"


def test_the_heading_comes_before_any_row_is_asked_for():
    def batches():
        raise AssertionError("asked")
        yield

    assert next(csv_table(batches(), parse_columns(["index"]))) == b"index\r\n"


def test_a_large_table_comes_in_pieces():
    pieces = list(csv_table([[row(view(0, message="x" * 1000))] * 500], parse_columns(["message"])))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 70_000


def test_the_id_of_a_target_is_a_column_of_its_own():
    seen = row(view(targets=[{"type": "order", "id": "42"}, {"id": "7"}, {"name": "x"}]))
    columns = parse_columns(["target", "target.id"])
    text = b"".join(csv_table([[seen]], columns)).decode()
    assert text.splitlines()[1] == '"[""order/42"",""7""]","[""42"",""7""]"'


@pytest.mark.parametrize("names", [["", "", ""], ["actor", ""], [""]])
def test_an_empty_name_of_a_field_is_called_that(names):
    with pytest.raises(InvalidInput, match="name of a field is empty"):
        parse_columns(names)
