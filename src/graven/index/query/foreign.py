"""What other languages write for a condition, and nobody searches for as a word: `actor=alice`, `!outcome:failure`.

Taken as words these would find nothing, and say so with confidence. Only the name of a field makes a mistake of it:
`a=b` stays two words, and in quotes all of it is text.
"""

import re
from typing import Final

from graven.errors import InvalidInput
from graven.index.query.conditions import Value
from graven.index.query.grammar import NAME, SEGMENT
from graven.index.query.names import PSEUDO, named
from graven.index.query.problems import bad_query

__all__ = ["refuse_foreign"]

_NAMED: Final = rf"(?P<name>{NAME}(?:{SEGMENT})*)"
_ASSIGNED: Final = re.compile(rf"(?P<not>!?){_NAMED}(?P<operator>!=|==?)(?P<value>.*)", re.DOTALL)
_EXCLAIMED: Final = re.compile(rf"!{_NAMED}(?P<operator>:|[<>]=?)(?P<value>.*)", re.DOTALL)
_SIGNS: Final = {
    "=": "field:value",
    "==": "field:value",
    "!=": "-field:value",
    "!": "-, right before what it excludes",
    "&": "a space",
    "&&": "a space",
    "|": "OR",
    "||": "OR",
}
_QUOTES: Final = "to search for it as text, put it in quotes"
_SHOWN: Final = 80


def refuse_foreign(value: Value) -> None:
    """`bad_query` for a bare word that is a condition of another language, with the one that was meant."""
    sign = _SIGNS.get(value.text)
    if sign is not None:
        raise bad_query(
            f"{value.text!r} is no operator here",
            value.start,
            value.end,
            expected=["a condition"],
            hint=f"write {sign}",
        )
    match = _ASSIGNED.fullmatch(value.text)
    if match is not None and _is_name(match["name"]):
        excludes = bool(match["not"]) != (match["operator"] == "!=")
        raise _meant(value, "-" if excludes else "", match["name"], ":", match["value"], match["operator"])
    match = _EXCLAIMED.fullmatch(value.text)
    if match is not None and _is_name(match["name"]):
        raise _meant(value, "-", match["name"], match["operator"], match["value"], "!")


def _is_name(name: str) -> bool:
    if name in PSEUDO:
        return True
    try:
        named(name, 0)
    except InvalidInput:
        return False
    return True


def _meant(value: Value, sign: str, name: str, operator: str, meant: str, foreign: str) -> InvalidInput:
    shown = '"…"' if meant.startswith('"') else meant[:_SHOWN] or "VALUE"
    return bad_query(
        f"{foreign} is no operator here",
        value.start,
        value.end,
        expected=["a condition"],
        hint=f"did you mean {sign}{name}{operator}{shown}? {_QUOTES}",
    )
