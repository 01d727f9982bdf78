"""Values as text."""

import pytest

from graven.cli.shortened import cut_to, labelled, one_line


def test_a_value_is_one_line_that_does_nothing_to_the_terminal():
    assert one_line("a\nb\x1b[2J") == "a\\nb\\u001b[2J"
    assert one_line({"ü": [1, None]}) == '{"ü": [1, null]}'


@pytest.mark.parametrize("text", ["x" * 500, "word " * 100])
def test_what_is_cut_says_how_long_it_is_and_keeps_within_its_room(text):
    pieces = cut_to(text, 40, 2)
    assert len(pieces) == 2
    assert all(len(piece) <= 40 for piece in pieces)
    assert pieces[1].endswith("… (500 characters)")


def test_what_fits_is_not_cut():
    assert cut_to("x" * 80, 40, 2) == ["x" * 40, "x" * 40]


def test_without_a_bound_all_of_it_is_there():
    assert "".join(cut_to("x" * 500, 40, None)) == "x" * 500


def test_json_in_full_has_a_line_for_each_member(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert labelled("in", {"a": 1}, "  ", lines=None) == ["  in", "    {", '      "a": 1', "    }"]
