"""`graven spool`: what recorders (the SDK, pytest --graven) keep on this machine for a server."""

import os
import time
from typing import TYPE_CHECKING

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import json_option, log_option
from graven.cli.printable import printable
from graven.cli.signposts import check_token_text
from graven.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from graven.sdk.settings import Settings

__all__ = ["command"]

EXAMPLES = """
graven spool list
graven spool send
graven spool send --refused
"""


@click.group("spool", cls=TeachingGroup, short_help=COMMANDS["spool"], epilog=EXAMPLES)
def command() -> None:
    """Show and deliver what recorders keep for a server that was away.

    A recorder that cannot reach its server keeps events in a folder of this user; the next one that
    records to the same server and log delivers them. This does it now.
    """


def _settings(server: str | None, token: str | None, log: str) -> "Settings":
    from graven.sdk.settings import resolve

    check_token_text(token, because="--token")
    check_token_text(os.environ.get("GRAVEN_TOKEN"), because="GRAVEN_TOKEN")
    if server is None and not os.environ.get("GRAVEN_SERVER"):
        raise UsageError("no server was named", hint="--server http://HOST:8470, or export GRAVEN_SERVER")
    return resolve(server=server, token=token, log=log)


@command.command("list", cls=TeachingCommand, epilog=EXAMPLES)
@click.option("--server", metavar="URL", help="The server that it should be for [GRAVEN_SERVER].")
@log_option
@json_option
def list_(server: str | None, log: str, as_json: bool) -> None:
    """Show all that waits, oldest first, and whether it is for this server and log."""
    from graven.sdk.drain import waiting

    found = waiting(_settings(server, None, log))
    if as_json:
        terminal.emit_json(
            [
                {
                    "path": str(one.path),
                    "size_bytes": one.size_bytes,
                    "since": one.since_s,
                    "for_this_log": one.is_here,
                    "refused": one.reason if one.refused else None,
                }
                for one in found
            ]
        )
        return
    if not found:
        terminal.note("nothing waits")
        return
    here = {True: "this log", False: "another", None: "not known"}
    rows = [
        [
            time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(one.since_s)),
            f"{one.size_bytes:,}",
            here[one.is_here],
            f"refused: {printable(one.reason)}" if one.refused else "waits",
            printable(str(one.path)),
        ]
        for one in found
    ]
    print(terminal.table(["SINCE", "BYTES", "FOR", "STATE", "WHERE"], rows))


@command.command("send", cls=TeachingCommand, epilog=EXAMPLES)
@click.option("--refused", is_flag=True, help="Offer also what this server refused before.")
@click.option("--token", metavar="TEXT", help="The server's token [GRAVEN_TOKEN].")
@click.option("--server", metavar="URL", help="The server that it is for [GRAVEN_SERVER].")
@log_option
@json_option
def send(refused: bool, server: str | None, token: str | None, log: str, as_json: bool) -> int:
    """Deliver what programs that have ended kept for this server and log.

    What a running program keeps is its own to deliver. Nothing is recorded twice. Exit code 1 when the
    server refused something.
    """
    from graven.sdk.drain import drain

    drained = drain(_settings(server, token, log), refused=refused)
    if as_json:
        terminal.emit_json(
            {"delivered": drained.delivered, "refused": drained.refused, "stopped": drained.stopped or None}
        )
    else:
        print(f"{terminal.mark(True)} {terminal.plural(drained.delivered, 'event')} delivered")
    if drained.stopped:
        raise Unavailable(
            "the rest still waits: the server does not take it now",
            why=drained.stopped,
            hint="graven spool list shows it; run this again when the server is back",
        )
    if drained.refused and not as_json:
        terminal.note(f"{terminal.plural(drained.refused, 'event')} refused: graven spool list says why")
    return 1 if drained.refused else 0
