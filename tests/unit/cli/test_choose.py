import pytest

from graven.cli.access.choose import DEFAULT_LISTEN, Place, find_place
from graven.cli.access.sent_token import NO_TOKEN, SentToken
from graven.errors import UsageError
from graven.server.settings import Settings


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "graven-data"
    (folder / "logs").mkdir(parents=True)
    (folder / "owner.token").write_text("grv_owner\n")
    return folder


def find(tmp_path, *, server=None, data=None, token=None, creating=False, **environ):
    return find_place(server=server, data=data, token=token, environ=environ, here=tmp_path, creating=creating)


def test_the_default_address_is_the_one_where_a_server_listens():
    assert Settings().listen == DEFAULT_LISTEN


def test_a_server_flag_wins_over_everything(tmp_path, data):
    place = find(tmp_path, server="http://s:1/", token="t", GRAVEN_SERVER="http://other", GRAVEN_DATA=str(data))
    assert place == Place("http://s:1", None, SentToken("t", "--token", str(data / "owner.token")), "--server")


def test_a_data_flag_wins_over_the_server_of_the_environment(tmp_path, data):
    assert find(tmp_path, data=data, GRAVEN_SERVER="http://s:1").data == data


def test_the_environment_names_a_server_and_a_token(tmp_path):
    place = find(tmp_path, GRAVEN_SERVER="https://s", GRAVEN_TOKEN="t")
    assert place == Place("https://s", None, SentToken("t", "GRAVEN_TOKEN"), "GRAVEN_SERVER")


def test_a_data_directory_beside_a_server_lends_its_token(tmp_path, data):
    assert find(tmp_path, server="http://s:1", data=data).token.text == "grv_owner"


def test_a_data_flag_lends_its_token_before_the_environments(tmp_path, data):
    assert find(tmp_path, data=data, GRAVEN_TOKEN="t").token.text == "grv_owner"


def test_a_data_flag_beside_a_server_flag_lends_its_token_before_the_environments(tmp_path, data):
    assert find(tmp_path, server="http://s:1", data=data, GRAVEN_TOKEN="t").token.text == "grv_owner"


def test_the_tokens_variable_is_not_for_the_server_of_a_named_directory_that_lends_none(tmp_path, data):
    (data / "owner.token").unlink()
    assert find(tmp_path, data=data, GRAVEN_TOKEN="t").token == NO_TOKEN


def test_the_tokens_variable_beats_the_token_of_a_directory_that_a_variable_names(tmp_path, data):
    assert find(tmp_path, GRAVEN_DATA=str(data), GRAVEN_TOKEN="t").token.text == "t"


def test_the_tokens_variable_beats_the_token_of_a_directory_that_is_found(tmp_path, data):
    assert find(tmp_path, GRAVEN_TOKEN="t").token.text == "t"


def test_the_folder_graven_data_here_is_taken_when_nothing_is_named(tmp_path, data):
    place = find(tmp_path)
    assert place.data is not None
    assert place.because == "found ./graven-data"


def test_what_pytest_recorded_here_is_taken_after_graven_data(tmp_path, data):
    (tmp_path / ".graven" / "logs").mkdir(parents=True)
    assert find(tmp_path).because == "found ./graven-data"
    (data / "logs").rename(tmp_path / "elsewhere")
    assert find(tmp_path).because == "found ./.graven"


def test_with_nothing_named_and_nothing_found_the_error_says_where_it_looked(tmp_path):
    with pytest.raises(UsageError) as caught:
        find(tmp_path)
    assert all(name in caught.value.why for name in ("--server", "--data", "GRAVEN_SERVER", "GRAVEN_DATA"))
    assert "graven serve" in caught.value.hint


def test_a_server_without_scheme_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no server address"):
        find(tmp_path, server="127.0.0.1:8470")


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("127.0.0.1:8599", "http://127.0.0.1:8599"),
        ("[::1]:8599", "http://[::1]:8599"),
        ("audit.shop", "http://audit.shop"),
        ("ftp://x", "http://127.0.0.1:8470"),
    ],
)
def test_a_server_without_scheme_is_shown_with_it(tmp_path, server, shown):
    with pytest.raises(UsageError) as caught:
        find(tmp_path, server=server)
    assert caught.value.hint == f"write it as {shown}"


def test_a_folder_that_holds_no_log_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no data directory"):
        find(tmp_path, data=tmp_path)


def test_a_folder_that_holds_no_log_will_do_for_creating_one(tmp_path):
    assert find(tmp_path, data=tmp_path, creating=True).data == tmp_path
