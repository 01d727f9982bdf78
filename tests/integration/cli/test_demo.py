"""The demonstration, whole: it is the first thing a newcomer sees, so it may not rot."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import httpx
import pytest
from tests.support.cli_run import CommandLine

pytestmark = pytest.mark.slow


def test_the_demo_finds_every_attack_ends_by_itself_and_leaves_nothing_behind(tmp_path):
    ran = CommandLine.at(tmp_path, TMPDIR=str(tmp_path)).run("demo", "--json")
    told = json.loads(ran.text)
    assert ran.code == 0, (told, ran.err)
    assert told["ok"]
    texts = " ".join(fact["text"] for fact in told["facts"])
    assert "is named" in texts
    assert "the anchored checkpoint convicts it" in texts
    assert "one timeline: what the test sent and got, the shop's request, its SQL with rows, and its order" in texts
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("graven-demo-")] == []


def test_piped_output_is_plain_text(tmp_path):
    line = CommandLine.at(tmp_path, TMPDIR=str(tmp_path))
    del line.environ["NO_COLOR"]
    ran = line.run("demo")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.text
    rows = [row.strip() for row in ran.text.splitlines()]
    cause = next(at for at, row in enumerate(rows) if "select max(percent) from discounts" in row)
    assert {"with  [10]", "rows  [[null]]"} <= set(rows[cause : cause + 4])


def test_without_pytest_the_demo_says_so_and_shows_the_rest(tmp_path):
    line = CommandLine.at(tmp_path, TMPDIR=str(tmp_path))
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(
        "import importlib.util as u\nf = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'pytest' else f(name, package)\n"
    )
    line.environ["PYTHONPATH"] = f"{tmp_path / 'hidden'}:{line.environ.get('PYTHONPATH', '')}"
    ran = line.run("demo")
    assert ran.code == 0, ran.err
    assert "pytest is not installed, so no test suite was run (pip install pytest)" in ran.text
    assert "Ask why a test failed" not in ran.text


def test_in_a_terminal_the_browser_ui_stays_up_until_ctrl_c(tmp_path):
    line = CommandLine.at(tmp_path, TMPDIR=str(tmp_path))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "graven", "demo"]
    with subprocess.Popen(command, cwd=tmp_path, env=line.environ, stdin=theirs, stdout=theirs) as demo:
        os.close(theirs)
        said = b""
        while b"Ctrl-C ends it" not in said:
            said += os.read(ours, 65_536)
        address, code = re.findall(r"open (http://[^/\s]+)/#login=(\S+)", said.decode())[-1]
        opened = httpx.post(f"{address}/v1/login", json={"code": code}, headers={"X-Graven": "1"}, trust_env=False)
        assert opened.status_code == 200, opened.text
        assert "graven search outcome:failure" in said.decode()
        assert "graven tail" in said.decode()
        cookies = {"cookies": opened.cookies, "trust_env": False}
        corrected = httpx.get(f"{address}/v1/logs/default/events", params={"q": "action:order.correct"}, **cookies)
        failed = httpx.get(f"{address}/v1/logs/default/events", params={"q": "outcome:failure"}, **cookies)
        assert failed.json()["events"], "what is suggested finds something"
        (row,) = corrected.json()["events"]
        assert (row["actor"]["id"], row["targets"][0]["type"]) == ("dana", "order")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=60) == 0
    os.close(ours)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("graven-demo-")] == []
