"""`graven demo`: everything once, on real input, in half a minute, and then the browser UI to look at it."""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import json_option
from graven.program import program

if TYPE_CHECKING:
    from graven.cli.demo.script import Demo
    from graven.cli.demo.stage import Stage

__all__ = ["command"]

EXAMPLES = """
graven demo
graven demo --keep
"""


@click.command("demo", cls=TeachingCommand, short_help=COMMANDS["demo"], epilog=EXAMPLES)
@click.option("--keep", is_flag=True, help="Stay up where there is no terminal, too, and leave the folder in place.")
@json_option
def command(keep: bool, as_json: bool) -> int:
    """Watch a log being recorded, proven, attacked and found out.

    Starts a real server in a fresh folder, records Kubernetes audit events, a test run of a web shop and what
    the shop itself does, shows why a test failed, proves one event, verifies the log, and attacks two copies of
    it. In a terminal it then prints the address of the browser UI and stays up until Ctrl-C; elsewhere it ends by
    itself. Exit code 1 when an attack was not found or something was not recorded.
    """
    try:
        import graven.server.serve  # noqa: F401 - only to see that it can be imported
    except ImportError as error:
        from graven.errors import UsageError

        raise UsageError(
            f"the demonstration needs the server, and {error.name or error} is missing",
            hint="pip install '.[server]' in a clone of graven",
        ) from error
    from graven.cli.demo.material import examples_folder
    from graven.cli.demo.script import Demo
    from graven.cli.demo.stage import Stage

    stage = Stage(quiet=as_json)
    home = Path(tempfile.mkdtemp(prefix="graven-demo-"))
    demo = Demo(home, examples_folder(), stage)
    stays = keep or (sys.stdout.isatty() and sys.stdin.isatty() and not as_json)
    done = False
    started = time.monotonic()
    try:
        _play(demo, stage)
        done = True
        _sum_up(stage, time.monotonic() - started)
        if as_json:
            _tell(demo, stage, home if keep else None)
        _lead_on(demo, stage, home if keep else None, stays=stays)
        if stays:
            demo.stay()
    finally:
        demo.close()
        if not (keep and done):
            shutil.rmtree(home, ignore_errors=True)
    return 1 if stage.failed else 0


def _play(demo: "Demo", stage: "Stage") -> None:
    stage.title(
        "Graven: a log that cannot be rewritten",
        f"Real events are recorded, proven and attacked, in {demo.home}.",
    )
    demo.start()
    demo.import_cluster()
    if demo.record_tests():
        demo.ask_why()
    demo.drive_shop()
    victim = demo.show_and_prove()
    demo.verify_all()
    demo.attack_byte(victim)
    demo.attack_rebuild(victim)


def _sum_up(stage: "Stage", seconds: float) -> None:
    stage.section("Summary")
    stage.summary()
    if stage.failed:
        stage.say(f"\nSomething was not as it must be (after {seconds:.0f} s).")
    else:
        stage.say(f"Both attacks were found, in {seconds:.0f} s. Next: docs/guide/getting-started.md.")


def _tell(demo: "Demo", stage: "Stage", kept: Path | None) -> None:
    terminal.emit_json(
        {
            "ok": not stage.failed,
            "facts": [{"ok": ok, "text": text} for ok, text in stage.facts],
            "kept": str(kept) if kept else None,
            "open": demo.login_address() if kept else None,
        }
    )
    sys.stdout.flush()


def _lead_on(demo: "Demo", stage: "Stage", kept: Path | None, *, stays: bool) -> None:
    """The address of the browser UI, and how to go on in a terminal."""
    stage.section("Look at it in a browser")
    if not stays:
        stage.say(f"It was on {demo.address}, and ends here; {program()} demo --keep leaves it up.")
        return
    stage.say(
        "What failed, with which input? What did the shop do just before? Who last changed that order? Is the record "
        "genuine? The pages answer it; so does another terminal:"
    )
    stage.shell(f"export GRAVEN_SERVER={demo.address} GRAVEN_TOKEN=$(cat {demo.data / 'owner.token'})")
    stage.shell(f"{program()} search outcome:failure")
    stage.shell(f"{program()} tail")
    stage.shell(f"{program()} show last")
    stage.shell(f"{program()} verify {demo.data}")
    stage.say("")
    stage.say("The address logs you in, once, within 15 minutes; later, the page asks for what is in")
    stage.output(str(demo.data / "owner.token"), folded=False)
    stage.say("")
    stage.output(f"open {demo.login_address()}", folded=False)
    stage.say(f"Ctrl-C ends it{f' and leaves {kept} in place' if kept else ', and removes its folder'}.")
