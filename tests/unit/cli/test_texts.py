"""Arguments that a locale could not read; `\\udcff` is how Python hands over the byte 0xff."""

import sys

import pytest
from tests.support.cli_run import CommandLine

from graven.cli import texts
from graven.cli.main import run

ODD = "caf\udcff"
TEXTS = {
    "a query": ["search", ODD],
    "a query of an export": ["export", "-q", ODD],
    "fields": ["search", "--fields", ODD],
    "a template": ["search", "--template", f"{{actor}} {ODD}"],
    "a time": ["search", "--since", ODD],
    "a log": ["search", "--log", ODD],
    "a token": ["search", "--token", ODD, "--server", "http://127.0.0.1:1"],
    "an event": ["record", "--action", ODD, "--actor", "x"],
    "one of several labels": ["record", "--action", "a", "--label", "k=v", "--label", f"k={ODD}"],
    "a test": ["test", "history", ODD],
    "what to open": ["open", ODD],
    "the query of an alert": ["alert", "set", "x", "--query", ODD],
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_not_utf_8_is_a_usage_error(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(TEXTS[name]) == 2
    said = capsys.readouterr().err
    assert "is not UTF-8: b'" in said
    assert "why: byte " in said


def test_the_message_names_the_option_and_the_bytes(capsys):
    assert run(["export", "-q", ODD]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --query is not UTF-8: b'caf\\xff'\n  why: byte 3 is 0xff\n  try: texts are UTF-8"
    )


def test_utf_8_is_read_whatever_the_locale(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(texts.os, "fsencode", lambda text: text.encode("ascii", "surrogateescape"))
    data = ["--data", str(tmp_path / "d")]
    assert run(["log", "create", "default", *data]) == 0
    assert run(["record", "--action", "naïve", "--actor", "zoë", *data]) == 0
    assert run(["search", "actor:zo\udcc3\udcab", *data]) == 0
    assert "naïve" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems hold names in UTF-8 only")
def test_a_path_is_bytes(tmp_path):
    home = CommandLine.at(tmp_path)
    home.must("log", "create", "default", "--data", ODD)
    home.must("record", "--action", "a", "--actor", "b", "--data", ODD)
    home.must("export", "-o", f"{ODD}.ndjson", "--data", ODD)
    home.must("verify", f"./{ODD}")
    assert (tmp_path / f"{ODD}.ndjson").exists()
