"""`graven around`: the neighbours of an event."""

import time
from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.entry_index import index_named, teach_last
from graven.cli.lazy import COMMANDS
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.query_options import QueryCommand, query_argument, taught

__all__ = ["command"]

EXAMPLES = """
graven around 57
graven around last --before 50 --after 0
graven around 57 actor:alice -action:session.*
graven around 0192f0c1-7b1e-7cc3-98c4-dc0c0c07398f --json
"""


@click.command("around", cls=QueryCommand, short_help=COMMANDS["around"], epilog=EXAMPLES)
@click.argument("event", metavar="INDEX|ID")
@query_argument
@click.option("-B", "--before", type=click.IntRange(0, 1000), default=20, metavar="N", help="So many before it [20].")
@click.option("-A", "--after", type=click.IntRange(0, 1000), default=20, metavar="N", help="So many after it [20].")
@click.option("--relative", is_flag=True, help="Say how long ago: 3 min ago.")
@click.option("--zone", metavar="ZONE", help="Zone of times: local, Z or an offset [local].")
@log_option
@access_options
@json_option
def command(
    event: str,
    words: tuple[str, ...],
    before: int,
    after: int,
    relative: bool,
    zone: str | None,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show what was recorded just before and just after an event, in the order of the log.

    The event is named by its log index ("last" is the newest), or by its id. With QUERY: the neighbours that match.
    """
    from graven.cli.fitted import room
    from graven.cli.progress import progress
    from graven.cli.row_table import RowTable
    from graven.cli.zone import zone_of

    query = " ".join(words).strip()
    shown_in = zone_of(zone, now_s=time.time())
    with read_chosen(server, data, token) as access, taught(query), progress("searching", quiet=as_json) as bar:
        index = index_named(access, log, event, tell=bar.update)
        with teach_last(access, log, "around"):
            found = access.searcher().around(log, index, query, before=before, after=after, tell=bar.update)
    if as_json:
        terminal.emit_json(found)
        return
    rows = [*found["before"], found["event"], *found["after"]]
    table = RowTable(zone=shown_in, now_ns=time.time_ns(), width=room(), relative=relative)
    table.lines(rows, marked=index)
    print(table.heading())
    for row, line in zip(rows, table.lines(rows, marked=index), strict=True):
        print(terminal.paint(line, bold=True) if row["index"] == index else line)
