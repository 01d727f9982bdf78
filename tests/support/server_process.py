"""A real `graven serve` on 127.0.0.1, in a process of its own.

    with running_server(data_dir) as server:
        httpx.get(f"{server.url}/readyz")

Readiness is the line that the server prints when it listens; nothing sleeps. The high-water marks go
beside the data directory, so that a test never touches those of the user.
"""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.support.process_tree import children_of, memory_bytes

__all__ = ["ServerProcess", "StartFailed", "running_server", "start_server"]

_OPEN = re.compile(r"graven: open (https?://\S+)")
_READY = re.compile(r"graven: ready on (https?://\S+), data in")
_START_TIMEOUT_S = 60


class StartFailed(Exception):
    """The server ended before it was ready; `text` is what it said."""

    def __init__(self, returncode: int | None, text: str) -> None:
        super().__init__(f"the server ended with {returncode}:\n{text}")
        self.returncode = returncode
        self.text = text


@dataclass
class ServerProcess:
    """A running server. `token` has all roles."""

    process: subprocess.Popen[str]
    data: Path
    url: str = ""
    lines: list[str] = field(default_factory=list)
    reader: threading.Thread = field(default_factory=threading.Thread)
    """Fills `lines`; ends when the server has closed its stderr."""
    opened: "queue.SimpleQueue[None]" = field(default_factory=queue.SimpleQueue)
    """Holds something once the address of the UI was printed."""

    @property
    def token(self) -> str:
        return (self.data / "owner.token").read_text().strip()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def stderr(self) -> str:
        """All that it printed so far."""
        return "".join(self.lines)

    def client(self, **options: object) -> httpx.Client:
        """A client with the owner's token; `headers` may replace it."""
        options = {"base_url": self.url, "headers": self.headers, "timeout": 60, "trust_env": False, **options}
        return httpx.Client(**options)  # type: ignore[arg-type]

    def login_address(self) -> str:
        """The one-time address that opens the browser UI; waits for the line after the one that says ready."""
        with contextlib.suppress(queue.Empty):
            self.opened.put(self.opened.get(timeout=_START_TIMEOUT_S))
        return next(match[1] for line in self.lines if (match := _OPEN.search(line)) is not None)

    def resident_bytes(self) -> int:
        """Resident memory of the process and its parsers now (Linux)."""
        return self._memory("VmRSS")

    def peak_bytes(self) -> int:
        """The most that the process and its parsers ever held, each (Linux)."""
        return self._memory("VmHWM")

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(timeout=60)

    def _memory(self, name: str) -> int:
        pids = [self.process.pid, *children_of(self.process.pid)]
        return sum(memory_bytes(pid, name) for pid in pids)


def start_server(data: Path, *flags: str, env: dict[str, str] | None = None, index: bool = False) -> ServerProcess:
    """Start it and wait until it listens; StartFailed when it ends before that.

    Without `index` it runs no index process: most tests search for nothing, and starting one takes a second.
    """
    listen = [] if "--listen" in flags else ["--listen", "127.0.0.1:0"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GRAVEN_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "graven", "serve", "--data", str(data), *listen, *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **inherited,
            "GRAVEN_INDEX_ENABLED": str(index).lower(),
            "XDG_STATE_HOME": str(data.parent / f"{data.name}-state"),
            **(env or {}),
        },
    )
    server = ServerProcess(process, data)
    ready: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stderr is not None
        with process.stderr as stream:
            for line in stream:
                server.lines.append(line)
                if (match := _READY.search(line)) is not None:
                    ready.put(match[1])
                if _OPEN.search(line) is not None:
                    server.opened.put(None)
        ready.put(None)

    server.reader = threading.Thread(target=read, daemon=True)
    server.reader.start()
    try:
        url = ready.get(timeout=_START_TIMEOUT_S)
    except queue.Empty:
        process.kill()
        url = None
    if url is None:
        raise StartFailed(process.wait(timeout=60), server.stderr)
    server.url = url
    return server


@contextlib.contextmanager
def running_server(
    data: Path, *flags: str, env: dict[str, str] | None = None, index: bool = False
) -> Iterator[ServerProcess]:
    """A server for the block; SIGTERM at its end, unless it is gone already."""
    server = start_server(data, *flags, env=env, index=index)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            try:
                server.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                server.kill()
                raise
