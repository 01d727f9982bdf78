import io
import itertools
import json
import os
import pty
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cli_run import CommandLine

from graven.cli.printable import printable
from graven.cli.shown_bytes import stdout_bytes

ACTIVE = "\x1b]0;pwn\x07\x1b[31mRED\x9b31m\u202e"
EVENT = {"action": "a", "actor": {"id": "x"}, "message": ACTIVE, "outcome": "success"}
COMMANDS = [
    ["export"],
    ["export", "-q", "outcome:success"],
    ["export", "-q", "outcome:success", "--format", "csv", "--fields", "actor,message"],
    ["export", "-q", "outcome:success", "--format", "ocsf"],
    ["search", "--json"],
    ["search", "--json", "--fields", "message,action"],
    ["show", "0", "--raw"],
    ["show", "0", "--json"],
]


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """The command line with an event that would act on a terminal."""
    line = CommandLine.at(tmp_path_factory.mktemp("shown"), GRAVEN_DATA="d", PYTHONUTF8="1")
    line.must("log", "create", "other", "--data", "d")
    line.must("record", "-", stdin=json.dumps(EVENT, ensure_ascii=False).encode())
    return line


def shown_on_a_terminal(line, arguments):
    """What a terminal gets of both streams."""
    master, slave = pty.openpty()
    with open(master, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "graven", *arguments],
            cwd=line.home, env=line.environ, stdin=slave, stdout=slave, stderr=slave,
        )  # fmt: skip
        os.close(slave)
        shown = b""
        try:
            while piece := terminal.read(4096):
                shown += piece
        except OSError:  # how Linux says that the other side is closed
            pass
        assert process.wait(60) == 0, shown
    return shown.decode()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_an_escape_on_record_does_nothing_to_a_terminal(line, arguments):
    shown = shown_on_a_terminal(line, arguments)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
    assert "RED\\u009b31m\\u202e" in shown
    assert "\\u000d" not in shown


def test_a_pipe_gets_the_bytes_as_they_are(line):
    csv = line.must("export", "-q", "*", "--format", "csv", "--fields", "actor,message").out
    assert ACTIVE.encode() in csv
    assert csv.endswith(b"\r\n")
    assert "\x9b31m\u202e".encode() in line.must("export").out


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, pieces):
    terminal = Terminal(newline="")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        out = stdout_bytes()
        for piece in pieces:
            out.write(piece)
        out.flush()
    return terminal.getvalue()


@given(
    text=st.text(alphabet=["a", "é", "😀", "\r", "\n", "\x1b", "\x9b"], max_size=12), cuts=st.sets(st.integers(0, 40))
)
def test_any_cutting_of_the_bytes_shows_the_same(text, cuts):
    content = text.encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(content)), len(content)]
    pieces = [content[start:stop] for start, stop in itertools.pairwise(edges)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert shown(monkeypatch, pieces) == printable(text.replace("\r\n", "\n"))


def test_bytes_that_are_no_text_are_shown_as_escapes(monkeypatch):
    assert shown(monkeypatch, [b"a\xff", b"\xe2\x82"]) == "a\\xff\\xe2\\x82"
