"""`graven run`: one test run."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.access.choose import connect_reader
from graven.cli.access.ports import ReadAccess
from graven.cli.entry_reading import event_of, read_entry
from graven.cli.known_logs import telling_logs
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, find_chosen, json_option, log_option
from graven.cli.pasted import Pasted
from graven.cli.printable import printable
from graven.cli.run_reading import (
    duration_text,
    feed_log,
    said,
    status_colour,
    summary_lines,
    tell_left_out,
    unknown_run,
)
from graven.errors import UsageError
from graven.qa.identity import full_name
from graven.qa.run import RunView, TestResult
from graven.qa.summary import RunSummary

__all__ = ["command"]

EXAMPLES = """
graven run show last
graven run show ci-4711 --failed
graven run show last --markdown --data .graven
"""


@click.group("run", cls=TeachingGroup, short_help=COMMANDS["run"], epilog=EXAMPLES)
def command() -> None:
    """Show one test run with its tests."""


@command.command("show", cls=TeachingCommand, epilog=EXAMPLES)
@click.argument("run")
@click.option("--failed", is_flag=True, help="Failing and flaky tests only.")
@click.option("--markdown", is_flag=True, help='A page for the summary of a CI job: >> "$GITHUB_STEP_SUMMARY".')
@log_option
@access_options
@json_option
def show(
    run: str,
    failed: bool,
    markdown: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show the tests of RUN (or "last"), failing first.

    Each failing test has the first line of its error and the index of its entry, for "graven show".
    """
    if markdown and as_json:
        raise UsageError("--markdown and --json exclude each other", hint="leave one of them out")
    place = find_chosen(server, data, token)
    pasted = Pasted.at(place, log)
    with telling_logs(connect_reader(place)) as access:
        wanted = None if run == "last" else run
        view: RunView = feed_log(access, log, lambda load: RunView(wanted, load), quiet=as_json or markdown)
        summary = view.summary()
        if summary is None:
            raise unknown_run(run, list(view.seen), log, listing=pasted.runs())
        tests = [test for test in view.tests() if not failed or test.failing or test.flaky]
        if markdown:
            tell_left_out(view.events)
            print(_page(access, summary, tests, log, pasted), end="")
            return
    if as_json:
        import msgspec

        terminal.emit_json({"run": msgspec.to_builtins(summary), "tests": msgspec.to_builtins(tests)})
        return
    tell_left_out(view.events)
    print("\n".join(summary_lines(summary)))
    for test in tests:
        _print_test(test)


def _page(access: ReadAccess, run: RunSummary, tests: list[TestResult], log: str, pasted: Pasted) -> str:
    from graven.cli.log_state import log_state
    from graven.cli.run_page import MOST_DETAILED, run_page
    from graven.qa.failure import failure_of

    failing = [test.attempts[-1].index for test in tests if test.failing][:MOST_DETAILED]
    failures = {index: failure_of(event_of(read_entry(access, log, index)[1])) for index in failing}
    return run_page(run, tests, failures, log_state(access, log), pasted)


def _print_test(test: TestResult) -> None:
    last = test.attempts[-1]
    status = terminal.paint(test.status.ljust(8), status_colour(test.status, failing=test.failing))
    name = full_name(test.suite, test.test)
    more = [duration_text(test.duration_ns), test.environment, "flaky" if test.flaky else "", f"entry {last.index}"]
    print(f"  {status} {printable(name)}  " + terminal.paint(printable("  ".join(filter(None, more))), dim=True))
    for one in test.attempts:
        if line := said(one):
            print(printable(f"      attempt {one.attempt}, entry {one.index}: {line}"[:200]))
