import hashlib

import pytest

from graven.cli.checking import anchored_in, check, resolve_target
from graven.errors import CouldNotCheck, UsageError

NOTE = b"example.com/log\n3\nroot\n\n"


def test_a_server_means_its_default_log():
    assert resolve_target("http://s:1/", None) == "http://s:1/logs/default"
    assert resolve_target("http://s:1", "ci") == "http://s:1/logs/ci"


def test_a_log_s_address_is_taken_as_it_is():
    assert resolve_target("http://s:1/logs/ci", None) == "http://s:1/logs/ci"
    with pytest.raises(UsageError):
        resolve_target("http://s:1/logs/ci", "other")


def test_a_data_directory_means_its_default_log(tmp_path):
    (tmp_path / "logs" / "default").mkdir(parents=True)
    assert resolve_target(str(tmp_path), None) == str(tmp_path / "logs" / "default")
    assert resolve_target(str(tmp_path), "ci") == str(tmp_path / "logs" / "ci")


def test_what_is_not_there_could_not_be_checked(tmp_path):
    with pytest.raises(CouldNotCheck):
        resolve_target(str(tmp_path / "no"), None)


def test_an_anchor_folder_gives_the_checkpoint_of_the_same_log(tmp_path):
    for origin in (b"example.com/log", b"example.com/other"):
        folder = tmp_path / hashlib.sha256(origin).hexdigest()
        folder.mkdir()
        (folder / "latest").write_bytes(origin)
    assert anchored_in([tmp_path], NOTE) == [b"example.com/log"]


def test_an_anchor_folder_without_the_log_is_not_silence(tmp_path):
    with pytest.raises(CouldNotCheck, match=r"holds no checkpoint of example\.com/log"):
        anchored_in([tmp_path], NOTE)


def test_an_entry_belongs_to_a_proof(tmp_path):
    with pytest.raises(UsageError, match="--entry belongs to a proof"):
        check(
            str(tmp_path),
            key=None,
            policy=None,
            remember=None,
            anchored=(),
            forget=True,
            entry=tmp_path / "e",
            log=None,
            token=None,
            workers=None,
            on_progress=lambda done, total: None,
        )
