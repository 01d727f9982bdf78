"""`graven demo`: everything once, on real input, in half a minute."""

import shutil
import tempfile
import time
from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import json_option
from graven.program import program

__all__ = ["command"]

EXAMPLES = """
graven demo
graven demo --keep
"""


@click.command("demo", cls=TeachingCommand, short_help=COMMANDS["demo"], epilog=EXAMPLES)
@click.option("--keep", is_flag=True, help="Leave the server up and the folder in place.")
@json_option
def command(keep: bool, as_json: bool) -> int:
    """Watch a log being recorded, proven, attacked and found out.

    Starts a real server in a fresh folder, records Kubernetes audit events, a test run of a web shop and what
    the shop itself does, shows why a test failed, proves one event, verifies the log, and attacks two copies of
    it. Ends by itself; exit code 1 when an attack was not found or something was not recorded.
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
    done = False
    started = time.monotonic()
    try:
        stage.title(
            "Graven: a log that cannot be rewritten",
            f"Real events are recorded, proven and attacked, in {home}.",
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
        done = True
    finally:
        stay = keep and done
        demo.close(keep=stay)
        if not stay:
            shutil.rmtree(home, ignore_errors=True)
    stage.section("Summary")
    stage.summary()
    seconds = time.monotonic() - started
    if stage.failed:
        stage.say(f"\nSomething was not as it must be (after {seconds:.0f} s).")
    else:
        more = "" if keep else f", or {program()} demo --keep"
        stage.say(f"Both attacks were found, in {seconds:.0f} s. Next: docs/guide/getting-started.md{more}.")
    if as_json:
        terminal.emit_json(
            {
                "ok": not stage.failed,
                "facts": [{"ok": ok, "text": text} for ok, text in stage.facts],
                "kept": str(home) if keep else None,
                "open": demo.login_address() if keep and done else None,
            }
        )
    if keep and demo.server is not None:
        stage.section("The server stays up")
        stage.shell(f"export GRAVEN_SERVER={demo.address}")
        stage.shell(f"export GRAVEN_TOKEN=$(cat {demo.data / 'owner.token'})")
        stage.shell(f"{program()} show last")
        stage.shell(f"{program()} verify {demo.data}")
        stage.say("")
        stage.say("Look at it in a browser; this address logs you in, once, within 15 minutes:")
        stage.output(demo.login_address(), folded=False)
        stage.say("")
        stage.say(f"Stop it with: kill {demo.server.pid}; its folder is {home}.")
    return 1 if stage.failed else 0
