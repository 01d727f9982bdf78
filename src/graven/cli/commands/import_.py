"""`graven import`: files of other formats, once, however often the command is run."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, get_args

import click

from graven.cli import terminal
from graven.cli.access.choose import connect
from graven.cli.access.ports import Access
from graven.cli.formats import HEAD_BYTES, Format, Item, not_that_format, recognise
from graven.cli.importing.allure_results import CONTAINER, RESULT, import_allure, is_allure_folder
from graven.cli.importing.json_files import SeenIds, import_json, parts_of
from graven.cli.importing.report_files import Identity, import_report
from graven.cli.importing.result import FileResult
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, find_chosen, json_option, log_option
from graven.cli.pasted import Pasted
from graven.cli.printable import printable
from graven.cli.progress import Progress, progress
from graven.errors import GravenError, InvalidEvent, InvalidInput, UsageError

__all__ = ["FileResult", "SeenIds", "command", "import_file"]

EXAMPLES = """
graven import junit.xml --run ci-118 --source ci/shop
graven import allure-results/ --run ci-118
graven import audit.log --source k8s/staging
graven import events-*.ndjson
"""

SHOWN = 10
"""Unreadable parts printed per file; `--json` gives all."""

_BESIDE_RESULTS = re.compile(
    r"-attachment(\.[^.]*)?\Z|\A(environment\.(properties|xml)|categories\.json|executor\.json)\Z"
)
"""Files of an Allure folder that are no reports: attachments are found through the results that name them."""


class _Job(NamedTuple):
    """One thing to import: a file, or the `names` of Allure files in the folder `path`."""

    path: Path
    label: str
    names: tuple[str, ...] = ()


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
    environment: str | None = None,
    attachments: Path | None = None,
    keep: bool = True,
) -> FileResult:
    """Import one file. Bytes that are no event of a foreign format are kept in quarantine, not dropped.

    `keep`: whether a test report is kept itself, as a blob, with the files that it names in the folder
    `attachments` (its own, when None).
    """
    identity = Identity(run, source, environment, attachments)
    if forced in ("k8s", "event") and not any(isinstance(part, Item) for part in parts_of(path)):
        # quarantine is for the bad parts of an audit log, not for a file that is none
        raise not_that_format(forced, name=str(path))
    kind = forced or _kind_of(path)
    result = FileResult(str(path), kind)
    match kind:
        case "allure":
            names = (path.name,)
            import_allure(access, log, path.parent, names, result, identity=identity, keep=keep, bar=bar)
        case "event" | "k8s":
            import_json(access, log, path, result, kind, source=source or "", seen=seen, bar=bar)
        case _:
            import_report(access, log, path, result, identity=identity, keep=keep, bar=bar)
    return result


def _kind_of(path: Path) -> Format:
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        return recognise(head, name=str(path), cut_off=bool(stream.read(1)))


def _jobs(files: Iterable[Path], forced: Format | None) -> list[_Job]:
    """Files as they are; Allure folders, and Allure files by the folder that they are in."""
    jobs: list[_Job] = []
    loose: dict[Path, list[str]] = {}
    rest: list[Path] = []
    for path in files:
        if path.is_dir():
            if forced not in (None, "allure") or not is_allure_folder(path):
                raise UsageError(
                    f"{path} is a folder, and import takes files (or a folder of Allure results)",
                    hint=f"graven import {path}/*",
                )
            names = tuple(entry.name for entry in path.iterdir() if entry.name.endswith((RESULT, CONTAINER)))
            jobs.append(_Job(path, str(path), names))
        elif forced in (None, "allure") and path.name.endswith((RESULT, CONTAINER)):
            loose.setdefault(path.parent, []).append(path.name)
        else:
            rest.append(path)
    for folder, found in loose.items():
        label = str(folder / found[0]) if len(found) == 1 else str(folder)
        jobs.append(_Job(folder, label, tuple(found)))
    beside = {folder for folder, found in loose.items() if any(name.endswith(RESULT) for name in found)}
    jobs += [
        _Job(path, str(path)) for path in rest if not (path.parent in beside and _BESIDE_RESULTS.search(path.name))
    ]
    return jobs


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
    more = len(result.unreadable) - SHOWN + result.unreadable_left_out
    if more > 0:
        print(f"    … and {more} more unreadable parts")


def _tell_runs(results: Iterable[FileResult], pasted: Pasted, *, named: bool) -> None:
    """The runs that were imported, each with the command that shows it."""
    runs = list(dict.fromkeys(result.run for result in results if result.run))
    for name in runs[:SHOWN]:
        print(f"    {terminal.paint(printable(pasted.run(name)), 'cyan')}")
    if runs and not named:
        terminal.note("a run has the name of its file: with --run NAME the report of another build is another run")


@click.command("import", cls=TeachingCommand, short_help=COMMANDS["import"], epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--format", "forced", type=click.Choice(list(get_args(Format))), help="Do not guess the format.")
@click.option("--source", metavar="TEXT", help="The system that the files come from: k8s/staging, ci/shop.")
@click.option("--run", metavar="RUN", help="Name of the test run of a report [from the file].")
@click.option("--environment", metavar="TEXT", help="Where the tests ran; part of a test's identity.")
@click.option(
    "--attachments",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the files lie that a CTRF report names [beside it].",
)
@click.option("--originals/--no-originals", "keep", default=True, help="Keep reports and attachments as blobs [yes].")
@log_option
@access_options
@json_option
def command(
    files: tuple[Path, ...],
    forced: Format | None,
    source: str | None,
    run: str | None,
    environment: str | None,
    attachments: Path | None,
    keep: bool,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> int:
    """Import test reports, Kubernetes audit logs and event files.

    Test reports are JUnit XML, CTRF, pytest reportlog, and Allure results (the folder or its files). The format
    is recognised. Importing a file again records nothing twice. What cannot be read is listed with its line
    and the reason; unreadable audit events are kept in quarantine. A report is kept itself as well, byte for
    byte: redaction does not look into it. Exit code 4 when a whole file could not be imported.
    """
    results: list[FileResult] = []
    failures: list[GravenError] = []
    seen = SeenIds()
    jobs = _jobs(files, forced)
    place = find_chosen(server, data, token)
    with connect(place) as access:
        for job in jobs:
            with progress(f"importing {job.path.name}", quiet=as_json) as bar:
                try:
                    if job.names:
                        result = FileResult(job.label, "allure")
                        identity = Identity(run, source, environment)
                        import_allure(access, log, job.path, job.names, result, identity=identity, keep=keep, bar=bar)
                    else:
                        result = import_file(
                            access,
                            log,
                            job.path,
                            forced=forced,
                            source=source,
                            run=run,
                            bar=bar,
                            seen=seen,
                            environment=environment,
                            attachments=attachments,
                            keep=keep,
                        )
                    results.append(result)
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
    elif len(jobs) > 1:
        recorded = sum(result.recorded for result in results)
        known = sum(result.known for result in results)
        quarantined = sum(result.quarantined for result in results)
        print(f"{terminal.plural(len(results), 'file')}: {_counts(recorded, known, quarantined)}")
    if not as_json:
        _tell_runs(results, Pasted.at(place, log), named=run is not None)
    if failures:
        first = failures[0]
        if len(failures) > 1:
            first.why = f"{first.why}; {terminal.plural(len(failures) - 1, 'other file')} likewise"
        raise first
    return 0
