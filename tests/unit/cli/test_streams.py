import io
import json
import os
import sys

import pytest
from tests.support.cli_run import CommandLine

from graven.cli.main import run

EVENT = {"action": "naïve", "actor": {"id": "zoë"}, "message": "😀"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data directory with an event that few encodings can spell."""
    home = tmp_path_factory.mktemp("streams")
    line = CommandLine.at(home)
    line.must("log", "create", "other", "--data", home / "d")
    line.must("record", "-", "--data", home / "d", stdin=json.dumps(EVENT, ensure_ascii=False).encode())
    return str(home / "d")


@pytest.fixture(params=["ascii", "latin-1"])
def ran(request, data, monkeypatch):
    """Runs a command whose standard streams have that encoding; gives its exit code and what it wrote."""

    def ran(*arguments):
        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch:
            patch.setenv("NO_COLOR", "1")
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=request.param, write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding=request.param, write_through=True))
            code = run([*arguments, "--data", data])
            return code, out.getvalue(), err.getvalue()

    return ran


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "--fields", "actor,action,message"],
        ["search", "--template", "{actor} {message}"],
        ["search", "--histogram", "--by", "actor"],
        ["search", "--by", "actor"],
        ["show", "0"],
        ["around", "0"],
    ],
    ids=" ".join,
)
def test_text_that_the_encoding_lacks_is_spelled_out(ran, arguments):
    code, out, _ = ran(*arguments)
    assert code == 0
    assert b"zo\\u00eb" in out or "zoë".encode("latin-1") in out


@pytest.mark.parametrize("arguments", [["search"], ["search", "--fields", "action,actor,message"], ["show", "0"]])
def test_json_stays_json_in_every_encoding(ran, arguments):
    code, out, _ = ran(*arguments, "--json")
    assert code == 0
    assert "naïve" in str(json.loads(out.decode("ascii")))
    assert "😀" in str(json.loads(out))


def test_an_error_as_json_stays_json_in_every_encoding(ran):
    code, _, err = ran("search", "--json", "--fields", "ï")
    assert code == 2
    assert "ï" in json.loads(err.decode("ascii"))["error"]["message"]


def test_an_export_is_the_same_bytes_in_every_encoding(ran):
    code, out, _ = ran("export", "-q", "*")
    assert code == 0
    assert "naïve".encode() in out


def test_a_proof_is_the_same_bytes_in_every_encoding(ran):
    code, out, _ = ran("prove", "0")
    assert code == 0
    assert "\n— ".encode() in out


def test_standard_output_that_is_closed_is_a_usage_error(monkeypatch, data, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["search", "--data", data]) == 2
    assert capsys.readouterr().err.startswith("error: standard output is closed\n")


def test_without_standard_input_and_error_a_command_still_answers(monkeypatch, data, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert run(["search", "--limit", "1", "--data", data]) == 0
    assert "naïve" in capsys.readouterr().out
    assert sys.stdin.read() == ""
    assert sys.stderr.name == os.devnull
    sys.stdin.close()
    sys.stderr.close()
