"""`graven import`: files of other formats, once, however often the command is run."""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

import click

from graven.cli import terminal
from graven.cli.access.ports import Access, Answer
from graven.cli.formats import Format, Item, Unreadable, batches, cut, not_that_format, recognise, with_stable_ids
from graven.cli.junit_items import junit_items
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option, log_option, open_chosen
from graven.cli.progress import Progress, progress
from graven.errors import GravenError, InvalidEvent, InvalidInput, UsageError

__all__ = ["FileResult", "SeenIds", "command", "import_file"]

EXAMPLES = """
graven import audit.log --source k8s/staging
graven import junit.xml --run ci-118 --source ci/shop
graven import events-*.ndjson
"""

SHOWN = 10
"""Unreadable parts printed per file; `--json` gives all."""


@dataclass(slots=True)
class FileResult:
    """What became of one file: `recorded` events, and `quarantined` entries beside them.

    `unreadable` holds a line number (from 1; 0 when it is not known) and a reason each.
    """

    file: str
    format: str
    recorded: int = 0
    known: int = 0
    quarantined: int = 0
    first: int | None = None
    unreadable: list[dict[str, Any]] = field(default_factory=list)

    def add(self, answer: Answer, bad: Collection[int] = ()) -> int:
        """Count an answer of the recorder; `bad` are the positions of items that are no events.

        Gives how many more went to quarantine: those whose id is known with other content. An item that is in
        quarantine since an earlier import is known, not recorded.
        """
        new = min(answer.quarantined - sum(position in answer.duplicates for position in bad), answer.count)
        self.recorded += answer.count - new
        self.known += len(answer.duplicates)
        self.quarantined += new
        if self.first is None:
            self.first = answer.first
        return max(answer.quarantined - len(bad), 0)

    def refuse(self, line: int, reason: str) -> None:
        """Note a part that could not be imported as an event."""
        self.unreadable.append({"line": line, "reason": reason})


def _lines(items: list[Item]) -> bytes:
    return b"".join(item.content.replace(b"\n", b" ") + b"\n" for item in items)


def _refused_positions(error: InvalidEvent) -> dict[int, str]:
    """Position in the batch → reason, from the recorder's 422."""
    refused: dict[int, str] = {}
    for item in error.details.get("errors") or ():
        position = item.get("item")
        if isinstance(position, int) and position not in refused:
            where = f"{item['field']}: " if item.get("field") else ""
            tail = f" ({item['suggestion']})" if item.get("suggestion") else ""
            refused[position] = f"{where}{item.get('reason', 'refused')}{tail}"
    return refused


def _send_events(access: Access, log: str, items: list[Item], result: FileResult) -> None:
    """Send events; those that the recorder refuses are listed and the rest sent again without them."""
    while items:
        try:
            answer = access.append(log, _lines(items), "application/x-ndjson", key="", wait=False)
        except InvalidEvent as error:
            refused = _refused_positions(error)
            if not refused:
                raise
            for position, reason in sorted(refused.items()):
                if position < len(items):
                    result.refuse(items[position].line, reason)
            items = [item for position, item in enumerate(items) if position not in refused]
            continue
        except InvalidInput as error:
            if len(items) == 1:
                result.refuse(items[0].line, error.message)
                return
            middle = len(items) // 2
            _send_events(access, log, items[:middle], result)
            items = items[middle:]
            continue
        result.add(answer)
        return


class SeenIds:
    """The ids of the audit events of one command, to say where the first of two with one id was."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[bytes, str]] = {}

    def clash(self, content: bytes, place: str) -> str | None:
        """Why the recorder will not take an event for the one that its id names, or None.

        InvalidInput when it is no audit event. The recorder decides; this only knows the lines.
        """
        from graven.event.mappers.k8s import audit_id

        name = audit_id(json.loads(content))
        digest = hashlib.sha256(content).digest()
        before, where = self._first.setdefault(name, (digest, place))
        return None if before == digest else f"the id {name} is that of another event, at {where}"


def _import_k8s(
    access: Access, log: str, group: list[Item], result: FileResult, *, broken: set[int], seen: SeenIds, source: str
) -> None:
    bad = set()
    clashes = 0
    for position, item in enumerate(group):
        if item.line in broken:
            bad.add(position)
            continue
        try:
            clash = seen.clash(item.content, f"{result.file}:{item.line}")
        except InvalidInput as error:
            bad.add(position)
            result.refuse(item.line, error.message)
            continue
        if clash is not None:
            clashes += 1
            result.refuse(item.line, clash)
    more = result.add(access.append_k8s(log, _lines(group), source=source), bad)
    if more > clashes:
        told = terminal.plural(more - clashes, "item")
        result.refuse(0, f"{told} in quarantine with an id that the log knows with other content")


def import_file(
    access: Access,
    log: str,
    path: Path,
    *,
    forced: Format | None,
    source: str | None,
    run: str | None,
    bar: Progress,
    seen: SeenIds,
) -> FileResult:
    """Import one file. Bytes that are no event of a foreign format are kept in quarantine, not dropped."""
    content = path.read_bytes()
    if forced in ("k8s", "event") and not any(isinstance(part, Item) for part in cut(content)):
        # quarantine is for the bad parts of an audit log, not for a file that is none
        raise not_that_format(forced, name=str(path))
    kind = forced or recognise(content, name=str(path))
    result = FileResult(str(path), kind)
    done = 0

    def readable(parts: Iterator[Item | Unreadable]) -> Iterator[Item]:
        for part in parts:
            if isinstance(part, Item):
                yield part
                continue
            result.refuse(part.line, part.reason)
            if kind == "k8s":
                yield Item(part.line, part.content)

    match kind:
        case "junit":
            try:
                for group in batches(junit_items(content, path, run=run, source=source)):
                    _send_events(access, log, group, result)
                    done += sum(len(item.content) for item in group)
                    bar.update(done)
            except InvalidInput as error:
                raise _in_report(error, path, result.recorded) from error
        case "event":
            for group in batches(with_stable_ids(readable(cut(content)))):
                _send_events(access, log, group, result)
                done += sum(len(item.content) for item in group)
                bar.update(min(done, len(content)), len(content))
        case "k8s":
            for group in batches(readable(cut(content))):
                broken = {line["line"] for line in result.unreadable}
                _import_k8s(access, log, group, result, broken=broken, seen=seen, source=source or "")
                done += sum(len(item.content) for item in group)
                bar.update(min(done, len(content)), len(content))
    return result


def _in_report(error: InvalidInput, path: Path, recorded: int) -> InvalidInput:
    """The same, with the file, and with line and column where the XML parser says them."""
    line, column = error.details.get("line"), error.details.get("column")
    place = f"{path}, line {line}, column {column}" if line is not None else f"{path}"
    message = error.message.partition(": line ")[0]
    fate = f"{recorded:,} events before it were recorded" if recorded else "nothing of it was recorded"
    return InvalidInput(
        f"{place}: {message}", why=fate, hint=error.hint, code=error.code, details={**error.details, "file": str(path)}
    )


def _counts(recorded: int, known: int, quarantined: int) -> str:
    """`49 recorded + 3 in quarantine, 2 known already`: the first two are new entries."""
    text = f"{recorded:,} recorded"
    if quarantined:
        text += " + " + terminal.paint(f"{quarantined:,} in quarantine", "yellow")
    return f"{text}, {known:,} known already" if known else text


def _print(result: FileResult) -> None:
    ok = not result.unreadable
    sign = terminal.mark(True) if ok else terminal.paint("!", "yellow", bold=True)
    counts = _counts(result.recorded, result.known, result.quarantined)
    print(f"{sign} {result.file}  {terminal.paint(result.format, dim=True)}  {counts}")
    for part in result.unreadable[:SHOWN]:
        place = f"line {part['line']}: " if part["line"] else ""
        print(terminal.wrap(f"{place}{part['reason']}", indent="    ", hanging="      "))
    if len(result.unreadable) > SHOWN:
        print(f"    … and {len(result.unreadable) - SHOWN} more unreadable parts")


@click.command("import", cls=TeachingCommand, short_help=COMMANDS["import"], epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--format", "forced", type=click.Choice(list(get_args(Format))), help="Do not guess the format.")
@click.option("--source", metavar="TEXT", help="The system that the files come from: k8s/staging, ci/shop.")
@click.option("--run", metavar="RUN", help="Name of the test run of a JUnit report [from the file].")
@log_option
@access_options
@json_option
def command(
    files: tuple[Path, ...],
    forced: Format | None,
    source: str | None,
    run: str | None,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> int:
    """Import Kubernetes audit logs, JUnit reports and event files.

    The format of each file is recognised. Importing a file again records nothing twice. What cannot be
    read is listed with its line and the reason; unreadable audit events are kept in quarantine.
    Exit code 4 when a whole file could not be imported.
    """
    results: list[FileResult] = []
    failures: list[GravenError] = []
    seen = SeenIds()
    for path in files:
        if path.is_dir():
            raise UsageError(f"{path} is a folder, and import takes files", hint=f"graven import {path}/*")
    with open_chosen(server, data, token) as access:
        for path in files:
            with progress(f"importing {path.name}", quiet=as_json) as bar:
                try:
                    results.append(
                        import_file(access, log, path, forced=forced, source=source, run=run, bar=bar, seen=seen)
                    )
                except (InvalidInput, InvalidEvent) as error:
                    failures.append(error)
                    continue
            if not as_json:
                _print(results[-1])
    if as_json:
        terminal.emit_json(
            {
                "files": [asdict(result) for result in results],
                "failed": [{"code": error.code, "message": error.message} for error in failures],
            }
        )
    elif len(files) > 1:
        recorded = sum(result.recorded for result in results)
        known = sum(result.known for result in results)
        quarantined = sum(result.quarantined for result in results)
        print(f"{terminal.plural(len(results), 'file')}: {_counts(recorded, known, quarantined)}")
    if failures:
        first = failures[0]
        if len(failures) > 1:
            first.why = f"{first.why}; {terminal.plural(len(failures) - 1, 'other file')} likewise"
        raise first
    return 0
