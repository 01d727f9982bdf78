"""`graven push`: what a CI job recorded, into a log that stays."""

from dataclasses import asdict
from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.access.choose import Place, connect
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, find_chosen, json_option
from graven.cli.pasted import Pasted
from graven.cli.printable import printable
from graven.cli.progress import progress
from graven.errors import UsageError

__all__ = ["command"]

EXAMPLES = """
graven push
graven push job-artefact/.graven --to ci
graven push .graven --server https://graven.example --token "$TOKEN"
"""


@click.command("push", cls=TeachingCommand, short_help=COMMANDS["push"], epilog=EXAMPLES)
@click.argument("directory", metavar="[DIR]", default=".graven", type=click.Path(path_type=Path, file_okay=False))
@click.option("--log", default="default", metavar="NAME", help="Which log of DIR to push [default].")
@click.option(
    "--to", envvar="GRAVEN_LOG", default="default", metavar="NAME", help="The log to push to [GRAVEN_LOG; default]."
)
@click.option("--verify/--no-verify", "verified", default=True, help="Check the log first; one that fails stays [yes].")
@access_options
@json_option
def command(
    directory: Path,
    log: str,
    to: str,
    verified: bool,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Add the log in DIR, a data directory such as .graven, to a log that stays.

    Every entry is kept whole, with its place, and the signed checkpoint with it: `graven verify --pushed` proves
    later that all the job wrote is there unchanged. Pushing again sends only what is new; a push that was
    interrupted goes on. A token of the role recorder is enough. DIR is checked first: exit code 1 when it was
    tampered with.
    """
    from graven.cli.access.job_log import JobLog, find_job_log
    from graven.cli.pushing.sending import push
    from graven.cli.pushing.spool import merge_spool

    if not directory.is_dir():
        raise UsageError(f"there is no {directory}", hint="pytest --graven writes .graven beside its ini file")
    if (directory / "spool").is_dir() and log == "default":
        merge_spool(directory)
    job = JobLog(find_job_log(directory, log))
    if verified:
        with progress("verifying", quiet=as_json) as bar:
            job.require_sound(directory, on_progress=bar.update)
    place = _find_target(server, data, token)
    with connect(place) as access, progress("pushing", quiet=as_json) as bar:
        done = push(access, job, to, checked=verified, on_progress=bar.update)
        where = access.where
    if as_json:
        terminal.emit_json({"from": str(job.folder), "to": where, "log": to, **asdict(done)})
        return
    if done.record is None:
        print(f"{job.folder} has no entries yet: nothing to push")
        return
    counts = f"{done.new:,} new" + (f", {done.known:,} known already" if done.known else "")
    blobs = f", {terminal.plural(done.blobs, 'blob')} sent" if done.blobs else ""
    print(f"{terminal.mark(True)} {directory} is in the log {printable(to)} of {where}")
    print(f"  entries  {done.size:,}: {counts}{blobs}")
    print(f"  root     {done.root} of {printable(done.origin)}")
    print(f"  record   {printable(Pasted.at(place, to).show(done.record))}")


def _find_target(server: str | None, data: Path | None, token: str | None) -> Place:
    """As every command; the hint when nothing was named must not be to push a log into itself."""
    try:
        return find_chosen(server, data, token, receiving=True)
    except UsageError as error:
        if error.message == "no log to work on":
            error.message = "no server to push to"
            error.hint = "export GRAVEN_SERVER=http://HOST:8470 GRAVEN_TOKEN=…, a token of the role recorder"
        raise
