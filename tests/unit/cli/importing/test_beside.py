"""Files that a CTRF report names: those in its folder become blobs, whatever else it names stays closed."""

import hashlib
import json
import os

import pytest

from graven.cli.access.local import LocalAccess
from graven.cli.commands.import_ import import_file
from graven.cli.importing import beside
from graven.cli.importing.json_files import SeenIds
from graven.cli.progress import progress
from graven.server.settings import LimitSettings

PICTURE = b"\x89PNG picture"


@pytest.fixture
def access(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with LocalAccess(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "reports"
    (made / "shots").mkdir(parents=True)
    (made / "shots/cart.png").write_bytes(PICTURE)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (made / "link").symlink_to(tmp_path / "secret")
    (made / "way").symlink_to(tmp_path / "outside")
    os.mkfifo(made / "fifo")
    return made


def imported(access, folder, *paths, **options):
    """(result, case events) of a report whose tests name these files, one each."""
    tests = [
        {
            "name": f"t{at}",
            "status": "passed",
            "attachments": [{"name": "shot", "contentType": "image/png", "path": path}],
        }
        for at, path in enumerate(paths)
    ]
    report = folder / "ctrf.json"
    report.write_text(json.dumps({"reportFormat": "CTRF", "results": {"tests": tests}}))
    start = access.size("default")
    with progress("x", quiet=True) as bar:
        result = import_file(
            access, "default", report, forced=None, source="s", run="r", bar=bar, seen=SeenIds(), **options
        )
    events = [json.loads(entry)["data"] for entry in access.entries("default", start, access.size("default"))]
    return result, [event for event in events if event["action"] == "test.case.finish"]


@pytest.mark.parametrize(
    "spelling", ["shots/cart.png", "./shots/cart.png", "shots\\cart.png", "{folder}/shots/cart.png"]
)
def test_a_file_below_the_report_becomes_a_blob_with_its_name_and_type(access, folder, spelling):
    result, (case,) = imported(access, folder, spelling.format(folder=folder))
    digest = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
    assert case["attachments"] == [{"name": "shot", "media_type": "image/png", "digest": digest, "size": 12}]
    assert access.blob("default", digest) == PICTURE
    assert result.unreadable == []
    assert "files" not in case.get("attributes", {})


@pytest.mark.parametrize(
    "path",
    [
        "../secret", "shots/../../secret", "{folder}/../secret", "/etc/hostname", "link", "way/secret", "fifo", "shots",
        "absent.png", "a\0b", "shots//cart.png", ".", "..", "C:\\secret", "x" * 5000, "ctrf.json/x",
    ],
)  # fmt: skip
def test_any_other_path_opens_nothing_and_is_listed_with_its_reason(access, folder, path):
    result, (case,) = imported(access, folder, path.format(folder=folder))
    assert len(result.unreadable) == 1
    assert "file" in result.unreadable[0]["reason"] or "cannot be read" in result.unreadable[0]["reason"]
    assert "attachments" not in case
    assert case["attributes"]["files"][0]["name"] == "shot"


def test_a_path_outside_is_named_as_the_report_spells_it(access, folder):
    result, _ = imported(access, folder, "/nowhere/shot.png")
    assert result.unreadable[0]["reason"] == "/nowhere/shot.png: no path of a file in the folder of the report"


def test_another_folder_may_be_named_for_them(access, folder, tmp_path):
    _, (case,) = imported(access, folder, "secret", attachments=tmp_path / "outside")
    assert case["attachments"][0]["size"] == 6


def test_a_file_named_by_many_tests_is_read_once(access, folder, monkeypatch):
    opened = []
    monkeypatch.setattr(beside, "open_beside", lambda at, path: opened.append(path) or "told once")
    result, cases = imported(access, folder, *["shots/cart.png"] * 5)
    assert (len(cases), opened, len(result.unreadable)) == (5, ["shots/cart.png"], 1)


def test_a_file_above_the_limit_is_listed_and_the_test_imported(access, folder, monkeypatch):
    monkeypatch.setattr("graven.cli.access.local.LimitSettings", lambda: LimitSettings(blob_bytes=64))
    (folder / "big.bin").write_bytes(b"x" * 100)
    result, (case,) = imported(access, folder, "big.bin")
    assert "big.bin: the attachment is not kept" in result.unreadable[0]["reason"]
    assert "attachments" not in case


def test_a_report_of_more_files_than_the_bound_lists_the_rest(access, folder, monkeypatch):
    monkeypatch.setattr(beside, "MOST_ATTACHMENTS", 1)
    (folder / "second").write_text("2")
    result, cases = imported(access, folder, "shots/cart.png", "second")
    assert ["attachments" in case for case in cases] == [True, False]
    assert "more than 1 files" in result.unreadable[0]["reason"]


def test_without_originals_no_file_is_opened(access, folder):
    result, (case,) = imported(access, folder, "shots/cart.png", keep=False)
    assert (result.unreadable, "attachments" in case) == ([], False)
    assert case["attributes"]["files"][0]["path"] == "shots/cart.png"
