from graven.cli.access.sent_token import NO_TOKEN, SentToken
from graven.cli.checkup import check_server
from graven.cli.main import run


def answering(status):
    return lambda path, headers: 200 if path == "/readyz" else status


def states(sent, status=200):
    return [check.state for check in check_server("http://s", sent, answering(status))]


def test_a_token_that_was_not_given_is_not_fine_but_unchecked():
    assert states(NO_TOKEN) == ["ok", "unchecked"]


def test_a_token_that_the_server_takes_is_fine():
    assert states(SentToken("t", "--token")) == ["ok", "ok"]


def test_a_token_that_the_server_does_not_know_is_a_problem():
    assert states(SentToken("t", "--token"), 401) == ["ok", "problem"]


def test_a_token_that_the_server_does_not_know_is_told_with_where_it_came_from():
    *_, check = check_server("http://s", SentToken("t", "GRAVEN_TOKEN"), answering(401))
    assert "GRAVEN_TOKEN" in check.what


def test_doctor_for_a_server_elsewhere_shows_no_settings_of_this_machine(capsys, monkeypatch):
    monkeypatch.delenv("GRAVEN_TOKEN", raising=False)
    assert run(["doctor", "--server", "http://127.0.0.1:1"]) == 8
    shown = capsys.readouterr().out
    assert "SETTING" not in shown
    assert "http://127.0.0.1:1" in shown


def test_doctor_tells_a_variable_that_nobody_reads(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GRAVEN_LISTN", "x")
    run(["doctor", "--data", str(tmp_path / "absent")])
    assert "GRAVEN_LISTN is not known" in " ".join(capsys.readouterr().out.split())
