"""`graven key`: the key that verifies a log."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.tlog.note import VerifierKey

__all__ = ["command"]


@click.group("key", cls=TeachingGroup, short_help=COMMANDS["key"], epilog="graven key show > log.vkey")
def command() -> None:
    """Show the key that verifies a log."""


@command.command("show", cls=TeachingCommand, epilog="graven key show > log.vkey\ngraven key show --log ci --json")
@log_option
@access_options
@json_option
def show(log: str, server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """Print the log's verifier key, one line (C2SP signed-note).

    Keep a copy away from the log: a verifier that is given the key does not have to trust the folder.
    """
    with read_chosen(server, data, token) as access:
        text = access.verifier_key(log)
    if as_json:
        key = VerifierKey.parse(text)
        terminal.emit_json({"log": log, "origin": key.name, "key_id": key.key_id.hex(), "vkey": text})
    else:
        print(text)
