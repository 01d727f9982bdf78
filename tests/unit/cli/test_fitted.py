import pytest
from rich.cells import cell_len

from graven.cli.fitted import Cell, FittedTable, room


def cells(*texts):
    return [Cell(text) for text in texts]


@pytest.mark.parametrize("width", [30, 40, 60, 100])
def test_no_line_is_wider_than_the_terminal(width):
    table = FittedTable(["INDEX", "WHO", "SAID"], width=width, fixed=frozenset({0}))
    rows = [cells("12345", "somebody with a long name", "x" * 200), cells("1", "日本語ユーザー" * 9, "日本語" * 90)]
    assert all(cell_len(line) <= width for line in table.lines(rows))
    assert cell_len(table.heading()) <= width


def test_what_is_fixed_is_never_cut_and_what_is_cut_says_so():
    table = FittedTable(["A", "B"], width=20, fixed=frozenset({0}))
    (line,) = table.lines([cells("123456789012", "abcdefghijkl")])
    assert line == "123456789012  abcde…"


def test_a_long_text_gives_way_before_short_names_do():
    table = FittedTable(["WHO", "TARGET", "SAID"], width=50)
    (line,) = table.lines([cells("svc-billing", "order/42", "x" * 300)])
    assert line.startswith("svc-billing  order/42  xxx")


def test_in_a_pipe_nothing_is_cut():
    (line,) = FittedTable(["A", "B"], width=None).lines([cells("a" * 300, "b" * 300)])
    assert line == "a" * 300 + "  " + "b" * 300


def test_columns_stay_where_they_were_for_later_rows():
    table = FittedTable(["A", "B"], width=None)
    table.lines([cells("long name", "x")])
    assert table.lines([cells("a", "y")]) == ["a          y"]


def test_colours_do_not_count_as_width(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    (line,) = FittedTable(["A", "B"], width=40).lines([[Cell("failure", "red"), Cell("x")]])
    assert line == "\x1b[31mfailure\x1b[0m  x"


def test_the_room_of_a_pipe_is_open_unless_columns_say_otherwise(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert room() is None, "a test's output is no terminal"
    monkeypatch.setenv("COLUMNS", "72")
    assert room() == 72
