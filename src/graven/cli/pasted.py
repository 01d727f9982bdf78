"""Commands to be printed: they name their place, so that they run when pasted whatever the environment says."""

import os
import shlex
from dataclasses import dataclass

from graven.cli.access.choose import Place
from graven.program import program

__all__ = ["Pasted"]


@dataclass(frozen=True, slots=True)
class Pasted:
    """`flags` choose the place and the log, `target` is what `verify` takes."""

    program: str
    flags: str
    target: str

    @classmethod
    def at(cls, place: Place, log: str) -> "Pasted":
        """For a place and a log, as somebody would type them here. A token is never printed."""
        named = ["--data", str(place.data)] if place.data is not None else []
        if place.server is not None and place.because == "--server":
            named = ["--server", place.server]
        if log != (os.environ.get("GRAVEN_LOG") or "default"):
            named += ["--log", log]
        target = f"{place.server}/logs/{log}" if place.data is None else str(place.data)
        of = "" if place.data is None or log == "default" else f" --log {log}"
        return cls(program(), "".join(f" {shlex.quote(word)}" for word in named), shlex.quote(target) + of)

    def show(self, index: int) -> str:
        """The command that shows an entry."""
        return f"{self.program} show {index}{self.flags}"

    def open(self, what: str = "") -> str:
        """The command that opens a run, a test or an event."""
        meant = f" {shlex.quote(what)}" if what else ""
        return f"{self.program} open{meant}{self.flags}"

    def runs(self) -> str:
        """The command that lists the runs."""
        return f"{self.program} runs{self.flags}"

    def run(self, run: str) -> str:
        """The command that lists the tests of a run."""
        return f"{self.program} run show {shlex.quote(run)}{self.flags}"

    def test(self, test: str, run: str) -> str:
        """The command that shows a test in a run, with everything that happened in it."""
        return f"{self.program} test show {shlex.quote(test)} --run {shlex.quote(run)}{self.flags}"

    def history(self, test: str) -> str:
        """The command that shows a test across runs."""
        return f"{self.program} test history {shlex.quote(test)}{self.flags}"

    def verify(self) -> str:
        """The command that verifies the log."""
        return f"{self.program} verify {self.target}"
