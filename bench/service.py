"""A real `graven serve` in a process of its own, for the benchmarks."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Service", "serving"]


@dataclass(frozen=True)
class Service:
    host: str
    port: int
    token: str
    pid: int
    ready_s: float

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(data: Path, *flags: str) -> Iterator[Service]:
    """Start `graven serve` on `data`, wait until it is ready, stop it with SIGTERM at the end."""
    port = _free_port()
    env = {**os.environ, "XDG_STATE_HOME": str(data.parent / "state")}
    command = [
        sys.executable,
        "-m",
        "graven",
        "serve",
        "--data",
        str(data),
        "--listen",
        f"127.0.0.1:{port}",
        *flags,
    ]
    start = time.perf_counter()
    with (data.parent / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
    try:
        while True:
            if process.poll() is not None:
                raise SystemExit(f"the server ended with {process.returncode}: see {data.parent / 'server.log'}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.005)
        ready = time.perf_counter() - start
        token = (data / "owner.token").read_text().strip()
        yield Service("127.0.0.1", port, token, process.pid, ready)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
