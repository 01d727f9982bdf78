"""Lines of text with fields in braces: `--template '{received} {actor:<12} {target.id}'`.

A width is one of a terminal: cells, not characters, as in the tables. A mistake is told in these words, and not in
those of Python's formats, which `{…}` only looks like.
"""

import re
from typing import Any, Final, NamedTuple

from graven.cli.picked import pick_fields
from graven.cli.zone import Zone
from graven.errors import UsageError
from graven.index.export.columns import DEFAULT_COLUMNS

__all__ = ["Template"]

_WIDEST: Final = 1_000
"""Cells of a field; far more would be a slip that fills the memory with spaces."""
_ESCAPES: Final = {"\\t": "\t", "\\n": "\n", "\\\\": "\\"}
_ESCAPE: Final = re.compile(r"\\[tn\\]")
_EXAMPLE: Final = "--template '{received} {actor:<20} {action} {target.id}'"
_PIECE: Final = re.compile(
    r"""(?P<braces>\{\{|\}\})
    | \{ (?P<name>(?:"(?:[^"\\]|\\.)*"|[^"{}:])*) (?: : (?P<form>[^{}]*))? \}
    | (?P<text>[^{}]+)""",
    re.VERBOSE | re.DOTALL,
)
_FORM: Final = re.compile(
    r"(?:(?P<fill>.)(?=[<>^]))?(?P<align>[<>^])?(?P<width>[0-9]+)?(?:\.(?P<most>[0-9]+))?", re.DOTALL
)


class _Shape(NamedTuple):
    """At least `width` cells, padded with `fill` as `align` says, and at most `most`."""

    fill: str = " "
    align: str = "<"
    width: int = 0
    most: int | None = None

    def shaped(self, text: str) -> str:
        from rich.cells import cell_len, set_cell_size

        size = cell_len(text)
        if self.most is not None and size > self.most:
            text, size = set_cell_size(text, self.most), self.most
        room = max(0, self.width - size)
        before = {"<": 0, ">": room, "^": room // 2}[self.align]
        return self.fill * before + text + self.fill * (room - before)


class Template:
    """Names of fields in braces, each with a width if wanted: `{actor:<12}`, `>12`, `^12`, and `.12` to cut.

    `{{` and `}}` are braces, `\\t` and `\\n` a tab and a line end. UsageError for what cannot be read.
    """

    def __init__(self, text: str, zone: Zone) -> None:
        self._parts: list[str | _Shape | None] = []
        names: list[str] = []
        at = 0
        while at < len(text):
            piece = _PIECE.match(text, at)
            if piece is None:
                raise _stray_brace(text, at)
            at = piece.end()
            if piece["name"] is None:
                self._parts.append(_unescaped(piece["text"]) if piece["text"] else piece["braces"][0])
            else:
                names.append(_name(piece["name"]))
                self._parts.append(_shape(piece["form"], names[-1]))
        if not names:
            raise UsageError("--template names no field", why="fields stand in braces: {actor}", hint=_EXAMPLE)
        try:
            self._picker = pick_fields(names, zone)
        except UsageError as error:
            raise _unknown(error) from error

    def line(self, view: dict[str, Any]) -> str:
        """The text of one event."""
        texts = iter(self._picker.texts(view))
        pieces = (part if isinstance(part, str) else _shaped(next(texts), part) for part in self._parts)
        return "".join(pieces)


def _shaped(text: str, shape: _Shape | None) -> str:
    return text if shape is None else shape.shaped(text)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group()], text)


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise UsageError("--template has braces without the name of a field", why=_names(), hint=_EXAMPLE)
    return name


def _names() -> str:
    return f"fields are {', '.join(DEFAULT_COLUMNS)}, …; all of them: docs/reference/query.md"


def _shape(form: str | None, name: str) -> _Shape | None:
    if not form:
        return None
    found = _FORM.fullmatch(form)
    for digits in re.findall(r"[0-9]+", form):
        if len(digits) > len(str(_WIDEST)) or int(digits) > _WIDEST:
            raise UsageError(
                f"--template: a field is at most {_WIDEST:,} columns wide, and {digits[:20]} are asked for",
                hint=_EXAMPLE,
            )
    from rich.cells import cell_len

    if found is None or (found["fill"] is not None and cell_len(found["fill"]) != 1):
        raise UsageError(
            f"--template: {form[:40]!r} is no width, in {{{name}:{form[:40]}}}",
            why="<20 pads on the right, >20 on the left, ^20 on both sides, .20 cuts behind 20 columns",
            hint=_EXAMPLE,
        )
    most = None if found["most"] is None else int(found["most"])
    return _Shape(found["fill"] or " ", found["align"] or "<", int(found["width"] or 0), most)


def _stray_brace(text: str, at: int) -> UsageError:
    rest = text[at : at + 20]
    said = "is not closed" if text[at] == "{" else "closes nothing"
    return UsageError(
        f"--template: the brace at {rest!r} {said}", why="{{ and }} are braces that are shown", hint=_EXAMPLE
    )


def _unknown(error: UsageError) -> UsageError:
    near, _, _ = error.hint.partition("\n")
    hint = f"{near}\n{_EXAMPLE}" if near.startswith("did you mean") else _EXAMPLE
    return UsageError(f"--template: {error.message}", why=_names(), hint=hint, code=error.code)
