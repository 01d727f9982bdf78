"""SIGKILL during the very first start, at random moments: the next start always works, nothing half is left."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.fault_world import World

from graven.verify.engine import verify
from graven.verify.source import open_source

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the recorder runs on Linux")]

STEPS = (
    # in the order of their appearance, which is the moment from which the delay counts
    "control.sqlite",
    "logs/.creating-system",
    "logs/system",
    "keys/redaction.hmac",
    "logs/.creating-default",
    "logs/default",
    "owner.token",
)


def kill_at(world: World, step: str | None, delay_s: float) -> None:
    """Start it on a directory that does not exist, and kill it `delay_s` after `step` appeared."""
    process = subprocess.Popen(
        [sys.executable, "-m", "graven", "serve", "--data", str(world.data), "--listen", "127.0.0.1:0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(world.state_home)},
    )
    try:
        # a folder under its temporary name may be gone before anybody looks: any later step will do
        later = STEPS[STEPS.index(step) :] if step is not None else ()
        while step is not None and not any((world.data / name).exists() for name in later):
            with contextlib.suppress(subprocess.TimeoutExpired):  # not a spin: the server needs the core
                process.wait(timeout=0.001)
                raise AssertionError(process.communicate()[1].decode())
        # the kernel's own timeout: the process may also be faster and be ready by then, which is a moment too
        process.wait(timeout=delay_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("rounds", [len(STEPS) + 1, pytest.param(80, marks=pytest.mark.soak)])
def test_the_next_start_works_and_leaves_no_half_log(tmp_path: Path, rounds: int) -> None:
    rng = random.Random(20261123)
    for number in range(rounds):
        world = World(tmp_path / f"data-{number}")
        step = (None, *STEPS)[number % (len(STEPS) + 1)]
        # twice in a row every fifth time: the second kill meets what the first one left
        for _ in range(2 if number % 5 == 0 else 1):
            kill_at(world, step, rng.uniform(0.0, 0.4 if step is None else 0.02))
        with world.server() as server, server.client() as client:
            answer = world.send(client, world.events(2))
            assert (answer.status_code, answer.json().get("first")) == (200, 0), (step, answer.text)
        folders = sorted(path.name for path in (world.data / "logs").iterdir() if path.is_dir())
        assert folders == ["default", "system"], step
        assert not list(world.log.glob("new.key")), step
        assert (world.data / "owner.token").stat().st_mode & 0o777 == 0o600
        assert [entry["id"] for entry in world.entries()] == ["e0", "e1"]
        for log in ("default", "system"):
            report = verify(open_source(str(world.data / "logs" / log), None), None, workers=0)
            assert not report.findings, (step, report.findings)
        shutil.rmtree(world.data)
