"""What other languages write for a condition, and nobody searches for as a word: `actor=alice`, `!outcome:failure`,
`actor IN (a, b)`, `duration > 2s`.

Taken as words these would find nothing, and say so with confidence. Only the name of a field makes a mistake of it:
`a=b` stays two words, and in quotes all of it is text. None of them is how `unparse` spells a tree: its words are
letters and digits in lower case.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

from graven.errors import InvalidInput
from graven.index.query.conditions import Value
from graven.index.query.fields import Field
from graven.index.query.grammar import NAME, QUOTED, SEGMENT
from graven.index.query.names import PSEUDO, is_of_field, named, quote, spell_word
from graven.index.query.patterns import like_pattern, refuse_regex, regex_pattern
from graven.index.query.problems import bad_query

__all__ = ["refuse_apart", "refuse_foreign", "refuse_unequal"]

_NAMED: Final = rf"(?P<name>{NAME}(?:{SEGMENT})*)"
_ASSIGNED: Final = re.compile(rf"(?P<not>!?){_NAMED}(?P<operator>!=|!~|==?~?|~=?)(?P<value>.*)", re.DOTALL)
_EXCLAIMED: Final = re.compile(rf"!{_NAMED}(?P<operator>:|[<>]=?)(?P<value>.*)", re.DOTALL)
_EXCLAIMED_WORD: Final = re.compile(r"!(?P<word>\w+)")
_NOT: Final = re.compile(rf"\s+(?:\(|{_NAMED}(?::|[<>]=?)\S)")
_SIGNS: Final = {
    "=": "field:value",
    "==": "field:value",
    "!=": "-field:value",
    "<>": "-field:value",
    "~": "field:*part*",
    "=~": "field:*part*",
    "!~": "-field:*part*",
    "!": "-, right before what it excludes",
    "&": "a space",
    "&&": "a space",
    "|": "OR",
    "||": "OR",
}
_ONE: Final = rf"(?P<value>{QUOTED}|'[^']*'|[^\s()]+|)"
_SIGN_APART: Final = re.compile(rf"\s+(?P<sign>!=|!~|=~|==?|<>|~|[<>]=?|:=?)(?![=<>~!:])\s*{_ONE}")
_IN_APART: Final = re.compile(
    r"\s+(?P<not>(?:NOT|not)\s+)?(?:IN\s*[(\[]|in\s*\((?=\s*[\w.@/'-]+\s*,))(?P<list>[^()\[\]]*)[)\]]?"
)
_LIKE_APART: Final = re.compile(rf"\s+(?P<not>NOT\s+)?(?P<word>I?LIKE|RLIKE|REGEXP|MATCHES|CONTAINS)\s+{_ONE}")
_NULL_APART: Final = re.compile(r"\s+IS\s+(?P<not>NOT\s+)?NULL(?!\S)")
_BETWEEN_APART: Final = re.compile(r"\s+BETWEEN\s+(?P<low>[^\s()]+)\s+AND\s+(?P<high>[^\s()]+)")
_PLAIN: Final = re.compile(r"[\w./@:+*-]+")
_UNSPELLABLE: Final = re.compile(r'[\s()"*]+')
"""A pattern stands without quotes, where these mean something: any text stands for them as well."""
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
    if match is not None and (found := _field_of(match["name"])) is not False:
        excludes = bool(match["not"]) != match["operator"].startswith("!")
        shown = _written(_bare(match["value"]))
        if "~" in match["operator"]:
            shown = _matching(found, regex_pattern, shown)
        raise _meant(value, value.end, "-" if excludes else "", match["name"], ":", shown, match["operator"])
    match = _EXCLAIMED.fullmatch(value.text)
    if match is not None and _field_of(match["name"]) is not False:
        raise _meant(value, value.end, "-", match["name"], match["operator"], _written(match["value"]), "!")
    if (match := _EXCLAIMED_WORD.fullmatch(value.text)) is not None:
        hint = f"did you mean -{match['word'][:_SHOWN]}? {_QUOTES}"
        raise bad_query(
            f"{value.text[0]!r} is no operator here", value.start, value.end, expected=["a condition"], hint=hint
        )
    refuse_regex("", value.text, value.start)


def refuse_unequal(name: str, start: int, value: Value) -> None:
    """`bad_query` for `name<>value`, which the grammar reads as `name<` and `>value`."""
    if value.text.startswith(">") and not value.quoted:
        raise _meant(value._replace(start=start), value.end, "-", name, ":", _written(value.text[1:]), "<>")


def refuse_apart(text: str, value: Value) -> None:
    """`bad_query` for the name of a field, standing as a word of `text`, behind which an operator follows apart from
    it: `duration > 2s`, `actor :alice`, `actor IN (a, b)`, `ticket IS NULL`. And for `not` before a condition: as a
    word it would leave what it was to exclude."""
    if value.text in ("not", "Not") and (match := _NOT.match(text, value.end)) is not None:
        name = match["name"]
        if name is None or _field_of(name) is not False:
            raise bad_query(
                f"{value.text} is a word to search for, not the operator",
                value.start,
                value.end,
                expected=["a condition"],
                hint=f"write NOT, or - right before what it excludes; {_QUOTES}",
            )
    field = _field_of(value.text)
    if field is False:
        return
    for form, read in _APART:
        match = form.match(text, value.end)
        said = None if match is None else read(match, field)
        if match is not None and said is not None:
            foreign, sign, rest = said
            raise _meant(value, match.end(), sign, value.text, *rest, foreign)


_Said = tuple[str, str, tuple[str, str]]
"""The operator as it was written, the sign before the field, and what stands behind it: operator and value."""


def _sign_apart(match: re.Match[str], field: Field | None) -> _Said | None:
    sign, value = match["sign"], _bare(match["value"])
    compared = field is not None and field.kind not in ("keyword", "text", "map")
    if sign[0] in "<>" and sign != "<>":
        if field is None:
            return sign, "", (":", _written(value))
        if not compared:
            return None
        return sign, "", (sign, _written(value))
    if "~" in sign:
        return sign, "-" if sign[0] == "!" else "", (":", _matching(field, regex_pattern, value))
    return sign, "-" if sign in ("!=", "<>") else "", (":", _written(value))


def _in_apart(match: re.Match[str], field: Field | None) -> _Said:
    values = [
        spell_word(_bare(one.strip())[:_SHOWN]) for one in re.split(r",|\s+OR\s+", match["list"]) if one.strip(" '\"")
    ]
    spelled = f"({' OR '.join(values)})" if len(values) > 1 else values[0] if values else "VALUE"
    return "IN", "-" if match["not"] else "", (":", spelled)


def _like_apart(match: re.Match[str], field: Field | None) -> _Said:
    pattern: Callable[[str], str] = like_pattern if "LIKE" in match["word"] else regex_pattern
    return match["word"], "-" if match["not"] else "", (":", _matching(field, pattern, _bare(match["value"])))


def _null_apart(match: re.Match[str], field: Field | None) -> _Said:
    return "IS", "" if match["not"] else "-", (":", "*")


def _between_apart(match: re.Match[str], field: Field | None) -> _Said:
    low, high = _bare(match["low"]), _bare(match["high"])
    if field is not None and field.kind in ("keyword", "text", "map"):  # these have no ranges
        return "BETWEEN", "", (":", f"({spell_word(low[:_SHOWN])} OR {spell_word(high[:_SHOWN])})")
    return "BETWEEN", "", (":", f"{low}..{high}")


_APART: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Field | None], _Said | None]], ...]] = (
    (_SIGN_APART, _sign_apart),
    (_IN_APART, _in_apart),
    (_LIKE_APART, _like_apart),
    (_NULL_APART, _null_apart),
    (_BETWEEN_APART, _between_apart),
)


def _field_of(name: str) -> Field | Literal[False] | None:
    """The field; None for a name that asks about none of its own (`since`); False for what is no name."""
    if name in PSEUDO:
        return None
    try:
        return named(name, 0).field if is_of_field(name) else False
    except InvalidInput:
        return False


def _matching(field: Field | None, pattern: Callable[[str], str], value: str) -> str:
    """A value that another language takes for a pattern; texts are searched by words as they are."""
    if field is None or field.kind not in ("keyword", "map", "json"):
        return _written(value)
    return _UNSPELLABLE.sub("*", pattern(value))[:_SHOWN] if value else "VALUE"


def _bare(value: str) -> str:
    """Without the quotes that another language wants."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _written(value: str) -> str:
    if value.startswith('"'):
        return '"…"'
    if not value:
        return "VALUE"
    return value[:_SHOWN] if _PLAIN.fullmatch(value) or value[0] in "<>(" else quote(value[:_SHOWN])


def _meant(value: Value, end: int, sign: str, name: str, operator: str, shown: str, foreign: str) -> InvalidInput:
    apart = foreign == operator and end > value.end
    meant = f"did you mean {sign}{name}{operator}{shown}?"
    if name in PSEUDO and (sign or foreign in ("IS", "IN", "BETWEEN")):  # these say how all else is read, and only once
        meant = f"write {name}:VALUE;"
    return bad_query(
        f"{foreign} stands right behind its field, without white space" if apart else f"{foreign} is no operator here",
        value.start,
        end,
        expected=["a condition"],
        hint=f"{meant} {_QUOTES}",
    )
