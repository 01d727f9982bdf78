"""The server's settings as flags, and their descriptions.

A setting is described where it is defined, by the string after its field; this module reads those
strings from the source, so that help, `graven doctor` and the reference page can say nothing else.
"""

import ast
import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import click
import msgspec

from graven.cli.options import complete_path
from graven.cli.texts import MAYBE_PATH
from graven.server import settings as server_settings
from graven.server.settings import Settings

__all__ = ["SettingInfo", "describe", "flag_of", "parameter_of", "setting_flags"]

_FRIENDLY: Mapping[str, str] = {
    "access.public_logs": "--public-log",
    "access.public_metrics": "--public-metrics",
    "access.insecure_no_auth": "--insecure-no-auth",
    "access.insecure_no_tls": "--insecure-no-tls",
    "access.auth": "--auth",
}
"""Flags that are written by hand often and read better short; the others follow from the name."""

_FILE_ONLY = {"redaction.rules"}
"""Lists of tables: they have no sensible spelling as a flag."""

_PATHS = frozenset({"alerts.mail_ca_file", "alerts.mail_password_file", "anchor", "data", "tls.cert", "tls.key"})
"""Settings that a shell completes with names of files."""


class SettingInfo(NamedTuple):
    """One setting: dotted name, type, default and what it means."""

    name: str
    kind: Any
    default: Any
    description: str


@cache
def _docs() -> Mapping[tuple[str, str], str]:
    """(class, field) → the string that follows the field's definition."""
    tree = ast.parse(inspect.getsource(server_settings))
    found: dict[tuple[str, str], str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, after in zip(node.body, node.body[1:], strict=False):
            match field, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str() as text)),
                ):
                    found[node.name, name] = " ".join(text.split())
                case _:
                    continue
    return found


def describe(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> list[SettingInfo]:
    """All settings, in the order of the tree."""
    infos: list[SettingInfo] = []
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            infos += describe(field.type, f"{prefix}{field.name}.")
            continue
        default = field.default
        if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        infos.append(
            SettingInfo(prefix + field.name, field.type, default, _docs().get((kind.__name__, field.name), ""))
        )
    return infos


def flag_of(name: str) -> str | None:
    """`limits.body_bytes` → `--limits-body-bytes`; None for what only a file can say."""
    if name in _FILE_ONLY:
        return None
    return _FRIENDLY.get(name, "--" + name.replace(".", "-").replace("_", "-"))


def parameter_of(name: str) -> str:
    """The Python name under which a command gets the flag's value."""
    return "setting_" + name.replace(".", "_")


def _plain_type(kind: Any) -> Any:
    """`Annotated[int, …]` → int; `str | None` → str; `list[str]` → list; a choice of words stays one."""
    if typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    arguments = [a for a in typing.get_args(kind) if a is not type(None)]
    origin = typing.get_origin(kind)
    if origin is list:
        return list
    if origin is typing.Literal:
        return click.Choice(arguments)
    return arguments[0] if arguments else kind


def setting_flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add one option per setting; a flag that is not given is None."""
    for info in reversed(describe()):
        flag = flag_of(info.name)
        if flag is None:
            continue
        parameter = parameter_of(info.name)
        kind = _plain_type(info.kind)
        text = info.description
        complete = complete_path if info.name in _PATHS else None
        text_type = click.STRING if complete is None else MAYBE_PATH
        if kind is bool:
            option = click.option(f"{flag}/--no-{flag[2:]}", parameter, default=None, help=text)
        elif kind is list:
            option = click.option(
                flag,
                parameter,
                type=text_type,
                multiple=True,
                metavar="TEXT",
                help=f"{text} Repeatable.",
                shell_complete=complete,
            )
        else:
            default = "" if info.default is None else f" [{info.default}]"
            metavar = None if isinstance(kind, click.Choice) else "N" if kind in (int, float) else "TEXT"
            option = click.option(
                flag,
                parameter,
                type=text_type if kind is str else kind,
                metavar=metavar,
                help=f"{text}{default}",
                shell_complete=complete,
            )
        function = option(function)
    return function
