"""A folder of Allure results into a data directory: only its own regular files are opened."""

import json
import os

import pytest

from graven.cli.access.local import LocalAccess
from graven.cli.importing.allure_results import import_allure
from graven.cli.importing.report_files import Identity
from graven.cli.importing.result import FileResult
from graven.cli.progress import progress
from graven.errors import InvalidInput


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "allure"
    made.mkdir()
    return made


@pytest.fixture
def access(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with LocalAccess(tmp_path / "data") as opened:
        yield opened


def write(folder, name, **members):
    result = {"uuid": name, "name": "total", "fullName": "shop#total", "status": "passed", "start": 1, **members}
    (folder / f"{name}-result.json").write_text(json.dumps(result))


def imported(access, folder):
    """(result, events) of an import of all files."""
    result = FileResult(str(folder), "allure")
    start = access.size("default")
    with progress("x", quiet=True) as bar:
        import_allure(access, "default", folder, os.listdir(folder), result, identity=Identity("r"), keep=True, bar=bar)
    entries = access.entries("default", start, access.size("default"))
    return result, [json.loads(entry)["data"] for entry in entries]


def attached(source):
    return [{"name": "note", "source": source, "type": "text/plain"}]


def test_attempts_are_in_the_order_of_their_start_whatever_the_files_are_called(access, folder):
    write(folder, "a", historyId="h", start=2000, status="passed")
    write(folder, "b", historyId="h", start=1000, status="failed")
    _, events = imported(access, folder)
    cases = [event["qa"] for event in events if event["action"] == "test.case.finish"]
    assert [(qa.get("attempt", 1), qa["status"]) for qa in cases] == [(1, "failed"), (2, "passed")]


@pytest.mark.parametrize("source", ["../secret", "/etc/hostname", "link", "..", "", "a\0b", "fifo", "absent", "sub"])
def test_an_attachment_is_a_regular_file_of_the_folder_or_it_is_left_out_with_a_reason(access, folder, source):
    (folder.parent / "secret").write_text("secret")
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "fifo")
    write(folder, "a", attachments=attached(source))
    result, events = imported(access, folder)
    assert len(result.unreadable) == 1
    assert "attachments" not in events[0]


def test_a_bad_file_is_named_and_the_others_are_imported(access, folder):
    write(folder, "good")
    (folder / "bad-result.json").write_text('{"name":')
    (folder / "deep-result.json").write_text("[" * 100_000)
    (folder / "odd-container.json").write_text("7")
    result, events = imported(access, folder)
    assert {part["reason"].partition(":")[0] for part in result.unreadable} == {
        "bad-result.json",
        "deep-result.json",
        "odd-container.json",
    }
    assert events[0]["qa"]["test"] == "shop#total"


def test_steps_nested_a_thousand_deep_are_cut_and_counted(access, folder):
    step = {"name": "leaf"}
    for _ in range(40):
        step = {"name": "s", "steps": [step]}
    write(folder, "a", steps=[step])
    _, events = imported(access, folder)
    assert events[0]["attributes"]["steps_left_out"] == 1


def test_fixtures_of_containers_stand_with_the_tests_they_were_for(access, folder):
    write(folder, "a")
    container = {"uuid": "c", "children": ["a"], "befores": [{"name": "db", "status": "broken", "start": 1, "stop": 3}]}
    (folder / "c-container.json").write_text(json.dumps(container))
    _, events = imported(access, folder)
    fixture = {"when": "before", "name": "db", "status": "error", "duration_ns": 2_000_000}
    assert events[0]["attributes"]["fixtures"] == [fixture]


def test_masked_parameters_are_not_recorded(access, folder):
    write(folder, "a", parameters=[{"name": "password", "value": "hunter2", "mode": "masked"}])
    _, events = imported(access, folder)
    assert "hunter2" not in json.dumps(events)


def test_a_folder_without_a_readable_result_is_refused(access, folder):
    (folder / "bad-result.json").write_text("nonsense")
    with pytest.raises(InvalidInput, match="no Allure result"):
        imported(access, folder)
