"""`graven doctor`: settings with their origins, and what is wrong with a data directory or a server."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from graven.cli import terminal
from graven.cli.access.sent_token import sent_token
from graven.cli.checkup import Check, check_directory, check_machine, check_server
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option
from graven.errors import UsageError
from graven.server.settings import load_settings, unknown_variables

__all__ = ["command"]

EXAMPLES = """
graven doctor
graven doctor --data /var/lib/graven
graven doctor --server http://127.0.0.1:8470
graven doctor --data ./graven-data --accept-clock
"""


def _get(address: str) -> Any:
    import httpx

    from graven.cli.access.reaching import trusted, unreachable

    def get(path: str, headers: Mapping[str, str]) -> int:
        try:
            return httpx.get(
                address + path, headers=dict(headers), timeout=5.0, verify=trusted(address), trust_env=False
            ).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(address, f"GET {path}", error) from error

    return get


def _value_of(settings: Any, name: str) -> Any:
    value = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _accept_clock(data: Path, *, as_json: bool) -> None:
    from graven.log.doctor import accept_clock
    from graven.log.layout import log_names

    names = log_names(data)
    if not names:
        raise UsageError(f"{data} holds no log", hint="name the data directory with --data")
    accepted = []
    for name in names:
        try:
            accept_clock(data, name)
        except UsageError as error:
            if error.code != "nothing_to_accept":
                raise
            continue
        accepted.append(name)
    if not accepted:
        raise UsageError(
            "the clock is not behind any log", why=f"looked at {', '.join(names)}", code="nothing_to_accept"
        )
    if as_json:
        terminal.emit_json({"data": str(data), "accepted": accepted})
    else:
        print(f"{terminal.mark(True)} the clock is accepted for {', '.join(accepted)}, and the log system says so")


def _line(check: Check) -> str:
    signs = {
        "ok": terminal.mark(True),
        "warning": terminal.paint("!", "yellow", bold=True),
        "unchecked": terminal.paint("?", "yellow", bold=True),
        "problem": terminal.mark(False),
    }
    text = f"{signs[check.state]} {terminal.wrap(check.what, indent='  ', hanging='  ').lstrip()}"
    if check.state != "ok" and check.hint:
        text += f"\n    {terminal.paint('try:', dim=True)} {check.hint}"
    return text


@click.command("doctor", cls=TeachingCommand, short_help=COMMANDS["doctor"], epilog=EXAMPLES)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GRAVEN_CONFIG",
    metavar="FILE",
    help="The server's TOML file of settings [GRAVEN_CONFIG].",
)
@click.option("--accept-clock", is_flag=True, help="Accept that the clock is behind the log's last entry.")
@access_options
@json_option
def command(
    config: Path | None, accept_clock: bool, server: str | None, token: str | None, data: Path | None, as_json: bool
) -> int:
    """Check settings and a data directory; explain what is wrong.

    Prints each setting of the server with its value and where it comes from, then looks at the machine,
    the data directory and the server that flags and environment name; with --server alone, only at that
    server. Exit code 8 when there is a problem, 3 when something could not be checked (no token).

    --accept-clock is the way out when a log refuses to start because the clock lies more than 5 s behind
    its last entry. The decision is recorded in the log "system".
    """
    # asked about a server somewhere else: the settings and the folder here say nothing about it
    only_server = server is not None and data is None and config is None and not accept_clock
    loaded = load_settings({"data": str(data) if data is not None else None}, os.environ, config)
    folder = Path(loaded.settings.data)
    if accept_clock:
        _accept_clock(folder, as_json=as_json)
        return 0
    address = server or os.environ.get("GRAVEN_SERVER") or None
    checks = [] if only_server else [*check_machine()]
    if not only_server:
        hint = "correct or unset it: it has no effect"
        checks += [Check("warning", line, hint) for line in unknown_variables(os.environ)]
        if data is not None or address is None or folder.exists():
            checks += check_directory(folder)
    if address is not None:
        address = address.rstrip("/")
        # beside GRAVEN_SERVER, a --data names another place: its token is not for that server
        sent = sent_token(token, data if server is not None else None, os.environ, is_named=data is not None)
        checks += check_server(address, sent, _get(address))
    shown = () if only_server else loaded.origins
    settings = {name: _value_of(loaded.settings, name) for name in shown}
    if as_json:
        terminal.emit_json(
            {
                "settings": {n: {"value": v, "origin": loaded.origins[n]} for n, v in settings.items()},
                "checks": [check._asdict() for check in checks],
            }
        )
    else:
        if settings:
            rows = [[name, msgspec.json.encode(v).decode(), loaded.origins[name]] for name, v in settings.items()]
            print(terminal.table(["SETTING", "VALUE", "FROM"], rows))
            print()
        for check in checks:
            print(_line(check))
    states = {check.state for check in checks}
    return 8 if "problem" in states else 3 if "unchecked" in states else 0
