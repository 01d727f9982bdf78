"""Which token a server is sent, and what a refusal says of it."""

import pytest

from graven.cli.access.sent_token import NO_TOKEN, SentToken, explain_refusal, owner_token, sent_token
from graven.errors import Forbidden, NotFound, Unauthenticated


@pytest.fixture
def data(tmp_path):
    (tmp_path / "owner.token").write_text("grv_owner\n")
    return tmp_path


def refused(sent):
    error = Unauthenticated("unknown or revoked token", hint="ask an operator for a new one")
    explain_refusal(error, sent)
    return error


def test_an_absent_owner_token_is_none(tmp_path):
    assert owner_token(tmp_path) is None


def test_a_flag_beats_the_token_of_a_named_directory(data):
    assert sent_token("t", data, {}, is_named=True).text == "t"


def test_the_token_of_a_named_directory_beats_the_variable(data):
    assert sent_token(None, data, {"GRAVEN_TOKEN": "t"}, is_named=True) == SentToken(
        "grv_owner", str(data / "owner.token")
    )


def test_the_variable_will_do_where_the_named_directory_lends_none(tmp_path):
    assert sent_token(None, tmp_path, {"GRAVEN_TOKEN": "t"}, is_named=True) == SentToken("t", "GRAVEN_TOKEN")


def test_without_flag_file_and_variable_there_is_none(tmp_path):
    assert sent_token(None, tmp_path, {}, is_named=True) == NO_TOKEN


def test_a_refusal_says_that_the_token_is_the_environments():
    assert "GRAVEN_TOKEN in the environment" in refused(SentToken("t", "GRAVEN_TOKEN")).why


def test_a_refusal_of_the_variable_says_what_is_taken_without_it():
    error = refused(SentToken("t", "GRAVEN_TOKEN", "d/owner.token"))
    assert error.hint.startswith("unset GRAVEN_TOKEN: then d/owner.token is taken")


def test_a_refusal_of_the_flag_says_what_is_taken_without_it():
    assert refused(SentToken("t", "--token", "d/owner.token")).hint == "leave --token out: d/owner.token is there"


def test_a_refusal_of_a_directorys_own_token_names_the_file():
    assert "d/owner.token" in refused(SentToken("t", "d/owner.token")).why


@pytest.mark.parametrize("code", ["missing_role", "wrong_log"])
def test_a_refusal_for_want_of_a_role_says_whose_token_it_is_and_keeps_its_way_out(code):
    error = Forbidden("no", hint="h", code=code)
    explain_refusal(error, SentToken("t", "GRAVEN_TOKEN"))
    assert (error.why, error.hint) == ("it is that of GRAVEN_TOKEN in the environment", "h")


@pytest.mark.parametrize("error", [NotFound("no", hint="h"), Forbidden("no", hint="h", code="system_is_read_only")])
def test_what_is_no_matter_of_tokens_is_left_as_it_is(error):
    explain_refusal(error, SentToken("t", "GRAVEN_TOKEN"))
    assert (error.why, error.hint) == ("", "h")
