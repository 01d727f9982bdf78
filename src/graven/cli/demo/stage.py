"""The look of the demonstration: sections, commands, ticks. Plain text in a pipe."""

import textwrap
from collections.abc import Sequence

from graven.cli import terminal

__all__ = ["INDENT", "Stage"]

INDENT = 5
"""Columns left of a command's output."""


class Stage:
    """Prints to stdout as it goes, and remembers what went wrong for the summary."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.facts: list[tuple[bool, str]] = []
        self._number = 0
        self._quiet = quiet

    def _print(self, text: str = "") -> None:
        if not self._quiet:
            print(text, flush=True)

    def title(self, text: str, subtitle: str) -> None:
        """The opening lines."""
        self._print()
        self._print(terminal.paint(text, "cyan", bold=True))
        self._print(terminal.wrap(subtitle))

    def section(self, text: str) -> None:
        """A numbered heading over a rule."""
        self._number += 1
        heading = f" {self._number}  {text} "
        rule = "─" * (terminal.width() - len(heading) - 2)
        self._print()
        self._print(terminal.paint(f"──{heading}{rule}", "cyan", bold=True))

    def say(self, text: str) -> None:
        """A paragraph."""
        self._print(terminal.wrap(text, indent="   "))

    def command(self, arguments: Sequence[str]) -> None:
        """The command that is about to run, as a reader would type it."""
        self.shell(" ".join(_quoted(argument) for argument in arguments))

    def shell(self, text: str) -> None:
        """A line of shell, as it is."""
        self._print()
        self._print("   " + terminal.paint("$ ", dim=True) + terminal.paint(text, bold=True))

    def output(self, text: str, *, folded: bool = True) -> None:
        """A command's output, indented; what is too long for the terminal is folded, unless it is to be copied."""
        for line in text.rstrip("\n").splitlines():
            for piece in _folded(line, terminal.width() - INDENT) if folded else [line]:
                self._print(f"{' ' * INDENT}{piece}" if piece else "")

    def tick(self, text: str) -> None:
        """Something went as it must."""
        self.facts.append((True, text))
        self._print("   " + terminal.mark(True) + " " + terminal.wrap(text, hanging="     ", indent="     ").lstrip())

    def cross(self, text: str) -> None:
        """Something did not: the demonstration fails."""
        self.facts.append((False, text))
        self._print("   " + terminal.mark(False) + " " + terminal.wrap(text, hanging="     ", indent="     ").lstrip())

    def check(self, ok: bool, text: str, otherwise: str) -> None:
        """A tick or a cross."""
        if ok:
            self.tick(text)
        else:
            self.cross(otherwise)

    def skip(self, text: str) -> None:
        """Something could not be shown here, and why."""
        self._print("   " + terminal.paint("- ", "yellow") + text)

    @property
    def failed(self) -> bool:
        """True when anything went wrong."""
        return any(not ok for ok, _ in self.facts)

    def summary(self) -> None:
        """All facts again, on one screen."""
        for ok, text in self.facts:
            hanging = "     "
            self._print("   " + terminal.mark(ok) + " " + terminal.wrap(text, hanging=hanging, indent=hanging).lstrip())


def _folded(line: str, room: int) -> list[str]:
    """The line in pieces of at most `room` characters; coloured lines are left alone."""
    if len(line) <= room or "\x1b" in line:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, room, subsequent_indent=indent, break_on_hyphens=False) or [line]


def _quoted(argument: str) -> str:
    if argument and all(c.isalnum() or c in "-_./:=@,+~*>$" for c in argument):
        return argument
    return "'" + argument.replace("'", "'\\''") + "'"
