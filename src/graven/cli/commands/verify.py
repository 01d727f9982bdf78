"""`graven verify`: is this the record that was made?"""

import contextlib
import os
import sys
from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import complete_path, json_option
from graven.cli.progress import progress
from graven.cli.texts import MAYBE_PATH
from graven.cli.verdict import exit_code_of, explain, render
from graven.errors import CouldNotCheck, GravenError, InvalidInput, NotFound, Tampered, UsageError

__all__ = ["command"]

EXAMPLES = """
graven verify ./graven-data
graven verify http://127.0.0.1:8470/logs/default --key log.vkey
graven verify order-42.tlog-proof --entry order-42.entry --key log.vkey
graven verify ./graven-data --pushed
graven verify ./copy-of-the-log --anchored ./anchors --explain
"""


def _text_of(option: str, value: str) -> str:
    """The content of a file, or the text itself: a key may be given either way."""
    path = Path(value)
    try:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{option} {value}: {error}") from error
    # a key has two plus signs, a policy has words; whatever else is one word was meant as a file
    if value.count("+") < 2 and len(value.split()) < 2:
        kind = option.removeprefix("--")
        hint = "graven key show > log.vkey writes the key of a log" if kind == "key" else ""
        raise UsageError(f"there is no file {value}, and it is no {kind} either", hint=hint)
    return value


def _unchecked(target: str, log: str | None) -> list[str]:
    """A note that names the logs of a data directory that nobody asked to check."""
    folder = Path(target) / "logs"
    if log is not None or not folder.is_dir():
        return []
    others = sorted(path.parent.name for path in folder.glob("*/log.vkey") if path.parent.name != "default")
    if not others:
        return []
    return [f"only default was checked; this directory also holds {', '.join(others)} (--log {others[0]})"]


@click.command("verify", cls=TeachingCommand, short_help=COMMANDS["verify"], epilog=EXAMPLES)
@click.argument("target", type=MAYBE_PATH, shell_complete=complete_path)
@click.option(
    "--key",
    type=MAYBE_PATH,
    metavar="VKEY",
    shell_complete=complete_path,
    help="The log's verifier key, as text or in a file [the log's own log.vkey].",
)
@click.option(
    "--policy",
    type=MAYBE_PATH,
    metavar="FILE",
    shell_complete=complete_path,
    help="Which logs and witnesses to trust (C2SP tlog-policy).",
)
@click.option(
    "--remember",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Last seen checkpoint of each log [a file of this user].",
)
@click.option(
    "--anchored",
    "anchored",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="A checkpoint kept elsewhere, or the folder of serve --anchor: the log must extend it. Repeatable.",
)
@click.option("--forget", is_flag=True, help="Neither compare with what was seen before nor remember.")
@click.option(
    "--entry",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The entry that a proof is about, as `graven show --raw` writes it [NAME.entry beside NAME.tlog-proof].",
)
@click.option("--log", metavar="NAME", help="Which log of a data directory or server [default].")
@click.option("--token", metavar="TEXT", help="The server's token [GRAVEN_TOKEN].")
@click.option("--pushed", is_flag=True, help="Check the logs that were pushed into this one, too (graven push).")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes [one per core].")
@click.option("--explain", "explained", is_flag=True, help="Say what was checked and what each finding means.")
@json_option
def command(
    target: str,
    key: str | None,
    policy: str | None,
    remember: Path | None,
    anchored: tuple[Path, ...],
    forget: bool,
    entry: Path | None,
    log: str | None,
    token: str | None,
    pushed: bool,
    workers: int | None,
    explained: bool,
    as_json: bool,
) -> int:
    """Check TARGET: a data directory, a log's folder, a URL, a .tlog-proof or a proof archive.

    A log is checked from its entries up: every entry, hash and file below the checkpoint, its signature,
    and that it extends the checkpoint that was seen last. It takes no lock and works beside a running
    server. Exit code 0: fine; 1: tampered; 3: could not check.
    """
    from graven.cli.checking import check

    if forget and remember is not None:
        raise UsageError("--forget and --remember exclude each other")
    try:
        with progress("verifying", quiet=as_json) as bar:
            report = check(
                target,
                key=_text_of("--key", key).strip() if key is not None else None,
                policy=_text_of("--policy", policy) if policy is not None else None,
                remember=remember,
                anchored=anchored,
                forget=forget,
                entry=entry,
                log=log,
                token=token or os.environ.get("GRAVEN_TOKEN"),
                workers=workers,
                on_progress=bar.update,
                pushed=pushed,
            )
    except (Tampered, CouldNotCheck, UsageError):
        raise
    except NotFound as error:
        raise CouldNotCheck(error.message, why=error.why, hint=error.hint, code=error.code) from error
    except InvalidInput as error:
        # a key or policy that the user gave; evidence that is malformed comes back as a finding
        raise UsageError(error.message, why=error.why, hint=error.hint, code=error.code) from error
    except (GravenError, OSError) as error:
        message = error.message if isinstance(error, GravenError) else str(error)
        raise CouldNotCheck(f"could not check {target}: {message}") from error
    report.notes += _unchecked(target, log)
    if as_json:
        terminal.emit_json(report.as_json())
    else:
        print(render(report))
        if explained:
            print()
            print(explain(report))
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    return exit_code_of(report)
