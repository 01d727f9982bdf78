"""`graven runs`: the test runs of a log."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.printable import printable
from graven.cli.run_reading import counts_text, duration_text, feed_log, no_runs, shown_time, tell_left_out
from graven.qa.runs import RunsView
from graven.qa.summary import RunSummary

__all__ = ["command"]

EXAMPLES = """
graven runs
graven runs --branch main --limit 5
graven runs --state aborted --json
"""


@click.command("runs", cls=TeachingCommand, short_help=COMMANDS["runs"], epilog=EXAMPLES)
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="Show so many, newest first [20].")
@click.option("--branch", metavar="NAME", help="Runs of this branch only.")
@click.option("--state", type=click.Choice(["open", "complete", "aborted"]), help="Runs in this state only.")
@log_option
@access_options
@json_option
def command(
    limit: int,
    branch: str | None,
    state: str | None,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """List test runs, newest first: state, verdict, counts, commit.

    A run is everything recorded under one run id, shards and reruns included. The whole log is read, and
    that is recorded in the log "system" (a folder that only pytest has written stays as it is).
    """
    with read_chosen(server, data, token) as access:
        view: RunsView = feed_log(access, log, RunsView, quiet=as_json)
    known = view.runs()
    chosen = [run for run in known if branch in {None, run.branch} and state in {None, run.state}]
    if as_json:
        terminal.emit_json(chosen_json(chosen[:limit]))
        return
    tell_left_out(view.events)
    if not known:
        raise no_runs(log)
    print(
        terminal.table(
            ["RUN", "STATE", "VERDICT", "TESTS", "TOOK", "COMMIT", "BRANCH", "ENV", "WHEN"], _rows(chosen[:limit])
        )
    )
    if len(chosen) > limit:
        terminal.note(f"{len(chosen) - limit} older runs: --limit {len(chosen)}")


def chosen_json(runs: list[RunSummary]) -> object:
    """What `--json` prints."""
    import msgspec

    return msgspec.to_builtins(runs)


def _rows(runs: list[RunSummary]) -> list[list[str]]:
    return [
        [
            printable(run.run),
            run.state,
            run.verdict,
            counts_text(run.counts, exact=run.exact),
            duration_text(run.duration_ns),
            printable(run.commit[:10]),
            printable(run.branch),
            printable(",".join(run.environments)),
            shown_time(run.first_received_ns),
        ]
        for run in runs
    ]
