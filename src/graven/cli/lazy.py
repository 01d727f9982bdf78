"""A click group that imports a command only when it is asked for.

The table below carries each command's one-line help, so that `graven --help` imports no command at all;
a test compares the table with the commands themselves.
"""

import difflib
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from graven.cli.texts import read_texts

__all__ = ["COMMANDS", "LazyGroup", "TeachingCommand", "TeachingGroup"]

COMMANDS: Mapping[str, str] = {
    "demo": "Watch a log being recorded, proven, attacked and found out.",
    "serve": "Run the recorder on a data directory.",
    "record": "Record events given as flags, JSON or NDJSON.",
    "import": "Import test reports, Kubernetes audit logs and event files.",
    "push": "Add a log that a CI job recorded, once, with its own proof.",
    "open": "Show where to look: the newest run, a test, an event.",
    "snapshot": "Record the state of a table or of the files in a folder.",
    "search": "Find events: a table, JSON, counts, a histogram.",
    "tail": "Follow events as they arrive.",
    "around": "Show what happened just before and after an event.",
    "show": "Show one entry: who, what, when, how, inputs and outputs.",
    "runs": "List test runs: state, verdict, counts, commit.",
    "run": "Show one test run with its tests.",
    "test": "Show one test across runs, or all that happened in it.",
    "prove": "Write the proof that an entry is in the log.",
    "verify": "Check a log or a proof; find what was changed.",
    "export": "Write entries or matches of a query, a proof archive or plain tiles.",
    "alert": "Be told when a query matches too often, or no more.",
    "log": "Create and list logs; accept a restored copy.",
    "spool": "Show and deliver what recorders keep for a server that was away.",
    "token": "Create, list and revoke tokens.",
    "key": "Show the key that verifies a log.",
    "index": "Show how far logs are indexed; derive an index again.",
    "doctor": "Check settings and a data directory; explain what is wrong.",
    "completion": "Print the completion script of a shell.",
}
"""Name → one-line help, in the order in which help shows them: a newcomer's order."""


def _raise_unknown(ctx: click.Context, kind: str, name: str, known: Sequence[str], meant: str | None) -> None:
    close = [meant] if meant else difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    message = f'there is no {kind} "{name}"'
    if close:
        message += f': did you mean "{close[0]}"?'
    raise click.UsageError(message, ctx)


class TeachingCommand(click.Command):
    """A command whose long help keeps its line breaks; epilogs are examples, verbatim. Its texts are UTF-8."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click. UsageError for a text that is not UTF-8."""
        left = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            read_texts(self, ctx)
        return left

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples are code: indented as written, never re-wrapped."""
        if not self.epilog:
            return
        formatter.write_paragraph()
        formatter.write("Examples:\n")
        for line in self.epilog.strip().splitlines():
            formatter.write(f"  {line.strip()}\n" if line.strip() else "\n")


class TeachingGroup(click.Group):
    """A group that suggests the nearest name for a mistyped one, or the one that other words are `meant` for."""

    command_class = TeachingCommand

    def __init__(self, *args: Any, meant: Mapping[str, str] | None = None, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._meant = meant or {}

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The same as for commands."""
        TeachingCommand.format_epilog(self, ctx, formatter)  # type: ignore[arg-type]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but an unknown name is answered with the nearest one."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            _raise_unknown(ctx, "command", name, self.list_commands(ctx), self._meant.get(name))
        return super().resolve_command(ctx, args)


class LazyGroup(TeachingGroup):
    """The top group: names and help from `COMMANDS`, code on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in teaching order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command; None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        # `import` is a keyword, so its module cannot be called that
        module_name = "import_" if cmd_name == "import" else cmd_name
        module: Any = import_module(f"graven.cli.commands.{module_name}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module_name}.command is {type(command).__name__}, not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
