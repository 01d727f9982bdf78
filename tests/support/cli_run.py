"""Running the command line in tests: as a process, with an environment of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["CommandLine", "Ran"]


class Ran(NamedTuple):
    """A command that ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


@dataclass
class CommandLine:
    """`graven` in the folder `home`, with nothing of the caller's settings."""

    home: Path
    environ: dict[str, str]

    @classmethod
    def at(cls, home: Path, **environ: str) -> "CommandLine":
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GRAVEN_")}
        state = {"XDG_STATE_HOME": str(home / "state"), "NO_COLOR": "1", "COLUMNS": "80"}
        return cls(home, {**inherited, **state, **environ})

    def run(self, *arguments: str | Path, stdin: bytes = b"", **environ: str) -> Ran:
        finished = subprocess.run(
            [sys.executable, "-m", "graven", *map(str, arguments)],
            cwd=self.home,
            env={**self.environ, **environ},
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(finished.returncode, finished.stdout, finished.stderr.decode())

    def must(self, *arguments: str | Path, stdin: bytes = b"") -> Ran:
        """`run`, and it succeeded."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.code == 0, (arguments, ran.text, ran.err)
        return ran
