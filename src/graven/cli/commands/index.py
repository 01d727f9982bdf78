"""`graven index`: how far logs are indexed, and deriving an index again."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from graven.cli import terminal
from graven.cli.access.ports import Access
from graven.cli.known_logs import telling_logs
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, find_chosen, json_option, log_option, open_chosen, read_chosen
from graven.errors import Unavailable, UsageError

__all__ = ["command"]

EXAMPLES = """
graven index status
graven index rebuild --log ci
"""
_LOOK_S: Final = 0.2


@click.group("index", cls=TeachingGroup, short_help=COMMANDS["index"], epilog=EXAMPLES)
def command() -> None:
    """Show how far logs are indexed; derive an index again.

    The index answers searches. It follows the logs, is derived from them, and holds nothing that they do not.
    """


@command.command("status", cls=TeachingCommand, epilog="graven index status\ngraven index status --json")
@access_options
@json_option
def status(server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """Show how far each log is indexed.

    Also by how much the index lags, and how large it is: what lies in sealed segments, and what is kept in memory.
    """
    with read_chosen(server, data, token) as access:
        state = access.index_state()
    if as_json:
        terminal.emit_json(state)
        return
    logs = sorted(state["logs"], key=lambda log: (log["name"] == "system", log["name"]))
    print(terminal.table(["LOG", "ENTRIES", "INDEXED", "LAG", "STATE", "SEALED", "SIZE"], [_row(log) for log in logs]))
    if all(log.get("state") in {"offline", "none"} for log in logs):
        terminal.note("no server follows these logs: searches read every entry")
    elif state.get("off"):
        terminal.note("search is switched off (index.enabled is false): graven serve --index-enabled")
    elif state.get("away"):
        terminal.note("the index process is away; the server starts it again by itself. Recording goes on")
    outdated = sum(int(log.get("outdated_segments") or 0) for log in logs)
    if outdated:
        terminal.note(
            f"{terminal.plural(outdated, 'segment')} of an older version or damaged, derived again in the background"
        )


def _row(log: Mapping[str, Any]) -> list[str]:
    size, indexed = int(log["size"]), log.get("indexed")
    state = str(log.get("state"))
    lag = int(log.get("lag_entries") or 0)
    lag_text = f"{lag:,} ({float(log.get('lag_s') or 0):.1f} s)" if lag else "0"
    in_memory = int(log.get("hot_bytes") or 0)
    stored = int(log.get("sealed_bytes") or 0)
    return [
        str(log["name"]),
        f"{size:,}",
        "-" if indexed is None else f"{int(indexed):,}",
        "-" if indexed is None else lag_text,
        state,
        f"{int(log.get('sealed_segments') or 0):,}",
        " + ".join(filter(None, [_bytes(stored), f"{_bytes(in_memory)} in memory" if in_memory else ""])),
    ]


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


@command.command("rebuild", cls=TeachingCommand, epilog="graven index rebuild\ngraven index rebuild --log ci --no-wait")
@click.option("--no-wait", is_flag=True, help="Do not wait until it has caught up.")
@log_option
@access_options
@json_option
def rebuild(no_wait: bool, log: str, server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """Derive the index of a log again, from its first entry.

    The log is not touched, and recording goes on; until it has caught up, searches find what is indexed so far. On a
    data directory that no server holds, the index is taken away: the next start of a server derives it. Either way it
    is recorded in the log "system".
    """
    place = find_chosen(server, data, token)
    if place.data is not None:
        from graven.cli.access.kept import is_kept

        if is_kept(place.data):
            raise UsageError(f"{place.data} has no index: no server was there", hint="graven search reads every entry")
    with telling_logs(open_chosen(server, data, token)) as access:
        if not access.rebuild_index(log):
            _told(as_json, log, "removed", f"the index of {log} is removed; the next start of a server derives it")
            return
        if no_wait:
            _told(as_json, log, "rebuilding", f"the index of {log} is derived again: graven index status")
            return
        size = _wait(access, log, quiet=as_json)
    _told(as_json, log, "following", f"the index of {log} is derived again, {terminal.plural(size, 'entry')}")


def _wait(access: Access, log: str, *, quiet: bool) -> int:
    """Until the index is where the log was when it began."""
    from graven.cli.progress import progress

    size: int | None = None
    with progress("indexing", quiet=quiet) as bar:
        while True:
            state = next((one for one in access.index_state()["logs"] if one["name"] == log), None)
            if state is None:
                raise Unavailable(f"the server says nothing about the index of {log}", hint="graven index status")
            size = int(state["size"]) if size is None else size
            if state["state"] != "rebuilding" and int(state["indexed"]) >= size:
                return size
            bar.update(min(int(state["indexed"]), size), size)
            time.sleep(_LOOK_S)


def _told(as_json: bool, log: str, state: str, text: str) -> None:
    if as_json:
        terminal.emit_json({"log": log, "state": state})
    else:
        print(f"{terminal.mark(True)} {text}")
