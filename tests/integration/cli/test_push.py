"""`graven push` to a real server: once whoever pushes, through kills on both sides, and readable as if native."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.cli_run import CommandLine
from tests.support.run_events import case, finish, start
from tests.support.server_process import running_server, start_server

from graven.cli.access.local import LocalAccess
from graven.event.envelope import decode_entry
from graven.event.pushed import unwrap

NDJSON = "application/x-ndjson"


def write_job(data: Path, events: list[dict], *, attach: bytes = b"") -> None:
    """Record into a data directory, as a recorder without a server does."""
    with LocalAccess(data) as access:
        if attach:
            stored = access.put_blob(io.BytesIO(attach))
            events = [{**one, "attachments": [{"digest": stored.digest, "size": stored.size}]} for one in events]
        for at in range(0, len(events), 500):
            body = b"".join(json.dumps(one).encode() + b"\n" for one in events[at : at + 500])
            access.append("default", body, NDJSON, key="", wait=False)


def plain(count: int, first: int = 0) -> list[dict]:
    return [
        {"id": f"e-{number}", "action": "http.request", "actor": {"id": "ci"}, "source": "ci/shop", "output": "x" * 200}
        for number in range(first, first + count)
    ]


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def server(home):
    with running_server(home / "data") as running:
        yield running


@pytest.fixture
def line(home, server) -> CommandLine:
    return CommandLine.at(home, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)


def token_of(line: CommandLine, role: str) -> str:
    return json.loads(line.must("token", "create", role, "--role", role, "--json").text)["token"]


def pushed(line: CommandLine, *flags: str | Path, **environ: str) -> dict:
    ran = line.run("push", *flags, "--json", **environ)
    assert ran.code == 0, (ran.text, ran.err)
    return json.loads(ran.text)


def places(server) -> list[int]:
    """Indexes in the job's log of the entries that a server has, in the order of its own log."""
    with server.client() as client:
        size = next(log["size"] for log in client.get("/v1/logs").json()["logs"] if log["name"] == "default")
        raw = [
            client.get(f"/v1/logs/default/events/{index}", headers={"Accept": "application/octet-stream"}).content
            for index in range(size)
        ]
    found = [decode_entry(one) for one in raw]
    return [unwrap(one.data).index for one in found if one.format == "graven.entry/1"]


def test_pushed_twice_it_is_there_once_whoever_pushes(home, line, server):
    write_job(home / ".graven", plain(40))
    first = pushed(line)
    again = pushed(line)
    assert (first["new"], again["new"], again["known"]) == (40, 0, 40)
    assert again["record"] == first["record"]
    other = pushed(line, GRAVEN_TOKEN=token_of(line, "recorder"))
    assert (other["new"], other["known"]) == (0, 40)
    assert places(server) == list(range(40))


def test_a_recorder_is_enough_and_a_reader_is_not(home, line):
    write_job(home / ".graven", plain(3), attach=b"a screenshot")
    assert pushed(line, GRAVEN_TOKEN=token_of(line, "recorder"))["blobs"] == 1
    refused = line.run("push", GRAVEN_TOKEN=token_of(line, "reader"))
    assert refused.code == 6
    assert "recorder" in refused.err


def test_a_wrong_token_is_refused(home, line):
    write_job(home / ".graven", plain(3))
    refused = line.run("push", GRAVEN_TOKEN="grv_" + "a" * 12 + "_" + "b" * 32)
    assert refused.code == 6
    assert "try:" in refused.err


def test_the_command_that_shows_the_record_runs_where_it_is_pasted(home, tmp_path):
    write_job(home / ".graven", plain(3))
    line = CommandLine.at(home)
    line.must("log", "create", "ci", "--data", "kept")
    told = line.must("push", "--data", "kept", "--to", "ci").text
    (command,) = (text.split("graven ", 1)[1] for text in told.splitlines() if text.startswith("  record"))
    assert "log.push" in line.must(*shlex.split(command)).text


def test_nobody_there_is_told_from_nothing_to_push(home, line):
    write_job(home / ".graven", plain(3))
    away = line.run("push", "--server", "http://127.0.0.1:9")
    assert away.code == 7
    assert "no server answers" in away.err
    assert line.run("push", "nowhere").code == 2
    nobody = CommandLine.at(home).run("push")
    assert nobody.code == 2
    assert "no server to push to" in nobody.err


def test_runs_tests_and_entries_read_as_if_they_were_native(home, line):
    large = case("ci-1", "test_large", "failed", outcome="failure", error={"type": "E", "message": "x" * 70_000})
    events = [start("ci-1"), case("ci-1", "test_a"), large, finish("ci-1", "failed")]
    write_job(home / ".graven", [{**one, "id": f"r-{at}"} for at, one in enumerate(events)], attach=b"a trace")
    pushed(line)
    (run,) = json.loads(line.must("runs", "--json").text)
    assert (run["run"], run["state"], run["counts"]) == ("ci-1", "complete", {"passed": 1, "failed": 1})
    assert "test_large" in line.must("run", "show", "ci-1").text
    assert "ci-1" in line.must("test", "history", "test_large").text
    shown = line.must("show", "2").text
    assert "test.case.finish" in shown
    assert "entry 2 of graven.local/" in shown
    verified = line.run("verify", "data", "--pushed")
    assert verified.code == 0, verified.text
    assert "pushed" in verified.text


def test_a_log_that_grew_sends_the_rest(home, line, server):
    write_job(home / ".graven", plain(30))
    pushed(line)
    write_job(home / ".graven", plain(12, first=30))
    grown = pushed(line)
    assert (grown["new"], grown["known"], grown["size"]) == (12, 30, 42)
    assert places(server) == list(range(42))
    assert line.run("verify", "data", "--pushed").code == 0


def test_a_tampered_log_stays_where_it_is_with_the_code_of_verify(home, line, server):
    write_job(home / ".graven", plain(300))
    tile = home / ".graven" / "logs" / "default" / "tile" / "0" / "000"
    tile.write_bytes(bytes(len(tile.read_bytes())))
    refused = line.run("push")
    assert refused.code == line.run("verify", ".graven").code == 1
    assert "was not pushed" in refused.err
    assert places(server) == []


def test_another_log_goes_to_a_named_one(home, line):
    line.must("log", "create", "ci")
    with LocalAccess(home / ".graven") as access:
        access.create_log("nightly", None)
        access.append("nightly", json.dumps(plain(1)[0]).encode(), "application/json", key="", wait=False)
    done = pushed(line, "--log", "nightly", "--to", "ci")
    assert (done["new"], done["log"]) == (1, "ci")
    unknown = line.run("push", "--log", "nightly", "--to", "cii")
    assert unknown.code == 5
    assert "did you mean ci?" in unknown.err


def test_an_empty_log_is_no_push(home, line, server):
    LocalAccess(home / ".graven").close()
    ran = line.must("push")
    assert "nothing to push" in ran.text
    assert _size(server) == 0


def test_a_blob_above_the_limit_of_the_server_is_told_with_the_limit(home):
    write_job(home / ".graven", plain(3), attach=b"y" * 300_000)
    with running_server(home / "data", "--limits-blob-bytes", "100000") as server:
        line = CommandLine.at(home, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
        refused = line.run("push")
    assert refused.code == 4
    assert "100000" in refused.err


def test_a_push_that_is_killed_goes_on_and_ends_with_everything_once(home, line, server):
    write_job(home / ".graven", plain(9_000))
    environ = {**line.environ, "PYTHONUNBUFFERED": "1"}
    client = subprocess.Popen(
        [sys.executable, "-m", "graven", "push", "--no-verify", "--json"],
        cwd=home, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _kill_when_some_are_there(client, server)
    done = pushed(line)
    assert done["new"] + done["known"] == 9_000
    assert sum(count for _, _, count in done["ranges"]) == 9_000
    assert line.run("verify", "data", "--pushed").code == 0
    assert _size(server) == 9_001


def _size(server) -> int:
    with server.client() as client:
        return next(log["size"] for log in client.get("/v1/logs").json()["logs"] if log["name"] == "default")


def _kill_when_some_are_there(client: subprocess.Popen, server) -> None:
    while client.poll() is None and _size(server) == 0:
        pass
    client.send_signal(signal.SIGKILL)
    client.wait(timeout=60)


def test_a_server_that_is_killed_in_the_middle_has_everything_once_in_the_end(home):
    write_job(home / ".graven", plain(9_000))
    server = start_server(home / "data")
    line = CommandLine.at(home, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
    answers: list = []
    pushing = threading.Thread(target=lambda: answers.append(line.run("push", "--no-verify")))
    pushing.start()
    while pushing.is_alive() and _size(server) == 0:
        pass
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(timeout=60)
    pushing.join(timeout=100)
    assert answers[0].code in (0, 7), answers[0].err
    if answers[0].code == 7:
        assert "are there: push" in answers[0].err
    with running_server(home / "data") as again:
        done = pushed(line, "--server", again.url)
        assert done["new"] + done["known"] == 9_000
        assert _size(again) == 9_001
    assert line.run("verify", "data", "--pushed").code == 0
