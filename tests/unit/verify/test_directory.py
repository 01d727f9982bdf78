import os
from pathlib import Path

import pytest
from tests.support.verify_logs import VECTOR, make_log

from graven.errors import CouldNotCheck
from graven.tlog.tiles import TilePath
from graven.verify.directory import DirectorySource, find_log


def test_a_log_directory_is_itself(tmp_path: Path):
    assert find_log(VECTOR) == VECTOR


def test_a_data_directory_with_one_log_besides_system_means_that_log(tmp_path: Path):
    log = make_log(tmp_path, 1, name="default")
    make_log(tmp_path, 1, name="system")
    (tmp_path / "logs" / ".new-log").mkdir()
    assert find_log(tmp_path) == log.root
    assert DirectorySource(find_log(tmp_path)).target == str(log.root)


def test_a_data_directory_with_several_logs_is_not_guessed_at(tmp_path: Path):
    make_log(tmp_path, 1, name="one")
    make_log(tmp_path, 1, name="two")
    with pytest.raises(CouldNotCheck, match="2 logs: one, two"):
        find_log(tmp_path)


def test_a_directory_without_a_log_could_not_be_checked(tmp_path: Path):
    with pytest.raises(CouldNotCheck, match="no log"):
        find_log(tmp_path)
    with pytest.raises(CouldNotCheck, match="no directory"):
        find_log(tmp_path / "absent")


def test_every_file_below_tile_is_listed():
    listed = sorted(DirectorySource(VECTOR).paths() or ())
    assert listed == sorted(str(path.relative_to(VECTOR)) for path in (VECTOR / "tile").rglob("*") if path.is_file())


def test_wider_partials_are_listed_before_the_full_tile(tmp_path: Path):
    folder = tmp_path / "tile/0/x001/234.p"
    folder.mkdir(parents=True)
    for name in ("5", "10", "200", "256", "junk", "4", "٧", "0300"):
        (folder / name).touch()
    source = DirectorySource(tmp_path)
    assert source.wider(TilePath(0, 1234, 5)) == [10, 200, 256]
    assert source.wider(TilePath(0, 99, 5)) == [256]


def test_absent_files_are_none(tmp_path: Path):
    source = DirectorySource(tmp_path)
    assert source.fetch(TilePath(0, 0, 1)) is None
    assert source.fetch_checkpoint() is None
    assert source.fetch_key() is None
    assert source.open_blob("sha256:" + "0" * 64) is None


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path):
    (tmp_path / "tile/0").mkdir(parents=True)
    os.mkfifo(tmp_path / "tile/0/000")
    source = DirectorySource(tmp_path)
    assert source.fetch(TilePath(0, 0, 256)) == b""
    assert list(source.paths() or ()) == ["tile/0/000@"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_could_not_be_checked(tmp_path: Path):
    (tmp_path / "checkpoint").touch(mode=0)
    with pytest.raises(CouldNotCheck, match="Permission denied"):
        DirectorySource(tmp_path).fetch_checkpoint()


def test_a_directory_in_place_of_a_file_could_not_be_read(tmp_path: Path):
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(CouldNotCheck, match="Is a directory"):
        DirectorySource(tmp_path).fetch_checkpoint()


def test_blobs_lie_beside_the_logs(tmp_path: Path):
    log = make_log(tmp_path, 1)
    digest = log.put_blob(b"content")
    chunks = DirectorySource(log.root).open_blob(digest)
    assert chunks is not None
    assert b"".join(chunks) == b"content"
    assert DirectorySource(VECTOR).open_blob(digest) is None


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_blob_that_is_no_plain_file_could_not_be_checked(tmp_path: Path, make):
    digits = "0" * 64
    folder = tmp_path / "sha256/00/00"
    folder.mkdir(parents=True)
    make(folder / digits)
    with pytest.raises(CouldNotCheck, match="cannot read blob"):
        DirectorySource(tmp_path, blobs=tmp_path).open_blob(f"sha256:{digits}")


def test_an_unpacked_archive_is_no_log_and_the_way_to_check_it_is_named(tmp_path):
    (tmp_path / "proofs").mkdir()
    (tmp_path / "manifest.json").touch()
    (tmp_path / "checkpoint").touch()
    with pytest.raises(CouldNotCheck, match="unpacked proof archive") as caught:
        find_log(tmp_path)
    assert "verify.py" in caught.value.hint


def test_a_log_does_not_become_an_archive_by_what_is_added(tmp_path):
    for name in ("proofs", "tile"):
        (tmp_path / name).mkdir()
    (tmp_path / "manifest.json").touch()
    assert find_log(tmp_path) == tmp_path
