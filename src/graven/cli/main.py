"""The program: the lazy group, and the one place where an exception becomes an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from graven.cli import problems
from graven.cli.lazy import LazyGroup
from graven.cli.mistyped import usage_problem
from graven.cli.shown_bytes import shown_json
from graven.cli.streams import prepare_streams
from graven.errors import GravenError, UsageError

__all__ = ["graven", "main", "run"]

EXAMPLES = """
graven demo
graven serve --data ./graven-data
graven record --action deploy.finish --actor ci
graven show 0
graven verify ./graven-data
"""


@click.group(
    cls=LazyGroup,
    name="graven",
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="graven", message="graven %(version)s")
def graven() -> None:
    """An audit log that cannot be rewritten: record, prove, verify.

    Commands talk to a server (--server or GRAVEN_SERVER, with GRAVEN_TOKEN) or work straight on a data
    directory (--data or GRAVEN_DATA): through the server that holds it, if there is one.
    """


def _write_problem(error: GravenError, *, as_json: bool) -> None:
    text = shown_json(problems.problem_json(error), sys.stderr) if as_json else problems.problem_text(error)
    if not as_json and sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        text = text.replace("error:", click.style("error:", fg="red", bold=True), 1)
    print(text, file=sys.stderr)


def _discard_output() -> None:
    """After EPIPE: what is still buffered has no reader, and flushing at exit would complain again."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(devnull, stream.fileno())
        except (OSError, ValueError):
            continue


def _invoke(arguments: list[str]) -> object:
    """As click's own `main`, without its handling of errors: it would exit 1 at EPIPE, which means "tampered"."""
    instruction = os.environ.get("_GRAVEN_COMPLETE")
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(graven, {}, "graven", "_GRAVEN_COMPLETE", instruction)
    with graven.make_context("graven", arguments) as ctx:
        return graven.invoke(ctx)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; gives the exit code. Everything that can go wrong is turned into one here."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in arguments
    try:
        prepare_streams(as_json=as_json)
        result = _invoke(arguments)
        sys.stdout.flush()
    except GravenError as error:
        _write_problem(error, as_json=as_json)
        return problems.exit_code(error)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return problems.EXIT_CODES[UsageError]
    except click.UsageError as error:
        _write_problem(usage_problem(error), as_json=as_json)
        return problems.EXIT_CODES[UsageError]
    except click.ClickException as error:
        _write_problem(GravenError(error.format_message()), as_json=as_json)
        return problems.FAILED
    except (KeyboardInterrupt, EOFError, click.Abort):
        print("interrupted", file=sys.stderr)
        return problems.INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return 0
    except OSError as error:
        _write_problem(_system_problem(error), as_json=as_json)
        return problems.exit_code_of_system(error)
    except Exception as error:
        # a bug must not look like "tampered", which is Python's own exit code for it
        if os.environ.get("GRAVEN_DEBUG"):
            raise
        bug = GravenError(
            f"this is a bug in graven: {type(error).__name__}: {error}",
            code="bug",
            hint="set GRAVEN_DEBUG=1 to see where, and report it with the command that you ran",
        )
        _write_problem(bug, as_json=as_json)
        return problems.BUG
    return result if isinstance(result, int) else 0


def _system_problem(error: OSError) -> GravenError:
    name = f"{error.filename}: " if error.filename else ""
    return GravenError(f"{name}{(error.strerror or str(error)).lower()}", code="system")


def main() -> NoReturn:
    """The console script."""
    sys.exit(run())
