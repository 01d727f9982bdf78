"""A data directory for fault tests: what was acknowledged, and the judges who look at it afterwards.

The judges are the product's own: `graven verify` as a process, and every entry read back from disk. The
high-water marks lie beside the data directory, where `server_process` puts them too.
"""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.cli_run import CommandLine, Ran
from tests.support.server_process import ServerProcess, StartFailed, running_server, start_server

from graven.log.start import open_log
from graven.verify.engine import verify
from graven.verify.source import open_source

__all__ = ["World", "event_of", "mounted_tmpfs"]


def event_of(name: str, *, padding: int = 0) -> dict[str, Any]:
    """A small event with the id `name`; `padding` bytes of an attribute that does not compress."""
    event: dict[str, Any] = {"id": name, "action": "fault.step", "actor": {"id": "tester"}}
    if padding:
        event["attributes"] = {"padding": os.urandom(padding // 2).hex()}
    return event


@dataclass
class World:
    """`data` is the directory; `acknowledged` maps the id of every acknowledged event to its index."""

    data: Path
    acknowledged: dict[str, int] = field(default_factory=dict)
    next_name: int = 0

    @property
    def log(self) -> Path:
        return self.data / "logs" / "default"

    @property
    def state_home(self) -> Path:
        """XDG_STATE_HOME of its servers and commands."""
        return self.data.parent / f"{self.data.name}-state"

    @contextmanager
    def server(self, *flags: str, **environ: str) -> Iterator[ServerProcess]:
        with running_server(self.data, *flags, env=environ) as server:
            yield server
        assert "Traceback" not in server.stderr, server.stderr

    def refusal(self, *flags: str, **environ: str) -> str:
        """What the server says that does not start: error, why and what to try, and no traceback."""
        with pytest.raises(StartFailed) as caught:
            start_server(self.data, *flags, env=environ).kill()
        text = caught.value.text
        assert "Traceback" not in text, text
        assert caught.value.returncode == 8, caught.value
        for label in ("error: ", "  why: ", "  try: "):
            assert label in text, text
        return text

    def events(self, count: int, *, padding: int = 0) -> list[dict[str, Any]]:
        """New events, each with an id of its own."""
        names = [f"e{number}" for number in range(self.next_name, self.next_name + count)]
        self.next_name += count
        return [event_of(name, padding=padding) for name in names]

    def send(self, client: httpx.Client, events: list[dict[str, Any]], **headers: str) -> httpx.Response:
        """Post a batch; when it is acknowledged, so it is noted, duplicates at the index they name."""
        answer = client.post("/v1/logs/default/events", json=events, headers=headers)
        if answer.status_code == 200:
            told = answer.json()
            fresh = [at for at in range(len(events)) if str(at) not in told["duplicates"]]
            places = {at: told["first"] + place for place, at in enumerate(fresh)}
            places |= {int(at): index for at, index in told["duplicates"].items()}
            self.acknowledged |= {event["id"]: places[at] for at, event in enumerate(events)}
        return answer

    def copy(self, target: Path) -> "World":
        """The directory and the high-water marks, copied as if this were the only one; the copy has been acknowledged
        the same."""
        shutil.copytree(self.data, target)
        if self.state_home.exists():
            memory = target.parent / f"{target.name}-state"
            shutil.copytree(self.state_home, memory, ignore=shutil.ignore_patterns("places"))
        return World(target, dict(self.acknowledged), self.next_name)

    def graven(self, *arguments: str | Path, **environ: str) -> Ran:
        """A `graven` command on this machine; it never shows a traceback."""
        line = CommandLine.at(self.data.parent, XDG_STATE_HOME=str(self.state_home))
        ran = line.run(*arguments, **environ)
        assert "Traceback" not in ran.err, ran.err
        assert "Traceback" not in ran.text, ran.text
        return ran

    def verify(self, name: str = "default", *flags: str) -> Ran:
        return self.graven("verify", self.data, "--log", name, "--forget", *flags)

    def entries(self, name: str = "default") -> list[dict[str, Any]]:
        """Every committed entry, by opening the log, which no server may hold."""
        log = open_log(self.data, name, state_dir=self.state_home / "graven")
        try:
            return [json.loads(entry) for entry in log.entries(0, log.size)]
        finally:
            log.close()

    def actions(self) -> list[str]:
        """The actions in `system`, in order."""
        return [entry["data"]["action"] for entry in self.entries("system")]

    def judge(self) -> None:
        """Every acknowledged event is at its index, no id is there twice, and both logs verify."""
        stored = [entry["id"] for entry in self.entries()]
        assert max(Counter(stored).values(), default=1) == 1
        assert {name: stored[index] for name, index in self.acknowledged.items()} == {
            name: name for name in self.acknowledged
        }
        ran = self.verify()
        assert ran.code == 0, (ran.text, ran.err)
        report = verify(open_source(str(self.data / "logs" / "system"), None), None, workers=0)
        assert not report.findings, report.findings


def mounted_tmpfs(folder: Path, size_bytes: int) -> str | None:
    """Mount a tmpfs of that size on `folder`; None when that is done, else why not."""
    if os.geteuid() != 0:
        return "mounting a tmpfs needs root"
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip()
