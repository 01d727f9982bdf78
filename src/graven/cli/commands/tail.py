"""`graven tail`: events as they arrive."""

import sys
import time
from pathlib import Path
from typing import Final

import click

from graven.cli.lazy import COMMANDS
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.query_options import QueryCommand, query_argument, question_of, shape_options, taught

__all__ = ["command"]

EXAMPLES = """
graven tail
graven tail outcome:failure -env:dev
graven tail --since 10m actor:alice
graven tail -n 50 --log system
graven tail --json outcome:denied | jq -r .data.actor.id
graven tail --template '{received} {actor} {action} {target.id}'
"""


_MOST_LAST: Final = 1_000
"""Matches that a call gives at most; to follow from further back there is --since."""


@click.command("tail", cls=QueryCommand, short_help=COMMANDS["tail"], epilog=EXAMPLES)
@query_argument
@click.option(
    "-n",
    "--last",
    type=click.IntRange(min=0, max=_MOST_LAST),
    metavar="N",
    help="Begin with the last N matches, at most 1,000 [10].",
)
@click.option("--since", metavar="TIME", help="Begin with the matches from this moment on: 10m (ago), RFC 3339.")
@click.option("--zone", metavar="ZONE", help="Zone of times: local, Z or an offset [local].")
@shape_options
@log_option
@access_options
@json_option
def command(
    words: tuple[str, ...],
    last: int | None,
    since: str | None,
    zone: str | None,
    fields: str | None,
    template: str | None,
    relative: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show what matches QUERY as it arrives, until Ctrl-C.

    A broken connection is made again, and what arrived meanwhile is shown; stderr says so. Of more than 1,000 matches
    at once or a second, missed ones included, the newest are shown and the others counted: graven search finds them
    all. The beginning and the end of a tail are recorded in the log "system".
    """
    from graven.cli.following import follow
    from graven.cli.matches import printer_of
    from graven.cli.zone import zone_of
    from graven.errors import UsageError

    if since is not None and last is not None:
        raise UsageError("--since and --last both say where to begin", hint="leave one out")
    shown_in = zone_of(zone, now_s=time.time())
    question = question_of(words, None, None, None, shown_in)
    with read_chosen(server, data, token) as access, taught(question.query):
        printer = printer_of(
            fields=fields,
            template=template,
            as_json=as_json,
            relative=relative,
            claimed=False,
            zone=shown_in,
            load=lambda digest: access.blob(log, digest),
        )
        follow(
            access.searcher(),
            log,
            question,
            printer,
            since=since,
            last=10 if last is None else last,
            tells_empty=sys.stderr.isatty() and not as_json,
        )
