"""Patterns of other languages: regular expressions are refused where nothing else can be meant, and told as wildcards.

`/cart/` is a path that somebody may well search for, and so is `/cart.*/` in a `uri`; `/al.*/` of an actor is not.
"""

import re
from typing import Final

from graven.index.query.problems import bad_query

__all__ = ["in_slashes", "like_pattern", "refuse_regex", "regex_pattern"]

_SLASHED: Final = re.compile(r"/(.+)/[a-z]{0,3}", re.DOTALL)
_RANGE: Final = r"(?:(?<![a-z])[a-z]-[a-z](?![a-z])|(?<![A-Z])[A-Z]-[A-Z](?![A-Z])|(?<!\d)\d-\d(?!\d))"
"""`a-z` of `[A-Za-z]`; in `/blog/[post-id]/raw`, where a router puts a value, there is none."""
_CLEAR: Final = re.compile(rf"\\[\w.+*?/-]|\.\+|\[\^|\[(?:(?!{_RANGE})[^\[\]])*+{_RANGE}[^\[\]]*+\]|\A\^|\$\Z|\w\|\w")
"""Nothing is looked at twice: of a run of brackets each begins where the one before it ends."""
_ANYTHING: Final = re.compile(r"\.\*")
_SPECIAL: Final = re.compile(r"[\\\[\](){}^$+?|]")
_ALTERNATIVES: Final = re.compile(r"\w+(?:\|\w+)+")
_WORD: Final = re.compile(r"\w+\*?|\*\w+\*")
_SHOWN: Final = 80


def in_slashes(text: str) -> str | None:
    """What stands between slashes (`/al.*/i` is `al.*`), None for a text that does not begin and end with one."""
    match = _SLASHED.fullmatch(text)
    return match.group(1) if match is not None else None


def refuse_regex(name: str, text: str, start: int, *, dots: bool = True) -> None:
    """`bad_query` for a bare value in slashes that is clearly a regular expression. `name` is that of its field, empty
    for a word without one. Without `dots`, `.*` makes none of it: in a `uri` it is a star behind a dot."""
    body = in_slashes(text)
    if body is None or not (_CLEAR.search(body) or (dots and _ANYTHING.search(body))):
        return
    meant = _meant(name, body)
    raise bad_query(
        f"{text[:_SHOWN]!r} is a regular expression, and there are none here",
        start,
        start + len(text),
        expected=["a value with * for any text"],
        hint=(
            f"did you mean {meant}? "
            if meant and len(meant) <= 2 * _SHOWN
            else f"{name or 'field'}:begins*, *part* and OR say a part; "
        )
        + "in quotes it is a text",
    )


def _meant(name: str, body: str) -> str:
    """The condition that says the same, empty where none does."""
    if _ALTERNATIVES.fullmatch(body):
        either = f"({' OR '.join(body.split('|'))})"
        return f"{name}:{either}" if name else either
    pattern = regex_pattern(body)
    if _SPECIAL.search(pattern):
        return ""
    if name:
        return f"{name}:{pattern}"
    return pattern if _WORD.fullmatch(pattern) else ""


def regex_pattern(body: str) -> str:
    """The wildcard of a regular expression that says no more than one can: `^al.*` is `al*`, `al` is `*al*`."""
    whole = in_slashes(body) or body
    begins, ends = whole.startswith("^"), whole.endswith("$")
    core = whole[begins : len(whole) - ends]
    core = re.sub(r"\.[*+]\??", "*", core)
    core = re.sub(r"\\([\W_])", r"\1", core)
    return re.sub(r"\*+", "*", f"{'' if begins else '*'}{core}{'' if ends else '*'}")


def like_pattern(value: str) -> str:
    """The wildcard of what SQL has behind LIKE: `al%` is `al*`."""
    return re.sub(r"\*+", "*", value.replace("%", "*"))
