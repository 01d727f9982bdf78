"""Reports that jest and vitest wrote, into a real data directory."""

import json

import pytest
from tests.support.cli_run import CommandLine
from tests.support.node_reports import JEST_VERDICTS, VITEST_VERDICTS, install_packages, run_jest, run_vitest

from graven.cli.access.local import LocalAccess

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    if reason := install_packages(folder):
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="module")
def jest(packages):
    return run_jest(packages)


@pytest.fixture(scope="module")
def vitest(packages):
    return run_vitest(packages)


@pytest.fixture
def imported(tmp_path):
    """path → events of its import; a second import has to add nothing."""
    line = CommandLine.at(tmp_path)
    line.must("log", "create", "extra", "--data", "graven-data")

    def run(path):
        arguments = ("import", path, "--run", "ci-1", "--source", "ci/shop", "--data", "graven-data", "--json")
        first, again = (json.loads(line.must(*arguments).text)["files"][0] for _ in range(2))
        assert (again["recorded"], again["known"], first["unreadable"]) == (0, first["recorded"], [])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(line.home / "state"))
            with LocalAccess(line.home / "graven-data") as access:
                entries = list(access.entries("default", first["first"], first["first"] + first["recorded"]))
        return [json.loads(entry)["data"] for entry in entries]

    return run


def cases(events):
    found = [event for event in events if event["action"] == "test.case.finish"]
    by_test = {event["qa"]["test"]: event for event in found}
    assert len(by_test) == len(found)
    return by_test


def statuses(found):
    return {test: event["qa"]["status"] for test, event in found.items()}


def test_ctrf_of_jest(jest, imported):
    found = cases(imported(jest / "ctrf-report.json"))
    assert statuses(found) == JEST_VERDICTS
    assert found["cart total of usd"]["qa"]["suite"] == "shop.test.js > cart > total"
    assert "Expected: 3\nReceived: 4" in found["cart total of usd"]["error"]["message"]
    assert found["cart throws"]["error"]["message"].startswith("TypeError: no cart & <nothing> else")


def test_a_test_of_jest_that_passed_at_its_second_attempt_is_attempt_two(jest, imported):
    once = cases(imported(jest / "ctrf-report.json"))["cart once"]
    assert (once["qa"]["attempt"], once["attributes"]["flaky"]) == (2, True)


def test_junit_of_jest(jest, imported):
    found = cases(imported(jest / "junit.xml"))
    assert statuses(found) == {**JEST_VERDICTS, "cart refunds": "passed"}  # jest-junit does not tell todos apart
    assert "Received: 4" in found["cart total of usd"]["error"]["message"]


def test_junit_of_vitest(vitest, imported):
    found = cases(imported(vitest / "junit.xml"))
    assert statuses(found) == {f"shop.test.mjs::{name}": status for name, status in VITEST_VERDICTS.items()}
    adds_up = found["shop.test.mjs::cart > total > adds up"]
    assert "said on stdout: grüße ☃" in adds_up["output"]["system_out"]
    assert "said on stderr" in adds_up["output"]["system_err"]
    assert adds_up["duration_ns"] > 0
    assert found["shop.test.mjs::cart > throws"]["error"]["type"] == "TypeError"


def test_ctrf_of_vitest(vitest, imported):
    found = cases(imported(vitest / "vitest-ctrf/report.json"))
    assert statuses(found) == {  # its reporter shows a nested describe as one test
        "total": "failed",
        "naïve ☃ <&\"'> name": "passed",
        "not today": "skipped",
        "refunds": "skipped",
        "once": "passed",
        "throws": "failed",
    }
    assert found["once"]["qa"]["attempt"] == 3  # and counts to the limit, not to the attempt that passed


def test_each_suite_of_jest_is_counted(jest, imported):
    suites = {
        event["qa"]["suite"]: event["attributes"]["counts"]
        for event in imported(jest / "ctrf-report.json")
        if event["action"] == "test.suite.finish"
    }
    assert suites == {
        "shop.test.js > cart": {"failed": 1, "passed": 2, "skipped": 2},
        "shop.test.js > cart > total": {"failed": 1, "passed": 2},
    }
