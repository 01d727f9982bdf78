import os
from pathlib import Path

import pytest
from tests.support.log_world import SIGNER

from graven.errors import RefusedToStart
from graven.log.highwater import HighWater, state_folder
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint

CHECKPOINT = Checkpoint(SIGNER.name, 5, bytes(32))


def test_the_mark_comes_back(tmp_path) -> None:
    mark = HighWater(tmp_path / "deep" / "state", SIGNER.verifier)
    assert mark.load() is None
    mark.save(sign_checkpoint(CHECKPOINT, SIGNER))
    assert mark.load() == CHECKPOINT


def test_a_mark_that_is_no_checkpoint_is_refused(tmp_path) -> None:
    mark = HighWater(tmp_path, SIGNER.verifier)
    mark.path.parent.mkdir()
    mark.path.write_bytes(b"")
    with pytest.raises(RefusedToStart) as caught:
        mark.load()
    assert caught.value.code == "highwater_malformed"


def test_a_mark_given_up_is_kept_beside(tmp_path) -> None:
    mark = HighWater(tmp_path, SIGNER.verifier)
    mark.save(b"old")
    mark.set_aside(7)
    mark.save(b"new")
    assert sorted(path.read_bytes() for path in mark.path.parent.iterdir()) == [b"new", b"old"]


def log_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "log.vkey").write_text(SIGNER.verifier.text + "\n")
    return path


def test_another_folder_with_the_same_log_is_a_copy_of_the_first(tmp_path) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    original, copy = log_folder(tmp_path / "a"), log_folder(tmp_path / "b")
    mark.keep_place(original)
    assert (mark.original_of(original), mark.original_of(copy)) == (None, original)


def test_a_copy_does_not_take_the_place_of_an_original_that_is_there(tmp_path) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    original, copy = log_folder(tmp_path / "a"), log_folder(tmp_path / "b")
    mark.keep_place(original)
    mark.keep_place(copy)
    assert mark.original_of(copy) == original


def test_a_log_that_was_moved_is_no_copy_and_its_new_place_is_kept(tmp_path) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    original = log_folder(tmp_path / "a")
    mark.keep_place(original)
    moved = original.rename(tmp_path / "b")
    assert mark.original_of(moved) is None
    mark.keep_place(moved)
    assert mark.original_of(log_folder(tmp_path / "c")) == moved


def test_another_log_in_the_place_of_the_original_is_not_the_original(tmp_path) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    original, copy = log_folder(tmp_path / "a"), log_folder(tmp_path / "b")
    mark.keep_place(original)
    (original / "log.vkey").write_text("another\n")
    assert mark.original_of(copy) is None


@pytest.mark.parametrize("said", [b"", b"\xff", b"a\x00b", b"../a", b"/" + b"x" * 10_000])
def test_a_damaged_place_is_as_none(tmp_path, said: bytes) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    mark.keep_place(log_folder(tmp_path / "a"))
    mark.place.write_bytes(said)
    assert mark.original_of(log_folder(tmp_path / "b")) is None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/x"}, Path("/x/graven")),
        ({}, Path.home() / ".local/state/graven"),
        ({"XDG_STATE_HOME": "rel"}, Path.home() / ".local/state/graven"),
    ],
)
def test_the_folder_follows_the_base_directory_rules(environ, expected: Path) -> None:
    assert state_folder(environ) == expected


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(RefusedToStart) as caught:
        state_folder({})
    assert caught.value.code == "no_state_folder"
    assert state_folder({"XDG_STATE_HOME": "/x"}) == Path("/x/graven")


def test_a_pipe_in_the_place_of_the_original_is_not_waited_for(tmp_path) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    original, moved = log_folder(tmp_path / "a"), log_folder(tmp_path / "b")
    mark.keep_place(original)
    (original / "log.vkey").unlink()
    os.mkfifo(original / "log.vkey")
    mark.keep_place(moved)
    assert mark.original_of(original) == moved


def test_a_pipe_as_the_place_is_as_none(tmp_path) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    mark.place.parent.mkdir(parents=True)
    os.mkfifo(mark.place)
    assert mark.original_of(log_folder(tmp_path / "a")) is None


@pytest.mark.parametrize("there", ["folder", "loop", "no folder", "unwritable"])
def test_a_place_that_cannot_be_written_is_no_reason_to_fail(tmp_path, there) -> None:
    mark = HighWater(tmp_path / "state", SIGNER.verifier)
    mark.path.parent.mkdir(parents=True)
    match there:
        case "folder":
            (mark.place / "x").mkdir(parents=True)
        case "loop":
            mark.place.parent.symlink_to(mark.place.parent)
        case "no folder":
            mark.place.parent.write_text("")
        case _:
            mark.place.parent.symlink_to("/proc")
    mark.keep_place(log_folder(tmp_path / "a"))
    assert mark.original_of(log_folder(tmp_path / "b")) is None
