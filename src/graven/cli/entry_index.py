"""The argument INDEX: a number, or `last`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from graven.cli.access.ports import ReadAccess
from graven.errors import GravenError, NotFound

__all__ = ["INDEX", "resolve_index", "teach_last"]


class _Index(click.ParamType[int | None]):
    """A non-negative decimal number; `last` becomes None."""

    name = "index"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value is None or isinstance(value, int):
            return value
        text = str(value)
        if text == "last":
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            self.fail(f'{text!r} is no index: give a number from 0 on, or "last"', param, ctx)
        return int(text)


INDEX = _Index()


def resolve_index(access: ReadAccess, log: str, index: int | None) -> int:
    """The number; `last` is the newest readable entry. `NotFound` in an empty log."""
    if index is not None:
        return index
    size = access.size(log)
    if size == 0:
        raise NotFound(f'the log "{log}" is empty', hint="graven record --action hello --actor me")
    return size - 1


@contextmanager
def teach_last(access: ReadAccess, log: str) -> Iterator[None]:
    """Add to a `NotFound` of the block which entry is the last one."""
    try:
        yield
    except NotFound as error:
        try:
            size = access.size(log)
        except GravenError:  # no such log, or out of reach: the first error says more
            raise error from None
        if size:
            of = "" if log == "default" else f" --log {log}"
            error.hint = f"the last is {size - 1}: graven show last{of}"
        raise
