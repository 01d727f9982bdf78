"""`graven search`: what matches a query, how many, by what, and when."""

import time
from pathlib import Path
from typing import Any

import click

from graven.cli.lazy import COMMANDS
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.query_options import (
    QueryCommand,
    complete_field,
    query_argument,
    question_of,
    range_options,
    shape_options,
    taught,
)
from graven.errors import UsageError

__all__ = ["command"]

EXAMPLES = """
graven search actor:alice outcome:failure -env:dev
graven search 'action:order.* "card declined" duration>2s' --since 2h
graven search outcome:denied --since 2026-11-27 --limit all --json
graven search run:ci-118 --fields index,test,status,duration
graven search target:order/42 --oldest --template '{received} {actor} {action}'
graven search outcome:failure --by action
graven search --histogram --by outcome --since 1d
"""
_PAGE = 1_000


class _Limit(click.ParamType[int]):
    """A number from 1 on; `all` is 0."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if text == "all":
            return 0
        if not (text.isascii() and text.isdecimal()) or len(text) > 18 or not int(text):
            self.fail(f'{text!r} is no limit: give a number above 0, or "all"', param, ctx)
        return int(text)


def _refuse_ignored(counted: str, given: dict[str, bool]) -> None:
    """UsageError for options that shape a list of events, beside one that only counts them."""
    ignored = [name for name, is_given in given.items() if is_given]
    if ignored:
        raise UsageError(
            f"{counted} counts every match, and {' and '.join(ignored)} would change nothing",
            hint=f"leave {ignored[0]} out, or leave {counted} out for a list; --since 1d counts fewer",
        )


@click.command("search", cls=QueryCommand, short_help=COMMANDS["search"], epilog=EXAMPLES)
@query_argument
@range_options
@click.option("-n", "--limit", type=_Limit(), metavar="N", help="Show so many, or all [50; values of --by: 20].")
@click.option("--oldest", is_flag=True, help="The oldest first.")
@shape_options
@click.option("--count", is_flag=True, help="Only how many match.")
@click.option("--by", metavar="FIELD", shell_complete=complete_field, help="How many match for each value of a field.")
@click.option("--histogram", is_flag=True, help="How many match over time; with --by, stacked.")
@click.option("--explain", is_flag=True, help="Show how the query is answered, instead of what it finds.")
@log_option
@access_options
@json_option
def command(
    words: tuple[str, ...],
    since: str | None,
    until: str | None,
    clock: str | None,
    zone: str | None,
    limit: int | None,
    oldest: bool,
    fields: str | None,
    template: str | None,
    relative: bool,
    count: bool,
    by: str | None,
    histogram: bool,
    explain: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show what matches QUERY, the newest first.

    The words of QUERY are joined by spaces; put it in single quotes where the shell would take something for itself:
    '"card declined" duration>2s'. The language is told in docs/reference/query.md.

    A search is recorded in the log "system": who, what, how many (a folder that only pytest has written stays as
    it is). With --json: one entry a line.
    """
    if sum((count, by is not None and not histogram, histogram, explain)) > 1:
        raise UsageError("--count, --by, --histogram and --explain are different answers", hint="ask one at a time")
    counted = "--histogram" if histogram else "--count" if count else "--by" if by is not None else ""
    if counted:
        listing = {"--fields": fields is not None, "--template": template is not None, "--oldest": oldest}
        _refuse_ignored(counted, {"--limit": limit is not None and counted != "--by", **listing})
    from graven.cli.countable import countable
    from graven.cli.searching import Searching
    from graven.cli.zone import zone_of

    by = None if by is None else countable(by)
    shown_in = zone_of(zone, now_s=time.time())
    question = question_of(words, since, until, clock, shown_in)
    with read_chosen(server, data, token) as access, taught(question.query):
        searching = Searching(access, log, question, shown_in, as_json=as_json)
        if count:
            searching.count()
        elif histogram:
            searching.histogram(by)
        elif by is not None:
            searching.facets(by, 20 if limit is None else limit)
        elif explain:
            searching.explain(50 if limit is None else limit or _PAGE)
        else:
            searching.print_matches(
                limit=50 if limit is None else limit,
                oldest=oldest,
                fields=fields,
                template=template,
                relative=relative,
            )
