"""Arguments as text: the bytes of the command line in UTF-8, whatever the locale says.

Python hands over bytes that its locale cannot read as lone surrogates, which no event, query or request can hold. An
argument that may be a path is left alone, because the name of a file is bytes.
"""

import os
from typing import Any

import click

from graven.errors import UsageError

__all__ = ["MAYBE_PATH", "read_texts"]

MAYBE_PATH = click.UNPROCESSED
"""The type of an argument that is a path or a text."""


def read_texts(command: click.Command, ctx: click.Context) -> None:
    """Replace the values of all parameters of type text. UsageError for one that is not UTF-8."""
    for param in command.params:
        value = ctx.params.get(param.name or "")
        if param.type is click.STRING and value is not None:
            ctx.params[param.name or ""] = _text(param, value)


def _text(param: click.Parameter, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_text(param, one) for one in value)
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        given = os.fsencode(value)
    else:
        return value
    try:
        return given.decode()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{_name(param)} is not UTF-8: {given[:80]!r}",
            why=f"byte {error.start} is {given[error.start]:#04x}",
            hint="texts are UTF-8: see the locale of your terminal, or where the text was copied from",
        ) from error


def _name(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else f"the argument {param.human_readable_name}"
