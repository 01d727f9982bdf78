"""Reports of the real tools into a real data directory: all formats, once, with the files themselves."""

import hashlib
import json

import pytest
from tests.support.cli_run import CommandLine
from tests.support.report_files import VERDICTS, run_pytest

from graven.cli.access.local import LocalAccess

pytestmark = pytest.mark.slow

FLAGS = ("--junitxml=junit.xml", "--ctrf", "ctrf.json", "--alluredir=allure", "--report-log=log.jsonl")
FORMATS = {"junit.xml": "junit", "ctrf.json": "ctrf", "allure": "allure", "log.jsonl": "reportlog"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    return run_pytest(tmp_path_factory.mktemp("reports"), *FLAGS)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A data directory into which every report is imported, twice."""
    made = CommandLine.at(tmp_path_factory.mktemp("imports"))
    made.must("log", "create", "extra", "--data", "graven-data")
    return made


@pytest.fixture(scope="module", params=FORMATS)
def imported(request, line, reports):
    """(format, answers of the first and the second import, the events of the first)."""
    arguments = ("import", reports / request.param, "--run", request.param, "--data", "graven-data", "--json")
    answers = [json.loads(line.must(*arguments).text)["files"][0] for _ in range(2)]
    first, count = answers[0]["first"], answers[0]["recorded"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(line.home / "state"))
        with LocalAccess(line.home / "graven-data") as access:
            entries = list(access.entries("default", first, first + count))
    return FORMATS[request.param], answers, [json.loads(entry)["data"] for entry in entries]


def cases(events):
    return [event for event in events if event["action"] == "test.case.finish"]


def test_the_format_is_recognised_and_all_of_it_read(imported):
    kind, (first, _), _ = imported
    assert (first["format"], first["unreadable"]) == (kind, [])


def test_a_second_import_records_nothing(imported):
    _, (first, again), _ = imported
    assert first["recorded"] > len(VERDICTS)
    assert (again["recorded"], again["known"]) == (0, first["recorded"])


def test_every_test_has_its_verdict(imported):
    _, _, events = imported
    found = {
        name: event["qa"]["status"]
        for event in cases(events)
        for name in VERDICTS
        if event["qa"]["test"].endswith(name)
    }
    assert found == VERDICTS
    assert len(cases(events)) == len(VERDICTS)


def test_the_run_is_named_and_the_failure_says_why(imported):
    kind, _, events = imported
    assert {event["qa"]["run"] for event in events} <= set(FORMATS)
    (failed,) = [event for event in cases(events) if event["qa"]["status"] == "failed"]
    assert "assert 4 == 3" in failed["error"]["message"]
    assert failed["outcome"] == "failure"
    assert kind == "junit" or failed["duration_ns"] >= 0


def test_each_suite_has_an_event_with_counts(imported):
    _, _, events = imported
    counts = [event["attributes"]["counts"] for event in events if event["action"] == "test.suite.finish"]
    assert sum(sum(count.values()) for count in counts) == len(VERDICTS)


def test_the_file_itself_is_kept_and_can_be_read_back(imported, line, reports):
    kind, _, events = imported
    (report,) = [event for event in events if event["action"] == "test.report.import"]
    files = {file["name"]: file for file in report["attachments"]}
    (name,) = [name for name, found in FORMATS.items() if found == kind]
    folder = reports / name if kind == "allure" else reports
    expected = [path for path in folder.iterdir() if path.suffix == ".json"] if kind == "allure" else [reports / name]
    assert set(files) == {path.name for path in expected}
    for path in expected:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert files[path.name]["digest"] == f"sha256:{digest}"
        assert (line.home / "graven-data/blobs/sha256" / digest[:2] / digest[2:4] / digest).read_bytes() == (
            path.read_bytes()
        )


def test_the_log_verifies_with_its_blobs(imported, line):
    line.must("verify", "graven-data")


@pytest.mark.parametrize("imported", ["allure"], indirect=True)
def test_allure_steps_labels_links_and_attachments_are_kept(imported):
    _, _, events = imported
    (total,) = [event for event in cases(events) if event["qa"]["test"].endswith("test_total[eur-3]")]
    (step,) = total["attributes"]["steps"]
    (inner,) = step["steps"]
    assert (step["name"], inner["name"], step["status"]) == ("add", "inner", "passed")
    assert total["attributes"]["labels"]["owner"] == ["ann"]
    assert total["attributes"]["labels"]["severity"] == ["critical"]
    assert total["attributes"]["labels"]["tag"] == ["smoke"]
    assert total["attributes"]["links"][0]["url"] == "https://bugs.example/1"
    assert total["input"]["params"] == {"currency": "'eur'", "count": "3"}
    note = hashlib.sha256(b"hello").hexdigest()
    assert inner["attachments"] == [f"sha256:{note}"]
    assert {"digest": f"sha256:{note}", "size": 5, "name": "note", "media_type": "text/plain"} in total["attachments"]


def test_it_names_the_run_and_says_how_another_build_becomes_another_one(line, reports):
    unnamed = line.must("import", reports / "junit.xml", "--data", "graven-data")
    assert "graven run show junit --data graven-data" in unnamed.text
    assert "--run NAME" in unnamed.err
    named = line.must("import", reports / "junit.xml", "--run", "ci-9", "--data", "graven-data")
    assert "graven run show ci-9 --data graven-data" in named.text
    assert "--run NAME" not in named.err
