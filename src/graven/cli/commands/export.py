"""`graven export`: entries as NDJSON, matches of a query, a proof archive, or the plain tiles."""

import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import BinaryIO

import click

from graven.cli import terminal
from graven.cli.access.choose import Place
from graven.cli.access.ports import ReadAccess
from graven.cli.access.questions import Question
from graven.cli.known_logs import require_log
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, find_chosen, json_option, log_option, read_chosen
from graven.cli.output_folder import check_folder
from graven.cli.progress import Progress, progress
from graven.cli.query_options import complete_fields, question_of, range_options, taught
from graven.cli.shown_bytes import stdout_bytes
from graven.errors import NotFound, UsageError

__all__ = ["command", "ndjson_line"]

EXAMPLES = """
graven export > everything.ndjson
graven export --from 100 --to 200 -o part.ndjson
graven export -q 'outcome:failure -env:dev' --since 7d --format csv -o failures.csv
graven export -q run:ci-118 --format csv --fields index,test,status,duration
graven export --format parquet -o everything.parquet
graven export --from 40 --to 60 --proof evidence.tar.gz
graven export --tiles ./mirror
"""

_NOT_WRITTEN = frozenset(
    {".gz", ".bz2", ".xz", ".zst", ".zip", ".xls", ".xlsx", ".ods", ".tsv", ".xml", ".html", ".pdf"}
)


def ndjson_line(index: int, entry: bytes) -> bytes:
    """One line `{"index":n,"entry":{…}}`.

    An entry keeps the producer's line breaks; JSON allows them between tokens only, so a space in their
    place changes the spelling, not the value. The exact bytes are in `show --raw`, proofs and tiles.
    """
    flat = entry.replace(b"\r", b" ").replace(b"\n", b" ")
    return b'{"index":%d,"entry":%b}\n' % (index, flat)


def _write_ndjson(access: ReadAccess, log: str, start: int, stop: int, out: BinaryIO, bar: Progress) -> int:
    count = 0
    for index, entry in enumerate(access.entries(log, start, stop), start):
        out.write(ndjson_line(index, entry))
        count += 1
        if count % 256 == 0:
            bar.update(count, stop - start)
    out.flush()
    return count


def _bounds(access: ReadAccess, log: str, start: int, stop: int | None) -> tuple[int, int]:
    size = access.readable_size(log)
    end = size if stop is None else stop
    if end > size:
        raise NotFound(f'the log "{log}" has {terminal.plural(size, "entry")}, and --to is {end}', hint=f"--to {size}")
    if start > end:
        raise UsageError(f"--from {start} lies behind --to {end}")
    return start, end


@click.command("export", cls=TeachingCommand, short_help=COMMANDS["export"], epilog=EXAMPLES)
@click.option("--from", "start", type=click.IntRange(min=0), default=0, metavar="INDEX", help="First entry [0].")
@click.option("--to", "stop", type=click.IntRange(min=0), metavar="INDEX", help="End, exclusive [all].")
@click.option("-q", "--query", metavar="QUERY", help="Only what matches; docs/reference/query.md.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["ndjson", "csv", "parquet", "ocsf"]),
    help="What to write of the matches [by the ending of FILE .csv or .parquet, else ndjson].",
)
@click.option(
    "--fields", metavar="A,B,…", shell_complete=complete_fields, help="Columns of a CSV, by the names that queries use."
)
@range_options
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write here.")
@click.option(
    "--proof",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="One archive (.tar.gz): entries, proofs, checkpoint and a verifier in one Python file.",
)
@click.option("--tiles", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Plain C2SP tiles.")
@log_option
@access_options
@json_option
def command(
    start: int,
    stop: int | None,
    query: str | None,
    kind: str | None,
    fields: str | None,
    since: str | None,
    until: str | None,
    clock: str | None,
    zone: str | None,
    output: Path | None,
    proof: Path | None,
    tiles: Path | None,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Write entries or matches of a query, a proof archive or plain tiles.

    Without further options: one JSON object a line, with the index and the entry. With --query, --format, --since,
    --until or a FILE that ends in .csv or .parquet the matches come through the index, oldest first: as NDJSON (the
    members of the entry beside its index), CSV, Parquet or OCSF. -o FILE is written beside and renamed, so that a
    file that is there is whole. The archive of --proof can be checked with nothing but Python: its verifier needs
    only the standard library. The folder of --tiles is a whole log that any C2SP tlog-tiles reader understands.
    """
    if sum(place is not None for place in (proof, tiles, output)) > 1:
        raise UsageError("--proof, --tiles and --output exclude each other")
    if tiles is not None and (start or stop is not None):
        raise UsageError("--tiles writes the whole log", hint="leave --from and --to out")
    if output is not None:
        check_folder(output)
    kind = kind or _kind_of(output)
    if any(one is not None for one in (query, kind, fields, since, until, clock)):
        if proof is not None or tiles is not None:
            raise UsageError("--proof and --tiles write entries by their index", hint="leave the query out")
        question = _question(query, start, stop, since, until, clock, zone)
        with read_chosen(server, data, token) as access, taught(question.query):
            _write_matches(access, log, question, kind, fields, output, as_json=as_json)
        return
    if proof is not None or tiles is not None:
        place = find_chosen(server, data, token)
        require_log(place, log)
    if proof is not None:
        _write_archive(place, log, start, stop, proof, as_json=as_json)
        return
    if tiles is not None:
        _write_tiles(place, log, tiles, as_json=as_json)
        return
    from graven.cli.exporting import written_beside

    with read_chosen(server, data, token) as access:
        start, stop = _bounds(access, log, start, stop)
        with (
            nullcontext(stdout_bytes()) if output is None else written_beside(output) as stream,
            progress("exporting", quiet=output is None or as_json) as bar,
        ):
            count = _write_ndjson(access, log, start, stop, stream, bar)
        if output is not None:
            _told(as_json, count, output, "")


def _kind_of(output: Path | None) -> str | None:
    """What the ending of the file says; whoever opens `all.parquet` expects one. UsageError for one that promises what
    is not written here."""
    ending = "" if output is None else output.suffix.lower()
    if ending in _NOT_WRITTEN:
        raise UsageError(
            f"an export is no {ending} file",
            hint="-o FILE.csv, FILE.parquet, or FILE.ndjson; --format says it for any other name",
        )
    return {".csv": "csv", ".parquet": "parquet"}.get(ending)


def _question(
    query: str | None,
    start: int,
    stop: int | None,
    since: str | None,
    until: str | None,
    clock: str | None,
    zone: str | None,
) -> Question:
    from graven.cli.zone import zone_of

    asked = question_of((query or "",), since, until, clock, zone_of(zone, now_s=time.time()))
    bounds = ([f"index>={start}"] if start else []) + ([f"index<{stop}"] if stop is not None else [])
    if not bounds:
        return asked
    return asked._replace(query=" ".join([f"({asked.query})" if asked.query else "", *bounds]).strip())


def _write_matches(
    access: ReadAccess,
    log: str,
    question: Question,
    kind: str | None,
    fields: str | None,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    from graven.cli.exporting import export_matches
    from graven.cli.picked import field_names

    names = None if fields is None else field_names(fields)
    kind = kind or ("ndjson" if names is None else "csv")
    if names is not None and kind != "csv":
        raise UsageError(f"--fields are the columns of a CSV, not of {kind}", hint="--format csv")
    count = export_matches(access, log, question, format=kind, fields=names, output=output, quiet=as_json)
    if output is None:
        return
    if as_json:
        terminal.emit_json({"entries": count, "file": str(output)})
        return
    what = "the matches" if count is None else terminal.plural(count, "entry")
    print(f"{terminal.mark(True)} {what} written to {terminal.paint(str(output), bold=True)}")


def _target(place: Place, log: str) -> str:
    if place.server is not None:
        return f"{place.server}/logs/{log}"
    return str(Path(place.data or "") / "logs" / log)


def _write_tiles(place: Place, log: str, folder: Path, *, as_json: bool) -> None:
    """Public files only, as for an archive."""
    from graven.evidence.tiles import export_tiles
    from graven.verify.source import open_source

    with progress("writing tiles", quiet=as_json) as bar:
        exported = export_tiles(open_source(_target(place, log), place.token.text), folder, progress=bar.update)
    _told(as_json, exported.checkpoint.size, folder, f"graven verify {folder}")


def _write_archive(place: Place, log: str, start: int, stop: int | None, output: Path, *, as_json: bool) -> None:
    """The archive is made of public files only, so it takes no lock and works beside a running server."""
    from graven.evidence.archive import export_proof
    from graven.verify.source import open_source

    target = _target(place, log)
    with closing(open_source(target, place.token.text)) as source:
        note = source.fetch_checkpoint()
    if note is None:
        raise NotFound(f'there is no published log "{log}" at {target}')
    size = int(note.split(b"\n", 2)[1])
    end = size if stop is None else stop
    if start >= end:
        raise UsageError("an archive needs at least one entry", hint="graven export --from 0 --to 10 --proof FILE")
    exported = export_proof(open_source(target, place.token.text), [range(start, end)], output)
    if exported.absent:
        terminal.note(f"{terminal.plural(len(exported.absent), 'blob')} could not be had and stayed out")
    _told(
        as_json,
        exported.entries,
        output,
        f"graven verify {output}, or: tar xf {output}, then python3 graven-proof/verify.py",
    )


def _told(as_json: bool, count: int, place: Path, check: str) -> None:
    if as_json:
        terminal.emit_json({"entries": count, "file": str(place)})
        return
    print(f"{terminal.mark(True)} {terminal.plural(count, 'entry')} written to {terminal.paint(str(place), bold=True)}")
    if check:
        terminal.note(f"check it: {check}")
