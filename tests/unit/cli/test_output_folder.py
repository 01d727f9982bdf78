"""A file that cannot be made is told with its folder, and with what would make one."""

from pathlib import Path

import pytest

from graven.cli.main import run
from graven.cli.output_folder import check_folder
from graven.errors import UsageError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(output):
    with pytest.raises(UsageError) as caught:
        check_folder(Path(output))
    return caught.value


def test_a_file_in_this_folder_can_be_made(here):
    check_folder(Path("x.ndjson"))


def test_the_first_folder_that_is_missing_is_named(here):
    (here / "there").mkdir()
    assert refused("there/missing/dir/x.ndjson").message == "there is no folder there/missing"


def test_the_way_to_make_a_missing_folder_can_be_pasted(here):
    assert refused("a b/dir/x.ndjson").hint == "mkdir -p 'a b/dir'"


def test_a_file_in_the_place_of_the_folder_is_told_as_one(here):
    (here / "x").touch()
    assert refused("x/y").message == "x is a file, not a folder"


def test_a_folder_that_may_not_be_written_is_told_as_one(here, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert refused("x").message == "you may not write into the folder ."


@pytest.mark.parametrize("command", [["export"], ["export", "-q", "a"], ["prove", "0"]])
def test_a_missing_folder_is_told_before_anything_is_asked_for(here, capsys, command):
    assert run([*command, "--data", "no-such-log", "-o", "missing/x"]) == 2
    assert "there is no folder missing\n" in capsys.readouterr().err
