"""The demonstration, whole: it is the first thing a newcomer sees, so it may not rot."""

import json

import pytest
from tests.support.cli_run import CommandLine

pytestmark = pytest.mark.slow


def test_the_demo_finds_every_attack_and_ends_by_itself(tmp_path):
    ran = CommandLine.at(tmp_path, TMPDIR=str(tmp_path)).run("demo", "--json")
    told = json.loads(ran.text)
    assert ran.code == 0, (told, ran.err)
    assert told["ok"]
    texts = " ".join(fact["text"] for fact in told["facts"])
    assert "is named" in texts
    assert "the anchored checkpoint convicts it" in texts
    assert "one timeline: what the test sent and got, the shop's request, its SQL with rows, and its order" in texts


def test_the_demo_leaves_nothing_behind(tmp_path):
    CommandLine.at(tmp_path, TMPDIR=str(tmp_path)).run("demo", "--json")
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
