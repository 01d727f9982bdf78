"""A small project whose tests are run by a pytest of its own, and what that left in `.graven`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from graven.log import open_log

SRC = Path(__file__).parents[3] / "src"


class Project:
    """`folder` holds the tests; no plugin is loaded but those a call names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        self.folder.mkdir()
        self.state = folder / "state"
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        self.data = self.folder / ".graven"

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(dedent(text))

    def environ(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
            "PYTHONPATH": str(SRC),
            "XDG_STATE_HOME": str(self.state),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **more,
        }

    def command(self, *arguments: str, plugins: tuple[str, ...] = (), flag: str = "--graven") -> list[str]:
        named = [word for plugin in ("graven.pytest_plugin.entry", *plugins) for word in ("-p", plugin)]
        return [sys.executable, "-m", "pytest", *named, *([flag] if flag else []), *arguments]

    def run(
        self, *arguments: str, plugins: tuple[str, ...] = (), flag: str = "--graven", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, plugins=plugins, flag=flag),
            cwd=self.folder,
            env=self.environ(**environ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def entries(self) -> list[dict[str, Any]]:
        log = open_log(self.data, "default", state_dir=self.state / "graven")
        try:
            found = []
            for raw in log.entries(0, log.size):
                entry = json.loads(raw)
                if "blob" in entry:
                    entry["data"] = json.loads(log.blobs.get(entry["blob"]["digest"]))
                found.append(entry)
            return found
        finally:
            log.close()

    def events(self, action: str = "") -> list[dict[str, Any]]:
        return [entry["data"] for entry in self.entries() if entry["data"]["action"].startswith(action)]

    def cases(self) -> dict[str, dict[str, Any]]:
        """Name of the test behind the last `::` → its event; each test must be there once."""
        found: dict[str, dict[str, Any]] = {}
        for event in self.events("test.case.finish"):
            name = event["qa"]["test"].rpartition("::")[2]
            assert name not in found, f"{name} is recorded twice"
            found[name] = event
        return found

    def statuses(self) -> dict[str, str]:
        return {name: event["qa"]["status"] for name, event in self.cases().items()}

    def every_byte(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.data.rglob("*")) if path.is_file())
