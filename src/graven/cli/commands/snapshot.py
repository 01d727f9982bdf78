"""`graven snapshot`: the state of a table or a folder, as evidence of what was there."""

import getpass
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from graven.cli import terminal
from graven.cli.event_flags import thing_flag
from graven.cli.lazy import COMMANDS, TeachingGroup
from graven.cli.options import access_options, json_option, log_option, open_chosen
from graven.cli.progress import progress
from graven.cli.snapshot.files import Folder
from graven.cli.snapshot.recording import Snapshot, Thing
from graven.cli.snapshot.rows import Place, Rows, Wanted, find_database, open_rows
from graven.cli.texts import MAYBE_PATH
from graven.errors import NotFound
from graven.sdk.changes import captured_row, key_text

__all__ = ["command"]

TABLE_EXAMPLES = """
graven snapshot table shop.db orders
graven snapshot table env:SHOP_DSN orders --where "state <> 'archived'" --exclude card_number
graven snapshot table postgresql://reader@db.example/shop public.orders --columns id,state
"""
FILES_EXAMPLES = """
graven snapshot files /etc/shop
graven snapshot files ./config --keep 65536 --exclude '*.log' --exclude cache
"""


EXAMPLES = """
graven snapshot table shop.db orders
graven snapshot files /etc/shop
"""


@click.group("snapshot", cls=TeachingGroup, short_help=COMMANDS["snapshot"], epilog=EXAMPLES)
def command() -> None:
    """Record the state of a table or of the files in a folder.

    Each row or file is a `state.snapshot`; a `state.snapshot.finish` has count and digest of all. Two snapshots with
    one digest saw the same.
    """


def _who(actor: str | None) -> dict[str, Any]:
    if actor is not None:
        return thing_flag(actor, None)
    try:
        return {"type": "user", "id": getpass.getuser()}
    except (OSError, KeyError):  # a user id without a name, as in many containers
        return {"type": "user", "id": str(os.getuid()) if hasattr(os, "getuid") else "unknown"}


def _names(given: tuple[str, ...]) -> list[str]:
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def _tell(summary: dict[str, Any], what: str, *, as_json: bool) -> int:
    if as_json:
        terminal.emit_json(summary)
        return 0
    place = f"entries {summary['first']} to {summary['last']}"
    print(f"{terminal.mark(True)} {what}  {terminal.paint(place, bold=True)}  snapshot {summary['snapshot']}")
    print(f"  {summary['digest']}")
    for kind in ("vanished", "unreadable"):
        if found := summary.get(kind):
            names = ", ".join(found["names"][:5]) + (", …" if found["count"] > 5 else "")
            terminal.note(f"{terminal.plural(found['count'], 'file')} {kind}: {names}")
    return 0


@command.command("table", epilog=TABLE_EXAMPLES)
@click.argument("database", type=MAYBE_PATH)
@click.argument("table")
@click.option("--where", metavar="SQL", help="Only the rows for which this condition holds.")
@click.option("--columns", multiple=True, metavar="NAMES", help="Only these, separated by commas.")
@click.option("--exclude", multiple=True, metavar="NAMES", help="All columns but these.")
@click.option("--key", multiple=True, metavar="NAMES", help="Columns that name a row [the primary key].")
@click.option("--actor", metavar="[TYPE:]ID", help="Who takes the snapshot [the user of this process].")
@click.option("--source", default="graven-snapshot", metavar="TEXT", help="The system it belongs to.")
@log_option
@access_options
@json_option
def table_command(
    database: str,
    table: str,
    where: str | None,
    columns: tuple[str, ...],
    exclude: tuple[str, ...],
    key: tuple[str, ...],
    actor: str | None,
    source: str,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> int:
    """Record every row of TABLE as it is now, all read in one transaction.

    DATABASE is a file of SQLite, the address of a server (by way of SQLAlchemy, when it is installed), or env:NAME,
    which takes either from an environment variable: the only way to give a password.
    """
    place = find_database(database, os.environ)
    wanted = Wanted(table=table, columns=_names(columns), exclude=_names(exclude), key=_names(key), where=where)
    with open_rows(place, wanted) as rows, open_chosen(server, data, token) as access:
        subject = {"type": "table", "id": table}
        snapshot = Snapshot(access, log, subject=subject, actor=_who(actor), source=source)
        with progress(f"reading {table}", quiet=as_json) as bar:
            snapshot.record(_row_things(rows, table), bar, total=rows.count)
        summary = snapshot.finish(**_about(place, rows, where))
    return _tell(summary, f"{terminal.plural(snapshot.count, 'row')} of {table}", as_json=as_json)


def _row_things(rows: Rows, table: str) -> Iterator[Thing]:
    for values in rows.rows:
        row = dict(zip(rows.columns, values, strict=True))
        yield Thing(table, key_text(row[name] for name in rows.key), captured_row(row))


def _about(place: Place, rows: Rows, where: str | None) -> dict[str, Any]:
    about = {"database": place.name, "columns": list(rows.columns), "key": list(rows.key)}
    return {**about, "where": where} if where else about


@command.command("files", epilog=FILES_EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Not what is named so: '*.log', 'cache/*'. Repeatable."
)
@click.option(
    "--keep", type=click.IntRange(min=0), default=0, metavar="BYTES", help="Keep files up to this size as blobs."
)
@click.option("--name", metavar="TEXT", help="What stands for the folder in the ids [the folder as given].")
@click.option("--actor", metavar="[TYPE:]ID", help="Who takes the snapshot [the user of this process].")
@click.option("--source", default="graven-snapshot", metavar="TEXT", help="The system it belongs to.")
@log_option
@access_options
@json_option
def files_command(
    folder: Path,
    exclude: tuple[str, ...],
    keep: int,
    name: str | None,
    actor: str | None,
    source: str,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> int:
    """Record every file, link and folder in FOLDER: kind, size, digest, permissions, owner, time of change.

    Links are not followed. A kept file is kept byte for byte: redaction does not look into it.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", hint="name one that exists: graven snapshot files ./config")
    called = name if name is not None else folder.as_posix()
    with open_chosen(server, data, token) as access:
        subject = {"type": "folder", "id": called}
        snapshot = Snapshot(access, log, subject=subject, actor=_who(actor), source=source)
        reading = Folder(folder, name=called, exclude=exclude, keep_bytes=keep, put_blob=access.put_blob)
        with progress(f"reading {called}", quiet=as_json) as bar:
            snapshot.record(reading.things(), bar)
        about: dict[str, Any] = {"host": socket.gethostname(), "path": str(folder.resolve())}
        about |= {"exclude": list(exclude)} if exclude else {}
        about |= {"vanished": reading.vanished.told()} if reading.vanished.count else {}
        about |= {"unreadable": reading.unreadable.told()} if reading.unreadable.count else {}
        summary = snapshot.finish(**about)
    return _tell(summary, f"{terminal.plural(snapshot.count, 'file')} of {called}", as_json=as_json)
