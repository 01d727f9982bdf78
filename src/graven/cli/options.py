"""Options that several commands share, so that they read the same everywhere."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from graven.cli.access.choose import DEFAULT_DATA, Place, connect, connect_reader, find_place
from graven.cli.access.ports import Access, ReadAccess
from graven.cli.known_logs import telling_logs
from graven.cli.signposts import check_token_text

__all__ = ["access_options", "complete_path", "find_chosen", "json_option", "log_option", "open_chosen", "read_chosen"]

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


def access_options(function: F) -> F:
    """`--server`, `--token` and `--data`; the command gets them as keyword arguments."""
    for option in (
        click.option(
            "--data",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="A data directory, or the server that holds it [GRAVEN_DATA; else ./graven-data or ./.graven].",
        ),
        click.option(
            "--token", metavar="TEXT", help="The server's token [with --data its owner.token; else GRAVEN_TOKEN]."
        ),
        click.option("--server", metavar="URL", help="A running server [GRAVEN_SERVER]."),
    ):
        function = option(function)
    return function


def log_option(function: F) -> F:
    """`--log`, the name of the log."""
    return click.option(
        "--log",
        envvar="GRAVEN_LOG",
        default="default",
        metavar="NAME",
        help="Name of the log [GRAVEN_LOG; default].",
        shell_complete=_complete_log,
    )(function)


def complete_path(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of files, for an argument that may also be something else: an address, a key's text."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _complete_log(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The logs of the data directory that is meant. A server is not asked: a key press must not wait for one."""
    chosen = ctx.params.get("data") or os.environ.get("GRAVEN_DATA") or DEFAULT_DATA
    try:
        return sorted(path.name for path in (Path(chosen) / "logs").iterdir() if path.name.startswith(incomplete))
    except OSError:
        return []


def json_option(function: F) -> F:
    """`--json`, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(function)


def find_chosen(
    server: str | None,
    data: Path | None,
    token: str | None,
    *,
    creating: bool = False,
    opening: bool = False,
    receiving: bool = False,
) -> Place:
    """The place that flags, environment and current folder name; nothing is opened. See `find_place`."""
    check_token_text(token, because="--token")
    check_token_text(os.environ.get("GRAVEN_TOKEN"), because="GRAVEN_TOKEN")
    return find_place(
        server=server,
        data=data,
        token=token,
        environ=os.environ,
        here=Path.cwd(),
        creating=creating,
        opening=opening,
        receiving=receiving,
    )


def open_chosen(server: str | None, data: Path | None, token: str | None, *, creating: bool = False) -> Access:
    """The log that flags, environment and current folder name."""
    return connect(find_chosen(server, data, token, creating=creating))


def read_chosen(server: str | None, data: Path | None, token: str | None) -> AbstractContextManager[ReadAccess]:
    """The same, to read only; a log that is not there is told with those that are."""
    return telling_logs(connect_reader(find_chosen(server, data, token)))
