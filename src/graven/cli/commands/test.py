"""`graven test`: one test across runs, and one attempt of it with everything that happened."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.printable import printable
from graven.cli.run_reading import duration_text, feed_log, shown_time, tell_left_out
from graven.qa.history import TestHistory
from graven.qa.identity import full_name

__all__ = ["command"]

EXAMPLES = """
graven test history test_total
graven test history "shop::test_total[eur-3]" --limit 50
graven test show test_total
"""
SHOW_EXAMPLES = """
graven test show test_total
graven test show "test_total[eur-3]" --run ci-4711 --attempt 1
graven test show total --full
"""


@click.group("test", cls=TeachingGroup, short_help=COMMANDS["test"], epilog=EXAMPLES)
def command() -> None:
    """Show one test: how it went in each run, or all of one attempt."""


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

    TEST is its name, "suite::name" where several suites have it, or a part that no other test has; parameters are
    part of the name.
    """
    with read_chosen(server, data, token) as access:
        view: TestHistory = feed_log(access, log, lambda load: TestHistory(test, load), quiet=as_json)
    shown = view.appearances()
    if as_json:
        import msgspec

        terminal.emit_json(msgspec.to_builtins(shown[:limit]))
        return
    tell_left_out(view.events)
    if not view.is_whole:
        terminal.note(f"of {printable(full_name(shown[0].result.suite, shown[0].result.test))}")
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


@command.command("show", cls=TeachingCommand, epilog=SHOW_EXAMPLES)
@click.argument("test")
@click.option("--run", metavar="RUN", help='In this run, or "last" [the newest that has the test].')
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="This attempt [the last that failed].")
@click.option("--environment", metavar="NAME", help="In this environment, where a run has several.")
@click.option("--full", is_flag=True, help="Cut nothing, and show headers.")
@log_option
@access_options
@json_option
def show(
    test: str,
    run: str | None,
    attempt: int | None,
    environment: str | None,
    full: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show all that is recorded of TEST: why it failed, and what happened in it, in one timeline.

    TEST is its name or an unambiguous part of it. The timeline has the exact inputs and outputs of every source
    that shares the test's trace: HTTP, SQL, and the events of the services that it called. The number before each
    is its entry, for "graven show" and "graven prove".
    """
    with read_chosen(server, data, token) as access:
        shown = access.shown_test(log, test, run, attempt, environment)
    if as_json:
        import msgspec

        terminal.emit_json(msgspec.to_builtins(shown))
        return
    from graven.cli.test_text import test_lines
    from graven.cli.timeline_text import timeline_lines

    for line in test_lines(shown, full=full):
        print(line)
    sources = len({item.source for item in shown.timeline})
    count = f"{terminal.plural(len(shown.timeline), 'event')} of {terminal.plural(sources, 'source')}"
    print()
    print(terminal.paint("Timeline", bold=True) + f"  {count}: entry, time, what")
    for line in timeline_lines(shown.timeline, full=full):
        print(line)
    if not full:
        print(terminal.paint("  graven show N: all of entry N; --full: all of everything", dim=True))
    if shown.left_out:
        terminal.note(f"{terminal.plural(shown.left_out, 'later event')} of this test did not fit and stayed out")
