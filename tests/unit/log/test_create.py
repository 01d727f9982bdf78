import pytest
from tests.support.log_world import Clock

from graven.errors import InvalidInput
from graven.log import LogPaths, create_log
from graven.log.create import default_origin
from graven.log.keys import load_signer, load_vkey
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.merkle import EMPTY_ROOT


def test_an_empty_log_publishes_size_0(tmp_path) -> None:
    create_log(tmp_path, "default", origin="example.com/log", clock=Clock())
    paths = LogPaths(tmp_path, "default")
    key = load_vkey(paths.vkey)
    checkpoint = open_checkpoint(paths.checkpoint.read_bytes(), key)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("example.com/log", 0, EMPTY_ROOT)
    assert load_signer(paths.key).verifier == key
    assert paths.key.stat().st_mode & 0o777 == 0o600
    assert paths.keys.stat().st_mode & 0o777 == 0o700


def test_the_default_origin_is_unique_and_names_the_log(tmp_path) -> None:
    assert default_origin("x", bytes) == f"graven.local/{'0' * 32}/x"
    assert default_origin("x") != default_origin("x")


@pytest.mark.parametrize(("name", "origin"), [("Bad", None), ("good", "bad origin")])
def test_nothing_is_made_for_a_bad_name_or_origin(tmp_path, name: str, origin: str | None) -> None:
    with pytest.raises(InvalidInput):
        create_log(tmp_path, name, origin=origin, clock=Clock())
    assert list(tmp_path.iterdir()) == []
