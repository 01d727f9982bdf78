"""The standard streams, made such that no text on record can end a command.

A terminal may lack the characters of an event (`LC_ALL=POSIX`, latin-1). They are then spelled as JSON spells them,
`\\u00ef`, so that what was JSON stays JSON; Python's own `backslashreplace` would write `\\xef`, which is none.
"""

import codecs
import io
import os
import sys
from typing import Final

from graven.errors import UsageError

__all__ = ["prepare_streams"]

_SPELLED: Final = "graven.spelled"


def prepare_streams(*, as_json: bool) -> None:
    """Before anything is read or printed. UsageError when standard output is closed.

    With `as_json` what comes out is UTF-8 or ASCII, because JSON in latin-1 is no JSON for the program that reads it.
    """
    codecs.register_error(_SPELLED, _spelled)
    # a file that is opened later would get the free number, and what is printed to it would land inside
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    if sys.stdout is None:
        raise UsageError(
            "standard output is closed",
            why="the answer of a command goes there",
            hint="to run it without seeing the answer: >/dev/null",
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            narrow = as_json and codecs.lookup(stream.encoding).name != "utf-8"
            stream.reconfigure(encoding="ascii" if narrow else None, errors=_SPELLED)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    units = lacking.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end
