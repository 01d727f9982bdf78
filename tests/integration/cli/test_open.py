"""`graven open` and `run show --markdown` on what a real pytest recorded, and every command they print."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.pytest_plugin.project import Project
from tests.support.cli_run import CommandLine

SHOP = """
    import pytest

    @pytest.mark.parametrize("currency", ["eur", "it's"])
    def test_total(currency):
        assert {"amount": 6, "currency": currency} == {"amount": 6, "currency": "eur"}

    def test_good(): pass
"""
FAILING = "test_shop.py::test_total[it's]"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("recorded"))
    project.write(test_shop=SHOP)
    project.run(GRAVEN_RUN="ci-1", GRAVEN_SHARD="a")
    return project


@pytest.fixture
def line(recorded):
    made = CommandLine.at(recorded.folder)
    made.environ["XDG_STATE_HOME"] = str(recorded.state)
    made.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{made.environ['PATH']}"
    return made


def commands_in(text: str) -> list[str]:
    return [found.strip() for found in re.findall(r"^ +(graven .*)$", text, re.MULTILINE)]


def pasted(line, command):
    return subprocess.run(
        ["bash", "-c", command], cwd=line.home, env=line.environ, capture_output=True, timeout=120, check=False
    )


def test_without_a_name_the_newest_run_is_opened_with_its_failing_tests(line):
    text = line.must("open").text
    assert text.startswith("ci-1  complete  failed\n")
    assert FAILING in text
    assert "AssertionError" in text
    assert "test_good" not in text
    assert re.search(r"\.graven  log default, 5 entries\n    root \S{44}\n", text)


@pytest.mark.parametrize("what", [[], [FAILING], ["ci-1"], ["2"]])
def test_every_command_that_is_printed_works_when_pasted(line, what):
    commands = commands_in(line.must("open", *what).text)
    assert len(commands) >= 2
    for command in commands:
        ran = pasted(line, command)
        assert ran.returncode == 0, (command, ran.stderr)


def test_the_command_of_a_failing_test_shows_that_test(line):
    text = line.must("open").text
    command = next(command for command in commands_in(text) if " show " in command)
    assert FAILING.encode() in pasted(line, command).stdout


def test_the_commands_work_where_another_log_is_the_default_of_the_shell(line):
    line.environ["GRAVEN_LOG"] = "ci"
    text = line.must("open", "--log", "default").text
    assert [pasted(line, command).returncode for command in commands_in(text)] == [0, 0, 0]


def test_a_test_is_opened_with_its_place_parameters_and_both_sides(line):
    text = line.must("open", FAILING).text
    assert "at test_shop.py:6\n" in text
    assert 'with currency = "it\'s"\n' in text
    assert 'left  {"amount":6,"currency":"it\'s"}\n' in text
    assert '==    {"amount":6,"currency":"eur"}\n' in text


def test_an_event_is_opened_by_its_id_and_by_its_index(line, recorded):
    entry = recorded.entries()[2]
    for word in ("2", entry["id"]):
        answer = json.loads(line.must("open", word, "--json").out)
        assert (answer["kind"], answer["index"], answer["entry"]["id"]) == ("entry", 2, entry["id"])


@pytest.mark.parametrize(("word", "kind"), [("last", "run"), ("ci-1", "run"), (FAILING, "test")])
def test_json_says_what_was_meant(line, word, kind):
    assert json.loads(line.must("open", word, "--json").out)["kind"] == kind


def test_a_name_of_nothing_is_answered_with_near_ones(line):
    ran = line.run("open", "test_shop.py::test_totl[eur]")
    assert ran.code == 5
    assert "did you mean test_shop.py::test_total" in ran.err


def test_a_number_beyond_the_log_says_which_is_the_last(line):
    ran = line.run("open", "99")
    assert ran.code == 5
    assert "the last entry is 4" in ran.err


def test_where_nothing_is_recorded_it_says_how_to(tmp_path):
    ran = CommandLine.at(tmp_path).run("open")
    assert ran.code == 2
    assert "pytest --graven" in ran.err


def test_what_waits_in_a_spool_is_not_called_nothing(tmp_path):
    (tmp_path / ".graven" / "spool").mkdir(parents=True)
    (tmp_path / ".graven" / "spool" / "a.ndjson").touch()
    assert "waits in .graven/spool" in CommandLine.at(tmp_path).run("open").err


def test_a_log_without_runs_says_how_to_record_one(offline):
    ran = offline.run("open")
    assert ran.code == 5
    assert "pytest --graven" in ran.err


def test_the_run_of_a_server_is_opened_and_its_commands_work_without_flags(online, tmp_path):
    project = Project(tmp_path)
    project.write(test_shop=SHOP)
    told = {name: online.environ[name] for name in ("GRAVEN_SERVER", "GRAVEN_TOKEN")}
    said = project.run(GRAVEN_RUN="served", **told).stdout
    online.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{online.environ['PATH']}"
    text = online.must("open", "served").text
    printed = [line.partition(": graven ")[2] for line in said.splitlines() if line.startswith("event ")]
    last = next(line for line in said.splitlines() if line.startswith("run served: "))
    both = [*commands_in(text), f"graven {printed[0]}", *(part for part in last.split(" · ") if "graven " in part[:8])]
    assert len(both) == 6
    for command in both:
        ran = pasted(online, command)
        assert ran.returncode == 0, (command, ran.stderr)
    assert re.search(r"run served: 5 events for http://\S+ · log default has \d+, root \S{44} · ", last)


def test_the_page_for_a_job_has_the_values_and_commands_that_work(line):
    page = line.must("run", "show", "last", "--markdown", "--data", ".graven").text
    assert page.startswith("## ❌ failed: 2 passed, 1 failed\n")
    assert '-  "currency": "it\'s"' in page
    block = page.rpartition("```sh\n")[2].partition("```")[0]
    for command in block.splitlines():
        assert shlex.split(command)[0] == "graven"
        assert pasted(line, command).returncode == 0


def test_what_a_killed_session_left_is_told_beside_the_newest_run(line):
    left = line.home / ".graven" / "spool" / "left.ndjson"
    left.touch()
    ran = line.run("open")
    left.unlink()
    assert ran.code == 0
    assert "not in the log yet: 1 file in .graven/spool" in ran.err


def test_a_part_of_a_name_is_enough_unless_several_have_it(line):
    assert "test_good" in line.must("open", "good").text
    assert line.must("test", "history", "it's", "--data", ".graven").err == f"of {FAILING}\n"
    refused = line.run("open", "test_total")
    assert refused.code != 0
    assert FAILING in refused.err
