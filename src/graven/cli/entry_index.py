"""The argument INDEX|ID: a number, `last`, or the id of an event."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from graven.cli.access.ports import ReadAccess
from graven.cli.access.questions import Tell, quiet
from graven.errors import GravenError, NotFound

__all__ = ["index_named", "teach_last"]

_MOST_DIGITS = 18
_BEGUN_CHARS = 8


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def index_named(access: ReadAccess, log: str, event: str, *, tell: Tell = quiet) -> int:
    """The log index of an event that is named by it, by its id, or as `last`, the newest readable entry.

    NotFound for an id that no event has, and for the last of none; Conflict for an id that several have.
    """
    if event == "last":
        return _last(access, log)
    if _is_index(event):
        return int(event)
    try:
        return access.searcher().index_of(log, event, tell=tell)
    except NotFound as error:
        if error.code == "entry_not_found" and not error.hint:
            error.hint = (
                f'a log index, "last" or a whole id names an event; '
                f"graven search{_of(log)} id:{_begun(event)} finds ids that begin so"
            )
        raise


def _last(access: ReadAccess, log: str) -> int:
    size = access.size(log)
    if size == 0:
        raise NotFound(f'the log "{log}" is empty', hint="graven record --action hello --actor me")
    return size - 1


def _begun(event: str) -> str:
    """An id, or what it begins with, as a query spells it and a shell takes it."""
    plain = re.match(r"[\w./-]*", event[:_BEGUN_CHARS])
    return f"'{plain.group() if plain else ''}*'"


def _of(log: str) -> str:
    return "" if log == "default" else f" --log {log}"


@contextmanager
def teach_last(access: ReadAccess, log: str, command: str = "show") -> Iterator[None]:
    """Add to a `NotFound` of the block which entry is the last one, and the `command` that takes it."""
    try:
        yield
    except NotFound as error:
        try:
            size = access.size(log)
        except GravenError:  # no such log, or out of reach: the first error says more
            raise error from None
        if size:
            error.hint = f"the last is {size - 1}: graven {command} last{_of(log)}"
        raise
