"""Several processes: workers of xdist, and those that are killed."""

import json
import os
import signal
import subprocess
import time

import pytest

MANY = "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_many(n): assert n != 7\n"


def test_xdist_records_every_test_once_in_one_run(project):
    project.write(test_many=MANY)
    said = project.run("-n2", plugins=("xdist.plugin",))
    assert len(project.cases()) == 20
    (start,), (finish,) = project.events("test.run.start"), project.events("test.run.finish")
    assert len(start["input"]["selected"]) == 20
    assert start["attributes"]["workers"] == 2
    assert finish["output"] == {"failed": 1, "passed": 19}
    assert {event["qa"]["run"] for event in project.events()} == {start["qa"]["run"]}
    assert "graven test show 'test_many.py::test_many[7]' --data .graven" in said.stdout
    assert not list((project.data / "spool").glob("*.ndjson"))


def test_deselection_is_recorded_under_xdist(project):
    project.write(test_many=MANY)
    project.run("-n2", "-k", "not test_many[7]", plugins=("xdist.plugin",))
    assert project.events("test.run.start")[0]["input"]["deselected"] == ["test_many.py::test_many[7]"]


def test_a_killed_worker_leaves_what_it_had_and_its_last_test_as_an_error(project):
    project.write(
        test_kill="""
        import os, signal
        def test_before(): pass
        def test_kills(): os.kill(os.getpid(), signal.SIGKILL)
        def test_after(): pass
        """
    )
    project.run("-n1", plugins=("xdist.plugin",))
    assert project.statuses() == {"test_before": "passed", "test_kills": "error", "test_after": "passed"}
    assert project.cases()["test_kills"]["error"]["type"] == "WorkerCrashed"
    assert len(project.events("test.run.start")) == 1


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_the_run_of_a_killed_pytest_is_merged_by_the_next_session_and_stays_open(project, workers):
    project.write(
        test_wait="""
        import os, time
        def test_before(): pass
        def test_waits():
            open("waiting", "w").close()
            while os.path.exists("waiting"): time.sleep(0.01)
        """
    )
    process = subprocess.Popen(
        project.command(*workers, "-p", "no:cacheprovider", plugins=("xdist.plugin",) if workers else ()),
        cwd=project.folder, env=project.environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    waiting = project.folder / "waiting"
    try:
        deadline = time.monotonic() + 60
        while not waiting.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    finally:
        waiting.unlink()
    project.write(test_wait="def test_next(): pass\n")
    _until_unlocked(project)
    said = project.run()
    killed, finished = project.events("test.run.start")
    assert "that earlier sessions left" in said.stdout
    assert [event["qa"]["run"] for event in project.events("test.run.finish")] == [finished["qa"]["run"]]
    by_run = {event["qa"]["test"]: event["qa"]["run"] for event in project.events("test.case.finish")}
    assert by_run["test_wait.py::test_before"] == killed["qa"]["run"] != finished["qa"]["run"]


def test_a_spool_that_is_merged_twice_adds_nothing(project):
    project.write(test_many=MANY)
    project.run(PYTHONPATH=_without_cryptography(project))
    (spool,) = (project.data / "spool").glob("*.ndjson")
    kept = spool.read_bytes()
    project.run("--collect-only")
    once = len(project.events("test.case.finish"))
    spool.write_bytes(kept + b'{"half":')
    project.run("--collect-only")
    assert once == 20
    assert len(project.events("test.case.finish")) == once


def test_two_sessions_join_one_run_as_two_shards(project):
    project.write(test_a="def test_a(): pass\n", test_b="def test_b(): pass\n")
    project.run("test_a.py", GRAVEN_RUN="ci-118", GRAVEN_SHARD="1")
    project.run("test_b.py", GRAVEN_RUN="ci-118", GRAVEN_SHARD="2")
    starts = project.events("test.run.start")
    assert [(e["qa"]["run"], e["attributes"]["shard"]) for e in starts] == [("ci-118", "1"), ("ci-118", "2")]


def _without_cryptography(project):
    hidden = project.folder.parent / "hidden"
    hidden.mkdir()
    (hidden / "cryptography.py").write_text("raise ImportError('No module named cryptography', name='cryptography')\n")
    return f"{hidden}{os.pathsep}{project.environ()['PYTHONPATH']}"


def _until_unlocked(project):
    """The worker of a killed controller ends by itself, a moment later."""
    from graven.pytest_plugin.spool import finished_spools

    spools = list((project.data / "spool").glob("*.ndjson"))
    deadline = time.monotonic() + 60
    while len(list(finished_spools(project.data / "spool"))) < len(spools) and time.monotonic() < deadline:
        time.sleep(0.02)
    for spool in spools:
        for line in spool.read_bytes().splitlines():
            json.loads(line)
