"""`graven test`: one test across runs."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, json_option, log_option, open_chosen
from graven.cli.printable import printable
from graven.cli.run_reading import duration_text, feed_log, shown_time, tell_left_out
from graven.qa.history import TestHistory

__all__ = ["command"]

EXAMPLES = """
graven test history test_total
graven test history "shop::test_total[eur-3]" --limit 50
"""


@click.group("test", cls=TeachingGroup, short_help=COMMANDS["test"], epilog=EXAMPLES)
def command() -> None:
    """Show one test across runs."""


@command.command("history", cls=TeachingCommand, epilog=EXAMPLES)
@click.argument("test")
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="Show so many, newest first [20].")
@log_option
@access_options
@json_option
def history(
    test: str, limit: int, log: str, server: str | None, token: str | None, data: Path | None, as_json: bool
) -> None:
    """Show how TEST went in each run, newest first.

    TEST is its name, or "suite::name" where several suites have it; parameters are part of the name.
    """
    with open_chosen(server, data, token) as access:
        view: TestHistory = feed_log(access, log, lambda load: TestHistory(test, load), quiet=as_json)
    shown = view.appearances()
    if as_json:
        import msgspec

        terminal.emit_json(msgspec.to_builtins(shown[:limit]))
        return
    tell_left_out(view.events)
    if view.other_identity:
        terminal.note(f"{terminal.plural(view.other_identity, 'run')} named tests by other rules and stayed out")
    rows = [
        [
            printable(one.run),
            one.result.status + (" (flaky)" if one.result.flaky else ""),
            str(len(one.result.attempts)),
            duration_text(one.result.duration_ns),
            printable(one.result.environment),
            printable(one.commit[:10]),
            shown_time(one.received_ns),
            str(one.result.attempts[-1].index),
        ]
        for one in shown[:limit]
    ]
    print(terminal.table(["RUN", "STATUS", "ATTEMPTS", "TOOK", "ENV", "COMMIT", "WHEN", "ENTRY"], rows))
    if len(shown) > limit:
        terminal.note(f"{len(shown) - limit} older: --limit {len(shown)}")
