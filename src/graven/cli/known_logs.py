"""A log that is not there, told to somebody who wants to read: which logs there are, and which was probably meant.

Whoever mistypes a name while reading has no use for a new and empty log, which is what a server proposes.
"""

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from graven.cli.access.choose import Place, connect_reader
from graven.cli.access.ports import ReadAccess
from graven.errors import GravenError, NotFound

__all__ = ["require_log", "telling_logs"]

A = TypeVar("A", bound=ReadAccess)

_SYSTEM: Final = "system"
_MOST_NAMED: Final = 10


@contextmanager
def telling_logs(access: A) -> Iterator[A]:
    """`access`, closed at the end; an unknown log of the block is told with those that there are."""
    with access:
        try:
            yield access
        except NotFound as error:
            if error.code == "unknown_log":
                _teach(error, access)
            raise


def require_log(place: Place, log: str) -> None:
    """NotFound, which names the logs, when the place has no such log. What cannot be asked is left to the reader."""
    if place.data is not None:  # without opening it: archives are made beside a running server
        names = sorted(path.parent.name for path in (place.data / "logs").glob("*/log.vkey"))
    else:
        try:
            with connect_reader(place) as access:
                names = _names(access)
        except GravenError:
            return
    if log not in names:
        hidden = "" if place.data is not None else ", or this token is not for it"
        raise _told(NotFound(f'there is no log "{log}"{hidden}', code="unknown_log", details={"log": log}), names)


def _teach(error: NotFound, access: ReadAccess) -> None:
    try:
        names = _names(access)
    except GravenError:  # the first error says more
        return
    _told(error, names)


def _names(access: ReadAccess) -> list[str]:
    return [str(log["name"]) for log in access.logs()]


def _told(error: NotFound, names: Sequence[str]) -> NotFound:
    names = sorted(names, key=lambda name: (name == _SYSTEM, name))
    asked = str(error.details.get("log", ""))
    shown = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    listed = f"there is {shown}{more}" if names else "there is none that may be read here"
    error.why = f"GRAVEN_LOG names it; {listed}" if asked and asked == os.environ.get("GRAVEN_LOG") else listed
    (near,) = difflib.get_close_matches(asked, {*names, _SYSTEM}, n=1) or [""]
    if near:
        error.hint = f"--log {near}"
        if near not in names:
            error.hint += ", with a token of the role auditor"
    else:
        error.hint = "graven log list" if more or not names else f"--log {names[0]}"
    return error
