"""System calls of a running server that fail or are late, by strace's fault injection.

    with injected(server, tmp_path / "trace", "fdatasync:error=EIO:when=1") as trace:
        ...
    assert trace.hits()

strace attaches to the process and all its threads, and lets go at the end of the block; from then on calls
are what they were. `when=` counts per thread from the moment it attached.
"""

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from tests.support.server_process import ServerProcess

__all__ = ["Trace", "injected", "needs_strace"]

_ATTACH_TIMEOUT_S = 30


@cache
def _unusable() -> str:
    """Why strace cannot inject faults here, or an empty text."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed"
    target = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        process = subprocess.Popen(
            [strace, "-o", os.devnull, "-e", "inject=fdatasync:error=EIO", "-p", str(target.pid)],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        with process.stderr as stream:
            first = stream.readline().strip()
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
        return "" if "attached" in first else first
    finally:
        target.communicate()


def needs_strace() -> None:
    """Skip, saying why, where processes may not be traced."""
    if reason := _unusable():
        pytest.skip(f"strace cannot inject faults: {reason}")


@dataclass(frozen=True)
class Trace:
    """What strace wrote."""

    path: Path

    def hits(self) -> list[str]:
        """The calls that were made to fail or to wait."""
        lines = self.path.read_text(errors="replace").splitlines()
        return [line for line in lines if "INJECTED" in line or "DELAYED" in line]


@contextlib.contextmanager
def injected(server: ServerProcess, output: Path, *faults: str, only: Path | None = None) -> Iterator[Trace]:
    """Inject `faults` (`call:error=…:when=…`) for the block; `only` limits them to one path's descriptors."""
    calls = ",".join(fault.partition(":")[0] for fault in faults)
    flags = [f"--inject={fault}" for fault in faults] + ([] if only is None else ["-P", str(only)])
    process = subprocess.Popen(
        ["strace", "-f", "-o", str(output), "-e", f"trace={calls}", *flags, "-p", str(server.process.pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    attached: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        assert process.stderr is not None
        with process.stderr as stream:
            for line in stream:
                if "attached" in line:
                    attached.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        attached.get(timeout=_ATTACH_TIMEOUT_S)
        yield Trace(output)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        reader.join(timeout=30)
