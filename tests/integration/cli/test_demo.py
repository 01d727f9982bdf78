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


def test_the_demo_leaves_nothing_behind(tmp_path):
    CommandLine.at(tmp_path, TMPDIR=str(tmp_path)).run("demo", "--json")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("graven-demo-")] == []


def test_piped_output_is_plain_text(tmp_path):
    line = CommandLine.at(tmp_path, TMPDIR=str(tmp_path))
    del line.environ["NO_COLOR"]
    ran = line.run("demo")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.text
