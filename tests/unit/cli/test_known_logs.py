"""A mistyped log is answered with those that there are, when somebody wants to read."""

from contextlib import nullcontext

import pytest

from graven.cli import known_logs
from graven.cli.access.choose import Place
from graven.cli.access.sent_token import NO_TOKEN
from graven.cli.known_logs import require_log, telling_logs
from graven.cli.main import run
from graven.errors import Forbidden, NotFound


class Access(nullcontext):
    """Has these logs; without names, one that may not list them."""

    def __init__(self, *names):
        super().__init__(self)
        self.names = names

    def logs(self):
        if not self.names:
            raise Forbidden("no")
        return [{"name": name, "size": 1} for name in self.names]


def told(asked, *names, code="unknown_log"):
    error = NotFound("there is no such thing", hint="graven log create", code=code, details={"log": asked})
    with pytest.raises(NotFound), telling_logs(Access(*names)):
        raise error
    return error


def test_the_logs_that_there_are_are_named_and_system_last():
    assert told("zzz", "system", "ci", "default").why == "there is ci, default, system"


def test_the_log_that_was_probably_meant_is_the_try():
    assert told("defalt", "ci", "default").hint == "--log default"


def test_system_is_known_to_whoever_may_not_read_it():
    assert told("sytem", "default").hint == "--log system, with a token of the role auditor"


def test_many_logs_are_counted_and_not_listed():
    error = told("zzz", *(f"log-{number:02}" for number in range(50)))
    assert error.why == f"there is {', '.join(f'log-{number:02}' for number in range(10))} and 40 more"
    assert error.hint == "graven log list"


def test_a_name_out_of_the_environment_is_told_as_such(monkeypatch):
    monkeypatch.setenv("GRAVEN_LOG", "defalt")
    assert told("defalt", "default").why.startswith("GRAVEN_LOG names it; ")


def test_where_logs_cannot_be_listed_the_error_stays_as_it_was():
    assert told("defalt").hint == "graven log create"


def test_another_thing_that_is_not_there_is_no_matter_of_logs():
    assert told("5", "default", code="entry_not_found").hint == "graven log create"


def test_a_folder_is_asked_without_being_opened(tmp_path):
    (tmp_path / "logs" / "default").mkdir(parents=True)
    (tmp_path / "logs" / "default" / "log.vkey").write_text("k")
    with pytest.raises(NotFound) as caught:
        require_log(Place(None, tmp_path, NO_TOKEN, "--data"), "defalt")
    assert caught.value.hint == "--log default"


def test_a_server_may_have_a_log_that_a_token_is_not_for(monkeypatch):
    monkeypatch.setattr(known_logs, "connect_reader", lambda place: Access("ci"))
    with pytest.raises(NotFound) as caught:
        require_log(Place("http://s:1", None, NO_TOKEN, "--server"), "vault")
    assert caught.value.message == 'there is no log "vault", or this token is not for it'


@pytest.mark.parametrize(
    "command",
    [
        ["search"],
        ["around", "0"],
        ["show", "0"],
        ["show", "last"],
        ["runs"],
        ["export"],
        ["export", "-q", "a"],
        ["export", "--proof", "x.tar.gz"],
        ["export", "--tiles", "x"],
        ["index", "rebuild"],
    ],
)
def test_whoever_reads_is_never_told_to_create_a_log(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)
    assert run(["log", "create", "default", "--data", "d"]) == 0
    capsys.readouterr()
    assert run([*command, "--data", "d", "--log", "defalt"]) == 5
    assert capsys.readouterr().err.rstrip().endswith("try: --log default")


def test_whoever_records_is_still_told_how_a_log_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)
    assert run(["log", "create", "default", "--data", "d"]) == 0
    assert run(["record", "--action", "a", "--actor", "b", "--data", "d", "--log", "shop"]) == 5
    assert "graven log create shop" in capsys.readouterr().err
