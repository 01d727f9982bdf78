"""The processes of the demonstration: the server, the shop, and commands; all end with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx

from graven.errors import GravenError

__all__ = [
    "Ran",
    "Service",
    "environment",
    "free_port",
    "run_graven",
    "run_python",
    "wait_for_end",
    "wait_until_ready",
    "wait_until_said",
]

START_S = 30.0
COMMAND_S = 120.0


class Ran(NamedTuple):
    """A command that ended: its exit code and everything it printed."""

    code: int
    output: str


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_graven(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Ran:
    """Run `graven` as its own process, as a person would."""
    return run_python(["-m", "graven", *arguments], environ, cwd)


def run_python(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Ran:
    """Run this Python with these arguments."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=COMMAND_S,
        check=False,
    )
    return Ran(finished.returncode, finished.stdout.decode("utf-8", "replace"))


class Service:
    """A process in the background, its output in a file; ended by SIGTERM when the block is left."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                list(arguments),
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches this program only, which then ends its services in order
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        """SIGTERM, then wait; SIGKILL when that does not help. Gives the exit code."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def tail(self, lines: int = 15) -> str:
        """The end of its output, for an error message."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""


def wait_until_ready(service: Service, address: str, path: str) -> None:
    """Ask until the service answers below 500; GravenError when it ends or takes too long."""
    deadline = time.monotonic() + START_S
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while time.monotonic() < deadline:
            if not service.running:
                raise GravenError(f"{address} ended at once", why=service.tail())
            with contextlib.suppress(httpx.HTTPError):
                if client.get(address + path).status_code < 500:
                    return
            time.sleep(0.05)
    raise GravenError(f"{address} does not answer after {START_S:.0f} s", why=service.tail())


def wait_until_said(service: Service, text: str) -> None:
    """Wait until the service has printed `text`; GravenError when it ends or takes too long."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if text in service.tail(1000):
            return
        if not service.running:
            break
        time.sleep(0.05)
    raise GravenError(f"a process of the demonstration did not start: {text!r} was never printed", why=service.tail())


def wait_for_end(service: Service) -> None:
    """Until Ctrl-C, SIGTERM, or the service's own end."""
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while service.running and not asked.wait(0.25):
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def environment(base: Mapping[str, str], **extra: str) -> dict[str, str]:
    """The environment of all processes: nothing of the user's own settings, no state outside the folder."""
    kept = {name: value for name, value in base.items() if not name.startswith("GRAVEN_")}
    return {**kept, "PYTHONUNBUFFERED": "1", **extra, "PATH": base.get("PATH", os.defpath)}
