"""`graven open`: where to look, from a name or from none."""

from pathlib import Path
from typing import assert_never

import click
import msgspec

from graven.cli import terminal
from graven.cli.access.choose import connect_reader
from graven.cli.access.ports import ReadAccess
from graven.cli.entry_reading import render
from graven.cli.known_logs import telling_logs
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.log_state import LogState, log_state
from graven.cli.meant import Meant, MeantEntry, MeantRun, MeantTest, find_meant
from graven.cli.options import access_options, find_chosen, json_option, log_option
from graven.cli.pasted import Pasted
from graven.cli.printable import printable
from graven.cli.run_reading import said, shown_time, status_colour, summary_lines
from graven.cli.view import view_of
from graven.qa.failure import Failure
from graven.qa.identity import full_name
from graven.qa.run import Attempt, TestResult

__all__ = ["command"]

EXAMPLES = """
graven open
graven open test_shop.py::test_total[eur]
graven open ci-118 --data .graven
graven open 57
"""

_MOST_SHOWN = 20
_LINES_PER_BLOCK = 12


@click.command("open", cls=TeachingCommand, short_help=COMMANDS["open"], epilog=EXAMPLES)
@click.argument("what", required=False)
@log_option
@access_options
@json_option
def command(
    what: str | None, log: str, server: str | None, token: str | None, data: Path | None, as_json: bool
) -> None:
    """Show where to look: the newest run, or the run, test (a part of its name is enough), event id or index that WHAT
    names.

    Without --server, --data or the variables for them, it looks into ./.graven, which "pytest --graven" makes.
    Every line that begins with graven can be pasted.
    """
    place = find_chosen(server, data, token, opening=True)
    pasted = Pasted.at(place, log)
    with telling_logs(connect_reader(place)) as access:
        meant = find_meant(access, log, what, quiet=as_json, listing=pasted.runs())
        state = log_state(access, log)
    if place.data is not None:
        _tell_waiting(place.data)
    if as_json:
        terminal.emit_json(_as_json(meant, access, state))
        return
    print("\n".join([*_text(meant, pasted), *_log_lines(access, state, pasted)]))


def _tell_waiting(data: Path) -> None:
    """A session that was killed leaves what it recorded beside the log."""
    waiting = len(list((data / "spool").glob("*.ndjson")))
    if waiting:
        terminal.note(
            f"not in the log yet: {terminal.plural(waiting, 'file')} in {data / 'spool'}, of a session that still "
            "runs or was killed; the next pytest --graven here, or graven push, takes what was left"
        )


def _as_json(meant: Meant, access: ReadAccess, state: LogState) -> dict[str, object]:
    kind = type(meant).__name__.removeprefix("Meant").lower()
    where = {"where": access.where, **state._asdict()}
    return {"kind": kind, "log": where, **msgspec.to_builtins(meant)}


def _text(meant: Meant, pasted: Pasted) -> list[str]:
    match meant:
        case MeantRun():
            return _run_lines(meant, pasted)
        case MeantTest():
            return _test_lines(meant, pasted)
        case MeantEntry():
            text = render(meant.index, meant.entry, view_of(meant.entry), lines_per_block=_LINES_PER_BLOCK)
            return [text, "", _command(pasted.show(meant.index))]
        case _:
            assert_never(meant)


def _run_lines(meant: MeantRun, pasted: Pasted) -> list[str]:
    lines = summary_lines(meant.run)
    failing = [test for test in meant.tests if test.failing]
    flaky = sum(test.flaky and not test.failing for test in meant.tests)
    for test in failing[:_MOST_SHOWN]:
        name = full_name(test.suite, test.test)
        lines += ["", f"{_status(test)} {printable(name)}", *_said(test.attempts[-1])]
        lines.append(_command(pasted.test(name, meant.run.run)))
    lines.append("")
    if len(failing) > _MOST_SHOWN:
        lines.append(f"… and {len(failing) - _MOST_SHOWN} more failed")
    if flaky:
        lines.append(f"{terminal.plural(flaky, 'test')} passed on a later attempt only")
    lines.append(_command(pasted.run(meant.run.run)))
    return lines


def _test_lines(meant: MeantTest, pasted: Pasted) -> list[str]:
    newest = meant.appearances[0].result
    name = full_name(newest.suite, newest.test)
    lines = [terminal.paint(printable(name), bold=True)]
    for one in meant.appearances:
        last = one.result.attempts[-1]
        facts = [one.run, shown_time(one.received_ns), one.result.environment, one.commit[:10]]
        flaky = "flaky" if one.result.flaky else ""
        lines.append(f"  {_status(one.result)} " + printable("  ".join(filter(None, [*facts, flaky]))))
        if last is not newest.attempts[-1]:
            lines.append(_command(pasted.test(name, one.run)))
            continue
        lines += _why(meant.failure) if meant.failure is not None else _said(last)
        lines.append(_command(pasted.test(name, one.run)))
    return [*lines, "", _command(pasted.history(name))]


def _why(failure: Failure) -> list[str]:
    kind = f"{failure.error_type}: " if failure.error_type else ""
    lines = [f"    {line}" for line in printable(f"{kind}{failure.message}").splitlines()[:_LINES_PER_BLOCK]]
    lines += [f"    at {printable(place.text)}" for place in failure.places]
    if failure.params:
        given = ", ".join(f"{name} = {_spelled(value)}" for name, value in failure.params.items())
        lines.append(f"    with {printable(given)[:500]}")
    if failure.compared is not None:
        compared = failure.compared
        lines.append(f"    left  {_spelled(compared.left)[:500]}")
        lines.append(f"    {compared.op.ljust(5)} {_spelled(compared.right)[:500]}")
    return lines


def _spelled(value: object) -> str:
    return printable(msgspec.json.encode(value).decode())


def _said(attempt: Attempt) -> list[str]:
    line = said(attempt)
    return [f"    {printable(line)[:200]}"] if line else []


def _status(test: TestResult) -> str:
    return terminal.paint(test.status.ljust(8), status_colour(test.status, failing=test.failing))


def _log_lines(access: ReadAccess, state: LogState, pasted: Pasted) -> list[str]:
    size = terminal.plural(state.size, "entry")
    return [
        "",
        f"{printable(access.where)}  log {state.name}, {size}",
        f"    root {state.root}",
        _command(pasted.verify()),
    ]


def _command(text: str) -> str:
    return "    " + terminal.paint(printable(text), "cyan")
