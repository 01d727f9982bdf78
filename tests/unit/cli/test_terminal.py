import io

import pytest

from graven.cli import progress as progress_module
from graven.cli import terminal
from graven.cli.progress import Progress


class Tty(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_colours(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.paint("x", "red", stream=Tty()) == "\x1b[31mx\x1b[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_left_out_when_they_are_not_wanted(monkeypatch, name, value):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv(name, value)
    assert terminal.paint("x", "red", stream=Tty()) == "x"


def test_a_pipe_gets_no_colours(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert terminal.paint("x", "red", stream=io.StringIO()) == "x"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (12345, "12,345 entries")]
)
def test_counts_are_spelt(count, text):
    assert terminal.plural(count, "entry") == text


@pytest.mark.parametrize(("count", "text"), [(1, "1 match"), (2, "2 matches"), (0, "0 matches")])
def test_matches_are_spelt(count, text):
    assert terminal.plural(count, "match") == text


def test_a_table_is_aligned(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.table(["A", "LONG"], [["xxx", "y"]]) == "A    LONG\nxxx  y"


def test_long_words_are_never_broken():
    word = "h" * 200
    assert word in terminal.wrap(f"a {word} b")


def bar(monkeypatch, times):
    opened = []
    monkeypatch.setattr(Progress, "_open", lambda self: opened.append(True) or setattr(self, "_bar", Bar()))
    return Progress("work", shown=True, clock=iter(times).__next__), opened


class Bar:
    def update(self, task, **values):
        self.values = values

    def stop(self):
        pass


def test_no_bar_is_shown_within_the_first_second(monkeypatch):
    shown, opened = bar(monkeypatch, [0.0, 0.5, 0.9])
    shown.update(1)
    shown.update(2)
    assert opened == []


def test_a_bar_is_shown_after_a_second(monkeypatch):
    shown, opened = bar(monkeypatch, [0.0, progress_module.PATIENCE_S])
    shown.update(1, 10)
    assert opened == [True]


def test_a_hidden_bar_never_opens(monkeypatch):
    shown = Progress("work", shown=False, clock=iter([0.0]).__next__)
    shown.update(1)
    shown.close()


def test_a_cell_of_a_table_does_nothing_to_the_terminal():
    assert terminal.table(["A", "B"], [["\x1b[2J", "x\ny"]]).splitlines()[1] == "\\u001b[2J  x\\ny"
