"""Small applications in processes of their own, which the tests start, kill and look at."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def start_application(code: str, *, server: str, spool: Path, token: str = "") -> subprocess.Popen[str]:
    """Run `code` with `client` bound to a graven.Client made from the environment; stdout is piped."""
    prelude = "import os, sys, graven\nclient = graven.Client(batch_age_s=0.01, backoff_base_s=0.01, source='app')\n"
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "GRAVEN_SERVER": server, "GRAVEN_SPOOL": str(spool), "GRAVEN_TOKEN": token},
    )


def run_application(code: str, *, server: str, spool: Path, token: str = "") -> str:
    """Run to the end; gives stdout, fails on any exit code but 0."""
    process = start_application(code, server=server, spool=spool, token=token)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, process.returncode
    return out


@contextlib.contextmanager
def successor(*, server: str, spool: Path) -> Iterator[None]:
    """A next process of the same application, which runs for the block."""
    process = start_application("client.record('b', input=-1); sys.stdin.read()", server=server, spool=spool)
    try:
        yield
    finally:
        process.communicate(timeout=120)
        assert process.returncode == 0


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    """Read stdout up to `line`."""
    assert process.stdout is not None
    for read in process.stdout:
        if read.strip() == line:
            return
    raise AssertionError(f"the application ended with {process.wait()} before it said {line!r}")
