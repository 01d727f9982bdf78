"""`graven log`: create and list logs; accept a restored copy."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.access.choose import DEFAULT_DATA, connect
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, find_chosen, json_option, read_chosen
from graven.errors import UsageError

__all__ = ["command"]

EXAMPLES = """
graven log create ci --origin audit.example.com/ci
graven log list
graven log adopt-rollback default --data ./graven-data
"""


@click.group("log", cls=TeachingGroup, short_help=COMMANDS["log"], epilog=EXAMPLES)
def command() -> None:
    """Create and list logs; accept a restored copy."""


@command.command("create", cls=TeachingCommand, epilog="graven log create ci --origin audit.example.com/ci")
@click.argument("name")
@click.option("--origin", metavar="TEXT", help="Its name for verifiers, a URL without scheme [a random one].")
@access_options
@json_option
def create(
    name: str, origin: str | None, server: str | None, token: str | None, data: Path | None, as_json: bool
) -> None:
    """Create the log NAME (a-z, 0-9 and "-"), with a key of its own.

    The origin is part of the key and cannot be changed later.
    """
    place = find_chosen(server, data, token, creating=True)
    is_new = place.data is not None and not (place.data / "logs").is_dir()
    with connect(place) as access:
        if is_new and name == "default" and origin is None:  # opening a new folder has just made it
            (made,) = ({"origin": log["origin"]} for log in access.logs() if log["name"] == name)
        else:
            made = access.create_log(name, origin)
        vkey = access.verifier_key(name)
    if as_json:
        terminal.emit_json({**made, "name": name, "vkey": vkey})
        return
    print(f"{terminal.mark(True)} log {terminal.paint(name, bold=True)} created")
    print(f"  key  {vkey}")
    terminal.note("keep a copy of the key away from the log: graven verify --key takes it")


@command.command("list", cls=TeachingCommand, epilog="graven log list --json")
@access_options
@json_option
def list_logs(server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """List logs with their size and origin."""
    with read_chosen(server, data, token) as access:
        logs = sorted(access.logs(), key=lambda log: (log["name"] == "system", log["name"]))
    if as_json:
        terminal.emit_json(logs)
        return
    rows = [[str(log.get("name")), f"{int(log.get('size') or 0):,}", str(log.get("origin") or "")] for log in logs]
    print(terminal.table(["LOG", "ENTRIES", "ORIGIN"], rows))


@command.command("adopt-rollback", cls=TeachingCommand, epilog="graven log adopt-rollback default --data ./graven-data")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=DEFAULT_DATA,
    envvar="GRAVEN_DATA",
    metavar="DIR",
    help="The data directory [GRAVEN_DATA; else ./graven-data].",
)
@json_option
def adopt_rollback(name: str, yes: bool, data: Path, as_json: bool) -> None:
    """Accept that the log NAME is older than this machine remembers.

    Needed after a data directory was restored from a backup: without it, graven refuses to start,
    because going on would sign a second history beside the one that others have seen. Verifiers that
    remember the newer checkpoint will rightly report a rollback. The decision is recorded in "system".
    """
    from graven.log.doctor import adopt_rollback as adopt

    if as_json and not yes:
        raise UsageError("--json cannot ask", hint="add --yes")

    def confirm(loss: str) -> None:
        if yes:
            return
        terminal.note(loss)
        click.confirm("What lies beyond this copy is given up, and verifiers will see it. Go on?", abort=True, err=True)

    adopt(data, name, confirm=confirm)
    if as_json:
        terminal.emit_json({"log": name, "adopted": True})
    else:
        print(f"{terminal.mark(True)} the restored state of {name} is accepted, and the log says so")
