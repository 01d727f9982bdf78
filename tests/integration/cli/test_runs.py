"""`graven runs`, `run show` and `test history` on a real data directory and beside a real server."""

import json

import pytest
from tests.support.run_events import case, finish, start

EVENTS = [
    start("ci-1", commit="c0ffee", branch="main"),
    case("ci-1", "total", "failed", error={"type": "AssertionError", "message": "1 != 2\nmore"}),
    case("ci-1", "other"),
    finish("ci-1", "failed"),
    start("ci-2", branch="topic"),
    case("ci-2", "total"),
    case("ci-2", "other", suite="api"),
]


@pytest.fixture(scope="module", params=["directory", "server"])
def line(request, tmp_path_factory):
    if request.param == "server":
        made = request.getfixturevalue("online")
    else:
        from tests.support.cli_run import CommandLine

        made = CommandLine.at(tmp_path_factory.mktemp("offline"), GRAVEN_DATA="graven-data")
        made.must("log", "create", "extra")
    for name in ("runs", "plain"):
        made.must("log", "create", name)
    body = "\n".join(json.dumps(event) for event in EVENTS).encode()
    made.must("record", "-", "--log", "runs", "--wait", stdin=body)
    return made


def test_runs_are_listed_newest_first(line):
    rows = line.must("runs", "--log", "runs").text.splitlines()
    assert [row.split()[:3] for row in rows[1:]] == [["ci-2", "open", "unknown"], ["ci-1", "complete", "failed"]]


def test_runs_can_be_chosen_by_branch_and_state(line):
    for flags in (["--branch", "main"], ["--state", "complete"]):
        found = json.loads(line.must("runs", "--log", "runs", "--json", *flags).out)
        assert [run["run"] for run in found] == ["ci-1"]


def test_a_log_without_runs_says_how_to_record_one(line):
    ran = line.run("runs", "--log", "plain")
    assert ran.code == 5
    assert "no runs yet" in ran.err
    assert "import report.xml --log plain" in ran.err


def test_a_run_shows_its_failing_test_first_with_error_line_and_entry(line):
    text = line.must("run", "show", "ci-1", "--log", "runs").text
    assert "attempt 1, entry 1: AssertionError: 1 != 2\n" in text
    assert text.index("shop::total") < text.index("shop::other")
    assert "shop::other" not in line.must("run", "show", "ci-1", "--failed", "--log", "runs").text


def test_last_is_the_run_that_began_last(line):
    assert json.loads(line.must("run", "show", "last", "--log", "runs", "--json").out)["run"]["run"] == "ci-2"


def test_an_unknown_run_is_answered_with_near_names(line):
    ran = line.run("run", "show", "ci-3", "--log", "runs")
    assert ran.code == 5
    assert "did you mean ci-" in ran.err


def test_the_history_of_a_test_is_newest_first(line):
    rows = line.must("test", "history", "total", "--log", "runs").text.splitlines()
    assert [row.split()[:2] for row in rows[1:]] == [["ci-2", "passed"], ["ci-1", "failed"]]


def test_an_ambiguous_test_is_refused_with_all_that_are_meant(line):
    ran = line.run("test", "history", "other", "--log", "runs")
    assert ran.code != 0
    assert "api::other, shop::other" in ran.err
