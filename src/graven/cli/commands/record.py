"""`graven record`: one event from flags, or many from JSON and NDJSON."""

import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

from graven.cli import terminal
from graven.cli.access.ports import Access, Answer
from graven.cli.event_flags import event_from_flags
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option, log_option, open_chosen
from graven.cli.place_in_file import Sent, place_in_file
from graven.errors import GravenError, UsageError
from graven.event.vocabulary import OUTCOMES

__all__ = ["command", "request_bodies"]

EXAMPLES = """
graven record --action deploy.finish --actor ci:shop-pipeline --outcome success
graven record --action order.refund --actor user:alice --target order:42 --input '{"amount": 12}'
graven record events.ndjson
tail -F app.ndjson | graven record -
"""

BATCH_BYTES = 4 * 1024 * 1024
"""A request is cut at about this many bytes: a quarter of the server's default limit."""


def request_bodies(stream: BinaryIO) -> Iterator[tuple[bytes, str]]:
    """Cut a stream into request bodies (bytes, media type), as the bytes arrive.

    A stream whose first line is a whole JSON value and no array is NDJSON: what has arrived is sent at
    once, up to `BATCH_BYTES`, so that a pipe from `tail -F` is recorded live. Anything else is one JSON
    document.
    """
    read = getattr(stream, "read1", stream.read)
    pending = b""
    lines = False
    while chunk := read(BATCH_BYTES):
        pending += chunk
        if not lines and b"\n" in pending.lstrip():
            lines = _is_line_of_ndjson(pending.lstrip().partition(b"\n")[0])
            if not lines:
                break
        if lines and b"\n" in pending:
            whole, _, pending = pending.rpartition(b"\n")
            if whole.strip():
                yield whole + b"\n", "application/x-ndjson"
    pending += stream.read()
    if pending.strip():
        yield pending, "application/x-ndjson" if lines else "application/json"


def _is_line_of_ndjson(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _report(answer: Answer, *, wait: bool, event_id: str | None) -> None:
    new = answer.count
    if new and answer.first is not None:
        last = answer.first + new - 1
        place = f"entry {answer.first}" if new == 1 else f"entries {answer.first} to {last}"
        text = f"{terminal.mark(True)} recorded {terminal.paint(place, bold=True)}"
        shown = next(iter(answer.ids.values()), event_id)
        if new == 1 and shown:
            text += f"  id {shown}"
        print(text)
    if answer.duplicates:
        where = ", ".join(str(index) for index in list(answer.duplicates.values())[:3])
        more = "…" if len(answer.duplicates) > 3 else ""
        print(f"{terminal.mark(True)} {terminal.plural(len(answer.duplicates), 'event')} known already: {where}{more}")
    if wait and not answer.published:
        terminal.note("durable, but no checkpoint covers it yet; it will within about a second")


def _send(access: Access, log: str, sent: Sent, *, wait: bool, as_json: bool, event_id: str | None = None) -> int:
    """Record one request; gives the number of its events. For people, a refusal names the place in the file."""
    try:
        answer = access.append(log, sent.body, sent.media_type, key=str(uuid.uuid4()), wait=wait)
    except GravenError as error:
        if as_json:
            raise
        raise place_in_file(error, sent) from error
    if as_json:
        terminal.emit_json(answer._asdict())
    else:
        _report(answer, wait=wait, event_id=event_id)
    return answer.count + len(answer.duplicates)


def _send_stream(access: Access, log: str, name: str, stream: BinaryIO, *, wait: bool, as_json: bool) -> None:
    line, events = 1, 0
    for body, media_type in request_bodies(stream):
        sent = Sent(name, body, media_type, line, events)
        events += _send(access, log, sent, wait=wait, as_json=as_json)
        line += body.count(b"\n")
    if line == 1 and not events:
        raise UsageError(f"nothing to record: {name} is empty", hint="graven record --help")


@click.command("record", cls=TeachingCommand, short_help=COMMANDS["record"], epilog=EXAMPLES)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--action", metavar="VERB", help="What was done, as a dotted verb: order.create.")
@click.option("--actor", metavar="[TYPE:]ID", help="Who did it: user:alice, ci:shop-pipeline.")
@click.option("--target", "targets", multiple=True, metavar="[TYPE:]ID", help="On what: order:42. Repeatable.")
@click.option(
    "--outcome",
    type=click.Choice(OUTCOMES),
    help="How it ended.",
)
@click.option("--source", metavar="TEXT", help="The system that says so: shop-api, ci/shop.")
@click.option("--message", metavar="TEXT", help="For people.")
@click.option("--reason", metavar="TEXT", help="Why it was done.")
@click.option("--ticket", metavar="TEXT", help="The ticket that asked for it.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Indexed text. Repeatable.")
@click.option("--input", "input_json", metavar="JSON", help="The exact input.")
@click.option("--output", "output_json", metavar="JSON", help="The exact output.")
@click.option("--run", metavar="RUN", help="The test run it belongs to.")
@click.option("--time", metavar="RFC3339", help="When it happened; the server adds when it arrived.")
@click.option("--id", "event_id", metavar="TEXT", help="Its id: repeating it records nothing twice.")
@click.option("--wait", is_flag=True, help="Return when a published checkpoint covers it.")
@log_option
@access_options
@json_option
def command(
    file: Path | None,
    action: str | None,
    actor: str | None,
    event_id: str | None,
    wait: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
    **fields: Any,
) -> None:
    """Record events given as flags, JSON or NDJSON.

    With --action and --actor, one event is made of the flags. Otherwise FILE, or standard input ("-"),
    is read: one JSON event, an array, or one event a line. An acknowledged event is durable.
    """
    if action is not None or actor is not None:
        if action is None or actor is None:
            missing = "--action" if action is None else "--actor"
            raise UsageError(f"an event needs {missing}", hint="graven record --action order.create --actor user:alice")
        if file is not None:
            raise UsageError("give either flags or a file, not both", hint="graven record --help")
        event = event_from_flags(action=action, actor=actor, id=event_id, **fields)
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        with open_chosen(server, data, token) as access:
            _send(access, log, Sent("", body, "application/json"), wait=wait, as_json=as_json, event_id=event_id)
        return
    stray = [name for name, value in {**fields, "id": event_id}.items() if value]
    if stray:
        raise UsageError(
            "flags describe an event only together with --action and --actor",
            hint="graven record --action order.create --actor user:alice",
        )
    if file is None and sys.stdin.isatty():
        raise UsageError(
            "nothing to record",
            why="neither --action and --actor nor a file was given, and standard input is a terminal",
            hint="graven record --action order.create --actor user:alice, or graven record events.ndjson",
        )
    if file is None or str(file) == "-":
        with open_chosen(server, data, token) as access:
            _send_stream(access, log, "standard input", sys.stdin.buffer, wait=wait, as_json=as_json)
        return
    with file.open("rb") as stream, open_chosen(server, data, token) as access:
        _send_stream(access, log, str(file), stream, wait=wait, as_json=as_json)
