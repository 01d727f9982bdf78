"""`graven show`: one entry, readable or byte for byte."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.entry_index import index_named, teach_last
from graven.cli.entry_reading import read_entry, render
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.progress import progress
from graven.cli.shown_bytes import stdout_bytes
from graven.cli.view import view_of

__all__ = ["command"]

EXAMPLES = """
graven show 57
graven show last --log ci
graven show 57 --raw > entry.json
graven show 0192f0c1-7b1e-7cc3-98c4-dc0c0c07398f
"""


@click.command("show", cls=TeachingCommand, short_help=COMMANDS["show"], epilog=EXAMPLES)
@click.argument("event", metavar="INDEX|ID")
@click.option("--raw", is_flag=True, help="The entry's exact bytes: what the log hashes.")
@log_option
@access_options
@json_option
def command(
    event: str,
    raw: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show an entry: who, what, when, how, inputs and outputs.

    It is named by its log index ("last" is the newest), or by the id of its event.

    Reading an entry is itself recorded, in the log "system" (a folder that only pytest has written stays as
    it is).
    """
    with read_chosen(server, data, token) as access:
        with progress("looking for the id", quiet=raw or as_json) as bar:
            number = index_named(access, log, event, tell=bar.update)
        with teach_last(access, log):
            content = access.entry(log, number) if raw else b""
            entry = {} if raw else read_entry(access, log, number)[1]
    if raw:
        out = stdout_bytes()
        out.write(content)
        out.flush()
        return
    if as_json:
        terminal.emit_json({"index": number, "entry": entry})
    else:
        print(render(number, entry, view_of(entry)))
