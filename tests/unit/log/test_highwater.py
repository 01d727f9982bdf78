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
