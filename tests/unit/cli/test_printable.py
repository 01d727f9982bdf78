import json

import pytest

from graven.cli.entry_reading import render as render_entry
from graven.cli.printable import printable
from graven.cli.problems import problem_text
from graven.cli.verdict import render as render_report
from graven.cli.view import view_of
from graven.errors import CouldNotCheck
from graven.verify.report import Finding, Kind, Report

WIPE = "\x1b[2J\x9b1;32m\u202efine"
SHOWN = "\\u001b[2J\\u009b1;32m\\u202efine"


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("text", ["plain", "tab\tand\nline", "über 漢字 😀", "— o/x c2ln"])
def test_ordinary_text_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize("text", ["\x1b", "\r", "\x00", "\x7f", "\x9b", "\u202e", "\u2066", "\udc80"])
def test_what_acts_on_a_terminal_is_spelled_out(text):
    assert printable(f"a{text}b") == f"a\\u{ord(text):04x}b"


def test_a_finding_cannot_wipe_itself_off_the_screen():
    found = Finding(kind=Kind.TAMPERED, code="unexpected_file", message=WIPE, path=f"tile/{WIPE}", evidence=(WIPE,))
    report = Report(target=WIPE, origin=WIPE)
    report.extend([found])
    text = render_report(report)
    assert not {"\x1b", "\x9b", "\u202e"} & set(text)
    assert text.count(SHOWN) == 5


def test_an_entry_cannot_draw_over_its_own_view():
    data = {"action": WIPE, "actor": {"id": WIPE}, "message": WIPE, "input": {"\x9b": WIPE}}
    entry = {"v": 1, "id": WIPE, "source": WIPE, "format": "event/1", "data": data}
    text = render_entry(0, json.loads(json.dumps(entry)), view_of(entry))
    assert not {"\x1b", "\x9b", "\u202e"} & set(text)


def test_an_error_shows_what_a_server_said_and_does_not_act_on_it():
    assert SHOWN in problem_text(CouldNotCheck(WIPE))
