"""`graven show`: one entry, readable or byte for byte."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.entry_index import INDEX, resolve_index, teach_last
from graven.cli.entry_reading import read_entry, render
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.shown_bytes import stdout_bytes
from graven.cli.view import view_of

__all__ = ["command"]

EXAMPLES = """
graven show 57
graven show last --log ci
graven show 57 --raw > entry.json
"""


@click.command("show", cls=TeachingCommand, short_help=COMMANDS["show"], epilog=EXAMPLES)
@click.argument("index", type=INDEX)
@click.option("--raw", is_flag=True, help="The entry's exact bytes: what the log hashes.")
@log_option
@access_options
@json_option
def command(
    index: int | None,
    raw: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Show entry INDEX (or "last"): who, what, when, how, inputs and outputs.

    Reading an entry is itself recorded, in the log "system" (a folder that only pytest has written stays as
    it is).
    """
    with read_chosen(server, data, token) as access:
        number = resolve_index(access, log, index)
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
