"""`graven serve`: the recorder."""

import os
from pathlib import Path
from typing import Any

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import json_option
from graven.cli.setting_flags import describe, flag_of, parameter_of, setting_flags
from graven.errors import UsageError
from graven.server.settings import LoadedSettings, load_settings, unknown_variables

__all__ = ["command", "settings_from"]

EXAMPLES = """
graven serve
graven serve --data /var/lib/graven --listen 127.0.0.1:8470 --anchor /mnt/usb/anchors
graven serve --listen 0.0.0.0:8470 --tls-cert cert.pem --tls-key key.pem
graven serve --config graven.toml --public-log default
"""


def settings_from(config: Path | None, flags: dict[str, Any]) -> LoadedSettings:
    """Merge flags, environment and file; `flags` are the command's parameters by their Python names."""
    given = {}
    for info in describe():
        if flag_of(info.name) is None:
            continue
        value = flags.get(parameter_of(info.name))
        given[info.name] = list(value) if isinstance(value, tuple) and value else None if value == () else value
    return load_settings(given, os.environ, config)


@click.command("serve", cls=TeachingCommand, short_help=COMMANDS["serve"], epilog=EXAMPLES)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GRAVEN_CONFIG",
    metavar="FILE",
    help="A TOML file of settings [GRAVEN_CONFIG].",
)
@setting_flags
@json_option
def command(config: Path | None, as_json: bool, **flags: Any) -> None:
    """Run the recorder on a data directory.

    The first start creates the directory, the log "default", its key, and owner.token. Ctrl-C or SIGTERM
    stops it: what was accepted is finished first. A flag wins over the environment, which wins over the
    file; `graven doctor` prints each value with its origin.
    """
    loaded = settings_from(config, flags)
    for line in unknown_variables(os.environ):
        terminal.note(f"warning: {line}")
    try:
        from graven.server.serve import serve
    except ImportError as error:
        raise UsageError(
            f"the server is not installed: {error.name or error} is missing",
            why="`pip install graven` brings everything but the server",
            hint="pip install '.[server]' in a clone of graven",
        ) from error
    if as_json:
        terminal.note("--json: the server's log lines are JSON already")
    serve(loaded)
