from pathlib import Path

import pytest

from graven.errors import UsageError
from graven.sdk.settings import default_spool_directory, resolve


def test_an_argument_wins_over_the_environment():
    env = {"GRAVEN_SERVER": "http://env:1", "GRAVEN_TOKEN": "grv_env", "GRAVEN_LOG": "env"}
    settings = resolve(env, server="https://arg:2/", log="arg")
    assert (settings.server, settings.token, settings.log) == ("https://arg:2", "grv_env", "arg")


def test_a_missing_server_is_told_at_once():
    with pytest.raises(UsageError, match="no server") as caught:
        resolve({})
    assert "GRAVEN_SERVER" in caught.value.hint


@pytest.mark.parametrize("server", ["127.0.0.1:8080", "ftp://x", "file:///etc/passwd"])
def test_a_server_that_is_no_http_address_is_refused(server):
    with pytest.raises(UsageError, match="not an http"):
        resolve({}, server=server)


def test_a_misspelt_setting_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="spol_dir") as caught:
        resolve({}, server="http://x", spol_dir="/x")
    assert caught.value.hint == "did you mean 'spool_dir'?"


def test_a_traceback_of_a_wrong_setting_says_what_to_write():
    with pytest.raises(UsageError) as caught:
        resolve({}, server="http://x", tokn="t")
    assert str(caught.value) == "unknown setting 'tokn' (did you mean 'token'?)"


def test_the_spool_follows_the_state_directory_of_the_user():
    assert default_spool_directory({"XDG_STATE_HOME": "/s"}) == Path("/s/graven/spool")
    assert default_spool_directory({"XDG_STATE_HOME": "/s", "GRAVEN_SPOOL": "/t"}) == Path("/t")


def test_the_token_is_not_shown_by_repr():
    assert "grv_secret" not in repr(resolve({}, server="http://x", token="grv_secret", redaction_key=b"k" * 32))
    assert "kkkk" not in repr(resolve({}, server="http://x", redaction_key=b"k" * 32))
