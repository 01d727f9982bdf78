"""Recording to a real server: during the run, while it is away, after it came back. Outcomes never change."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from textwrap import dedent

import pytest
from tests.support.fault_world import mounted_tmpfs
from tests.support.server_process import ServerProcess, start_server

pytestmark = [pytest.mark.slow]

TWO = "def test_a(): pass\ndef test_b(): assert 0\n"
RECORDED = """
import json, os, time, urllib.request

def actions():
    headers = {"Authorization": "Bearer " + os.environ["GRAVEN_TOKEN"]}
    def get(path):
        url = os.environ["GRAVEN_SERVER"] + path
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()
    size = next(log["size"] for log in json.loads(get("/v1/logs"))["logs"] if log["name"] == "default")
    return [json.loads(get(f"/v1/logs/default/events/{n}"))["data"]["action"] for n in range(size)]

def wait_for_case():
    deadline = time.monotonic() + 60
    while "test.case.finish" not in actions():
        assert time.monotonic() < deadline
        time.sleep(0.05)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    """A server that comes and goes at one address, and runs that record to it."""

    def __init__(self, project, folder):
        self.project = project
        self.data = folder / "server-data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.spool = folder / "spool"
        self.server: ServerProcess | None = None
        self.token = ""

    def start(self):
        self.server = start_server(self.data, "--listen", f"127.0.0.1:{self.port}")
        self.token = self.server.token
        return self.server

    def stop(self):
        if self.server is not None and self.server.process.poll() is None:
            self.server.stop()

    @property
    def environ(self):
        token = self.token or "grv_aaaaaaaaaaaa_" + "0" * 32
        return {"GRAVEN_SERVER": self.url, "GRAVEN_TOKEN": token, "GRAVEN_SPOOL": str(self.spool)}

    def run(self, *arguments, **more):
        plugins = more.pop("plugins", ())
        return self.project.run(*arguments, plugins=plugins, **{**self.environ, **more})

    def graven(self, *arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "graven", *arguments],
            env=self.project.environ(**{**self.environ, **more}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def events(self):
        with self.server.client() as client:
            size = next(log["size"] for log in client.get("/v1/logs").json()["logs"] if log["name"] == "default")
            return [client.get(f"/v1/logs/default/events/{n}").json()["data"] for n in range(size)]

    def actions(self):
        return [event["action"] for event in self.events()]


WHOLE = ["test.run.start", "test.case.finish", "test.case.finish", "test.run.finish"]


@pytest.fixture
def place(project, tmp_path):
    made = Place(project, tmp_path)
    yield made
    made.stop()


def test_an_event_is_at_the_server_before_the_session_ends(place):
    place.start()
    place.project.write(test_shop="def test_a(): pass\n" + RECORDED + "def test_b(): wait_for_case()\n")
    ran = place.run("--graven-level=outcomes")
    assert ran.returncode == 0, ran.stdout
    assert f"events for {place.url} · log default has" in ran.stdout
    assert not place.project.data.exists()


def test_a_server_that_is_away_changes_nothing_and_its_events_are_delivered_by_hand(place):
    place.project.write(
        test_shop="""
        import time
        def test_a(): pass
        def test_quiet(caplog):
            time.sleep(1)  # long enough for the sender to have found nobody
            assert caplog.records == []
        """
    )
    ran = place.run()
    assert ran.returncode == 0, ran.stdout
    assert ran.stderr == ""
    assert f"4 events for {place.url}, of which 4 wait in {place.spool}: the server has not taken them" in ran.stdout
    assert "graven spool send" in ran.stdout
    refused = place.graven("spool", "send")
    assert refused.returncode != 0
    assert "still waits" in refused.stderr
    place.start()
    listed = json.loads(place.graven("spool", "list", "--json").stdout)
    assert [one["for_this_log"] for one in listed] == [True]
    sent = place.graven("spool", "send")
    assert (sent.returncode, sent.stdout) == (0, "✓ 4 events delivered\n")
    assert place.actions() == WHOLE
    assert json.loads(place.graven("spool", "list", "--json").stdout) == []


def test_a_server_that_is_killed_during_the_run_gets_the_rest_from_the_next_run(place):
    server = place.start()
    kill = f"import os\n    os.kill({server.process.pid}, 9)\n"
    place.project.write(test_shop=f"def test_a(): pass\n{RECORDED}\ndef test_b():\n    wait_for_case()\n    {kill}")
    ran = place.run("--graven-level=outcomes")
    assert ran.returncode == 0, ran.stdout
    server.process.wait(60)
    assert f"wait in {place.spool}" in ran.stdout
    place.start()
    place.project.write(test_shop="def test_c(): pass\n")
    again = place.run()
    assert "wait in" not in again.stdout
    assert sorted(place.actions()) == sorted([*WHOLE, *WHOLE[:2], WHOLE[-1]])
    runs = json.loads(place.graven("runs", "--json").stdout)
    assert [run["state"] for run in runs] == ["complete", "complete"]


@pytest.mark.parametrize("role", ["none", "reader"])
def test_a_refused_token_is_told_and_what_it_refused_is_delivered_with_a_good_one(place, role):
    place.start()
    place.project.write(test_shop=TWO)
    token = "grv_aaaaaaaaaaaa_" + "0" * 32
    if role == "reader":
        token = place.graven("token", "create", "eve", "--role", "reader", "--json").stdout
        token = json.loads(token)["token"]
    ran = place.run(GRAVEN_TOKEN=token)
    assert ran.returncode == 1
    assert "4 things could not be recorded; the first: refused: 40" in ran.stdout
    assert f"kept in {place.spool / 'refused'}" in ran.stdout
    assert f"4 events for {place.url}, of which it refused 4" in ran.stdout
    assert "spool send --refused" in ran.stdout
    assert "test show" not in ran.stdout  # nothing is there to be shown
    assert token not in ran.stdout + ran.stderr
    sent = place.graven("spool", "send", "--refused")
    assert (sent.returncode, sent.stdout) == (0, "✓ 4 events delivered\n"), sent.stderr
    assert place.actions() == WHOLE
    assert list((place.spool / "refused").iterdir()) == []


def test_a_server_that_never_answers_holds_up_no_test_and_the_end_only_so_long(place):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", place.port))
        listener.listen(64)
        place.project.write(test_shop="".join(f"def test_{n}(): pass\n" for n in range(300)))
        began = time.monotonic()
        ran = place.run()
        took = time.monotonic() - began
    assert ran.returncode == 0
    assert f"302 events for {place.url}, of which 302 wait in" in ran.stdout
    assert took < 60
    place.start()
    place.graven("spool", "send")
    cases = [event for event in place.events() if event["action"] == "test.case.finish"]
    assert len(cases) == 300
    assert max(event["duration_ns"] for event in cases) < 5e9


def test_workers_of_xdist_record_to_the_server_once_each(place):
    place.start()
    place.project.write(test_shop="".join(f"def test_{n}(): pass\n" for n in range(20)))
    ran = place.run("-n2", plugins=("xdist.plugin",))
    assert ran.returncode == 0, ran.stdout
    tests = [event["qa"]["test"] for event in place.events() if event["action"] == "test.case.finish"]
    assert sorted(tests) == sorted({f"test_shop.py::test_{n}" for n in range(20)})
    (run,) = json.loads(place.graven("runs", "--json").stdout)
    assert run["state"] == "complete"


def test_a_killed_pytest_leaves_an_open_run_with_what_was_sent(place):
    place.start()
    place.project.write(
        test_shop=f"def test_a(): pass\n{RECORDED}\ndef test_b():\n    wait_for_case()\n    os.kill(os.getpid(), 9)\n"
    )
    assert place.run("--graven-level=outcomes").returncode == -signal.SIGKILL
    assert place.actions()[:2] == WHOLE[:2]
    (run,) = json.loads(place.graven("runs", "--json").stdout)
    assert run["state"] == "open"


def test_a_keyboard_interrupt_is_recorded_as_an_aborted_run(place):
    place.start()
    place.project.write(test_shop="def test_a(): pass\ndef test_b(): raise KeyboardInterrupt\n")
    assert place.run().returncode == 2
    (run,) = json.loads(place.graven("runs", "--json").stdout)
    assert run["state"] == "aborted"


def test_where_neither_server_nor_spool_is_the_loss_is_counted_and_the_run_goes_on(place):
    place.project.write(test_shop=TWO)
    ran = place.run(GRAVEN_SPOOL="/dev/null/spool")
    assert ran.returncode == 1
    assert "4 things could not be recorded; the first: unsent:" in ran.stdout


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="mounting a tmpfs needs root on Linux")
def test_a_full_disk_under_the_spool_loses_counted_events_and_no_outcome(place, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if (reason := mounted_tmpfs(small, 128 * 1024)) is not None:
        pytest.skip(reason)
    try:
        noise = """import os
def test_loud():
    print(os.urandom(30000).hex())
    assert {str(n): os.urandom(500).hex() for n in range(100)} == {}
"""
        place.project.write(test_shop=noise + dedent(TWO), test_more=noise, test_most=noise)
        ran = place.run(GRAVEN_SPOOL=str(small / "spool"))
        assert ran.returncode == 1
        assert "could not be recorded; the first: unsent:" in ran.stdout
        assert "4 failed, 1 passed" in ran.stdout
    finally:
        subprocess.run(["umount", small], check=True)


def test_an_attachment_reaches_a_server_that_was_away(place):
    place.project.write(
        test_shop='def test_a(graven_attach):\n    assert graven_attach("shot.png", b"\\x89PNG" + bytes(10_000))\n'
    )
    assert place.run().returncode == 0
    place.start()
    assert place.graven("spool", "send").stdout == "✓ 3 events delivered\n"
    (attached,) = place.events()[1]["attachments"]
    assert (attached["name"], attached["media_type"], attached["size"]) == ("shot.png", "image/png", 10_004)
    with place.server.client() as client:
        assert client.get(f"/v1/blobs/{attached['digest']}").content == b"\x89PNG" + bytes(10_000)
    with contextlib.suppress(FileNotFoundError):
        assert [path for path in (place.spool / "attachments").rglob("*") if path.is_file()] == []


def test_attachments_of_workers_reach_the_server(place):
    place.start()
    place.project.write(
        test_shop="""
        import pytest
        @pytest.mark.parametrize("n", range(6))
        def test_a(graven_attach, n):
            assert graven_attach("same.bin", b"same")
            assert graven_attach("own.bin", bytes([n]))
        """
    )
    ran = place.run("-n2", plugins=("xdist.plugin",))
    assert "could not be recorded" not in ran.stdout
    attached = [one for event in place.events() for one in event.get("attachments", ())]
    assert len(attached) == 12
    with place.server.client() as client:
        assert {client.get(f"/v1/blobs/{one['digest']}").status_code for one in attached} == {200}
