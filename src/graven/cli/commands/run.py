"""`graven run`: one test run."""

import difflib
from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, json_option, log_option, open_chosen
from graven.cli.printable import printable
from graven.cli.run_reading import (
    counts_text,
    duration_text,
    feed_log,
    no_runs,
    shown_time,
    status_colour,
    tell_left_out,
)
from graven.errors import NotFound
from graven.qa.identity import full_name
from graven.qa.run import RunView, TestResult
from graven.qa.summary import RunSummary

__all__ = ["command"]

EXAMPLES = """
graven run show last
graven run show ci-4711 --failed
"""


@click.group("run", cls=TeachingGroup, short_help=COMMANDS["run"], epilog=EXAMPLES)
def command() -> None:
    """Show one test run with its tests."""


@command.command("show", cls=TeachingCommand, epilog=EXAMPLES)
@click.argument("run")
@click.option("--failed", is_flag=True, help="Failing and flaky tests only.")
@log_option
@access_options
@json_option
def show(
    run: str, failed: bool, log: str, server: str | None, token: str | None, data: Path | None, as_json: bool
) -> None:
    """Show the tests of RUN (or "last"), failing first.

    Each failing test has the first line of its error and the index of its entry, for "graven show".
    """
    with open_chosen(server, data, token) as access:
        wanted = None if run == "last" else run
        view: RunView = feed_log(access, log, lambda load: RunView(wanted, load), quiet=as_json)
    summary = view.summary()
    if summary is None:
        raise _unknown(run, list(view.seen), log)
    tests = [test for test in view.tests() if not failed or test.failing or test.flaky]
    if as_json:
        import msgspec

        terminal.emit_json({"run": msgspec.to_builtins(summary), "tests": msgspec.to_builtins(tests)})
        return
    tell_left_out(view.events)
    _print_summary(summary)
    for test in tests:
        _print_test(test)


def _unknown(run: str, known: list[str], log: str) -> NotFound:
    if not known:
        return no_runs(log)
    close = difflib.get_close_matches(run, known, n=3, cutoff=0.4)
    return NotFound(
        f'there is no run "{run}" in the log "{log}"',
        hint=f"did you mean {' or '.join(close)}?" if close else "graven runs",
        code="unknown_run",
        details={"close": close},
    )


def _print_summary(run: RunSummary) -> None:
    verdict = terminal.paint(run.verdict, status_colour(run.verdict), bold=True)
    print(f"{terminal.paint(printable(run.run), bold=True)}  {run.state}  {verdict}")
    facts = [
        counts_text(run.counts, exact=run.exact),
        duration_text(run.duration_ns),
        shown_time(run.first_received_ns),
    ]
    print("  " + ", ".join(fact for fact in facts if fact) + f", entries {run.first_index} to {run.last_index}")
    named = {"commit": run.commit, "branch": run.branch, "environment": ",".join(run.environments)}
    if text := "  ".join(f"{name} {value}" for name, value in named.items() if value):
        print(f"  {printable(text)}")


def _print_test(test: TestResult) -> None:
    last = test.attempts[-1]
    status = terminal.paint(test.status.ljust(8), status_colour(test.status, failing=test.failing))
    name = full_name(test.suite, test.test)
    more = [duration_text(test.duration_ns), test.environment, "flaky" if test.flaky else "", f"entry {last.index}"]
    print(f"  {status} {printable(name)}  " + terminal.paint(printable("  ".join(filter(None, more))), dim=True))
    for one in test.attempts:
        if one.error_type or one.error_message:
            line = next(iter(one.error_message.strip().splitlines()), "")
            print(printable(f"      attempt {one.attempt}, entry {one.index}: {one.error_type}: {line}"[:200]))
