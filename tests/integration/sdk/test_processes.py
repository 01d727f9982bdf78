"""Applications that fork, end, crash and share a spool; what they recorded arrives."""

import os
import signal

import pytest
from tests.support.sdk_application import run_application, start_application, successor, wait_for_line
from tests.support.sdk_server import AppendServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX processes")


def closed_port() -> int:
    with AppendServer() as server:
        return server.port


def inputs(server):
    return [event["input"] for event in server.events]


def test_what_waits_when_the_program_ends_is_sent(tmp_path):
    with AppendServer() as server:
        run_application("for n in range(100): client.record('a', input=n)", server=server.url, spool=tmp_path / "s")
        assert inputs(server) == list(range(100))


def test_what_waits_when_the_program_ends_with_an_exception_is_sent(tmp_path):
    code = "client.record('a', input=1)\ntry:\n    1/0\nfinally:\n    client.record('a', input=2); sys.exit(0)"
    with AppendServer() as server:
        run_application(code, server=server.url, spool=tmp_path / "s")
        assert inputs(server) == [1, 2]


def test_a_program_that_ends_without_a_server_leaves_its_events_to_the_next(tmp_path):
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    run_application("for n in range(100): client.record('a', input=n)", server=address, spool=tmp_path / "s")
    with AppendServer(port) as server:
        with successor(server=address, spool=tmp_path / "s"):
            server.wait_for(101)
        assert [n for n in inputs(server) if n >= 0] == list(range(100))


def test_a_killed_application_loses_nothing_of_its_spool(tmp_path):
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    code = (
        "for n in range(5000): client.record('a', input=n)\n"
        "while client.stats().spooled < 5000: client.flush(0.05)\n"
        "print('spooled', flush=True)\n"
        "while True: client.record('late'); client.flush(0.01)\n"
    )
    application = start_application(code, server=address, spool=tmp_path / "s")
    try:
        wait_for_line(application, "spooled")
    finally:
        application.kill()
        application.communicate()
    with AppendServer(port) as server:
        with successor(server=address, spool=tmp_path / "s"):
            server.wait_for(5001)
        recorded = [event["input"] for event in server.events if event["action"] == "a"]
        assert recorded == list(range(5000))
        late = [event["producer"]["seq"] for event in server.events if event["action"] == "late"]
        assert late == list(range(5001, 5001 + len(late)))


@pytest.mark.slow
def test_killed_again_and_again_at_any_moment_the_order_holds_and_nothing_spooled_is_lost(tmp_path):
    """Each life prints how many events it knows to be on disk; after all lives at least those have arrived."""
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    code = (
        "import itertools\n"
        "for n in itertools.count():\n"
        "    client.record('a', input=n)\n"
        "    if n % 50 == 0: client.flush(0.001); print(client.stats().spooled, flush=True)\n"
    )
    promised = []
    for life in range(8):
        application = start_application(code, server=address, spool=tmp_path / "s")
        lines = ["0"]
        while int(lines[-1]) == 0 or len(lines) < 10 * life:
            lines.append(application.stdout.readline())
        application.kill()
        rest, _ = application.communicate()
        promised.append(int((lines + rest.split())[-1]))
    with AppendServer(port) as server:
        with successor(server=address, spool=tmp_path / "s"):
            server.wait_for(sum(promised) + 1)
        lives: dict[str, list[int]] = {}
        for event in server.events:
            if event["action"] == "a":
                lives.setdefault(event["producer"]["epoch"], []).append(event["input"])
    assert all(seen == list(range(len(seen))) for seen in lives.values())
    assert sum(map(len, lives.values())) >= sum(promised) > 0


def test_processes_share_a_spool_folder(tmp_path):
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    code = "for n in range(300): client.record('a', input=n)\nclient.flush(0.05)"
    together = [start_application(code, server=address, spool=tmp_path / "s") for _ in range(4)]
    for application in together:
        application.communicate(timeout=120)
        assert application.returncode == 0
    with AppendServer(port) as server:
        with successor(server=address, spool=tmp_path / "s"), successor(server=address, spool=tmp_path / "s"):
            server.wait_for(4 * 300 + 2)
        lives: dict[str, list[int]] = {}
        for event in server.events:
            if event["action"] == "a":
                lives.setdefault(event["producer"]["epoch"], []).append(event["input"])
        assert list(lives.values()) == [list(range(300))] * 4


def test_a_forked_child_records_for_itself_and_sends_nothing_of_its_parents(tmp_path):
    code = (
        "for n in range(50): client.record('parent', input=n)\n"
        "pid = os.fork()\n"
        "for n in range(50): client.record('child' if pid == 0 else 'parent', input=n + 50)\n"
        "assert client.flush(None)\n"
        "assert client.stats().recorded == (50 if pid == 0 else 100)\n"
        "os._exit(0) if pid == 0 else sys.exit(os.waitpid(pid, 0)[1])\n"
    )
    with AppendServer() as server:
        run_application(code, server=server.url, spool=tmp_path / "s")
        by_action: dict[str, list[tuple]] = {}
        for event in server.events:
            by_action.setdefault(event["action"], []).append((event["producer"]["epoch"], event["producer"]["seq"]))
        assert [seq for _, seq in by_action["parent"]] == list(range(1, 101))
        assert [seq for _, seq in by_action["child"]] == list(range(1, 51))
        assert by_action["parent"][0][0] != by_action["child"][0][0]


def test_a_child_forked_while_the_server_is_away_leaves_the_parents_spool_alone(tmp_path):
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    code = (
        "for n in range(50): client.record('parent', input=n)\n"
        "while client.stats().spooled < 50: client.flush(0.02)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    client.record('child', input=0); client.close(0.1); os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "print('ready', flush=True); sys.stdin.read()\n"
        "client.flush(60)\n"
    )
    application = start_application(code, server=address, spool=tmp_path / "s")
    wait_for_line(application, "ready")
    with AppendServer(port) as server:
        application.communicate(timeout=120)
        assert application.returncode == 0
        with successor(server=address, spool=tmp_path / "s"):
            server.wait_for(52)
        actions = [event["action"] for event in server.events]
        assert (actions.count("parent"), actions.count("child")) == (50, 1)
        assert [event["input"] for event in server.events if event["action"] == "parent"] == list(range(50))


def test_workers_of_multiprocessing_flush_when_they_end(tmp_path):
    code = (
        "import multiprocessing\n"
        "def work(n): client.record('a', input=n)\n"
        "context = multiprocessing.get_context('fork')\n"
        "workers = [context.Process(target=work, args=(n,)) for n in range(3)]\n"
        "[worker.start() for worker in workers]; [worker.join() for worker in workers]\n"
    )
    with AppendServer() as server:
        run_application(code, server=server.url, spool=tmp_path / "s")
        assert sorted(inputs(server)) == [0, 1, 2]


def test_an_interrupt_ends_the_application_and_what_it_recorded_is_kept(tmp_path):
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    code = (
        "for n in range(100): client.record('a', input=n)\n"
        "try:\n    print('ready', flush=True)\n    client.flush(None)\nexcept KeyboardInterrupt:\n    sys.exit(0)\n"
    )
    application = start_application(code, server=address, spool=tmp_path / "s")
    wait_for_line(application, "ready")
    application.send_signal(signal.SIGINT)
    application.communicate(timeout=60)
    assert application.returncode == 0
    with AppendServer(port) as server:
        with successor(server=address, spool=tmp_path / "s"):
            server.wait_for(101)
        assert [n for n in inputs(server) if n >= 0] == list(range(100))


def test_a_full_disk_costs_nothing_while_memory_has_room(tmp_path):
    """A limit on file sizes stands in for the disk: every write to the spool fails in the middle."""
    port = closed_port()
    address = f"http://127.0.0.1:{port}"
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "for n in range(500): assert client.record('a', input=n)\n"
        "assert not client.flush(0.5)\n"
        "assert client.stats().spooled == 0, client.stats()\n"
        "print('ready', flush=True); sys.stdin.read()\n"
        "assert client.flush(60), client.stats()\n"
    )
    application = start_application(code, server=address, spool=tmp_path / "s")
    wait_for_line(application, "ready")
    with AppendServer(port) as server:
        application.communicate(timeout=120)
        assert application.returncode == 0
        assert inputs(server) == list(range(500))
