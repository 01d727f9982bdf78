"""A strict JSON parser that knows where every value lies: the slow path of intake.

The fast path is msgspec, which is strict but for two things: it keeps the last of duplicate members, and
bounds neither depth nor integers. Whatever the fast path doubts comes here, and so does what is to be
redacted: `parse` gives a tree of nodes with byte spans. RFC 8259 grammar; UTF-8; at most `MAX_DEPTH`
containers inside each other; no NaN, no fraction or exponent outside IEEE 754 double range (`1e400`), no
integer of more than 4,300 digits, no lone surrogate, no duplicate member (compared after unescaping).
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from graven.errors import InvalidInput
from graven.event.counting import count_byte

__all__ = ["MAX_DEPTH", "Node", "depth_of", "loads", "parse", "structural_quotes"]

MAX_DEPTH: Final = 64
"""Containers inside each other, the outermost counted."""

_MAX_DIGITS: Final = 4_300  # Python's own bound for int(), and msgspec's
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_PLAIN: Final = re.compile(rb'"([^"\\\x00-\x1f]*)"')
_ESCAPED: Final = re.compile(rb'"([^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+)"', re.DOTALL)
_NUMBER: Final = re.compile(rb"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_WORDS: Final[dict[int, tuple[bytes, Any]]] = {
    0x74: (b"true", True),
    0x66: (b"false", False),
    0x6E: (b"null", None),
}
_SHORT: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_STRINGS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


class Node:
    """One value: `data[start:end]` is its spelling; `children` are nodes by member name or position."""

    __slots__ = ("children", "end", "start", "value")

    def __init__(self, start: int, end: int, value: Any, children: "dict[str, Node] | list[Node] | None") -> None:
        self.start = start
        self.end = end
        self.value = value
        self.children = children

    def at(self, path: Iterable[str | int]) -> "Node":
        """The node under `path` (member names and positions); KeyError or IndexError when there is none."""
        node = self
        for step in path:
            node = node.children[step]  # type: ignore[index]
        return node


def _fail(reason: str, position: int) -> InvalidInput:
    return InvalidInput(f"not JSON: {reason} at byte {position}", code="not_json", details={"position": position})


def parse(data: bytes, *, max_depth: int = MAX_DEPTH) -> Node:
    """Parse exactly one JSON value; `InvalidInput` (code `not_json`, `details["position"]`) otherwise.

    Code `duplicate_member` and `too_deep` mark those two refusals.
    """
    position = _skip(data, 0)
    node = _value(data, position, max_depth)
    end = _skip(data, node.end)
    if end != len(data):
        raise _fail("more bytes after the value", end)
    return node


def loads(data: bytes) -> Any:
    """The value of `parse(data)`."""
    return parse(data).value


def structural_quotes(data: bytes) -> int:
    """Number of quotation marks that begin or end a string, in valid JSON of any spelling.

    Two documents of equal value have equal counts unless one has duplicate members: a cheap test.
    """
    if b"\\" not in data:
        return count_byte(data, 0x22)
    if b"\\\\" in data:  # a run of backslashes begins an escape: without its pairs, one that is left escapes
        data = data.replace(b"\\\\", b"")
    return count_byte(data, 0x22) - data.count(b'\\"')


def depth_of(data: bytes) -> int:
    """Greatest number of containers inside each other, for valid JSON."""
    deepest = depth = 0
    for bracket in re.findall(rb"[\[{\]}]", _STRINGS.sub(b"", data)):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _skip(data: bytes, position: int) -> int:
    match = _SPACE.match(data, position)
    return match.end() if match else position


def _value(data: bytes, position: int, room: int) -> Node:
    byte = data[position] if position < len(data) else -1
    if byte == 0x22:
        text, end = _string(data, position)
        return Node(position, end, text, None)
    if byte == 0x7B:
        return _object(data, position, room)
    if byte == 0x5B:
        return _array(data, position, room)
    if byte in _WORDS:
        word, value = _WORDS[byte]
        if data.startswith(word, position):
            return Node(position, position + len(word), value, None)
    if byte == 0x2D or 0x30 <= byte <= 0x39:
        return _number(data, position)
    if byte == -1:
        raise _fail("it ends where a value is expected", position)
    raise _fail("a value is expected", position)


def _deeper(position: int, room: int) -> int:
    if room <= 0:
        raise InvalidInput(
            f"nested too deep at byte {position}", code="too_deep", details={"position": position, "limit": MAX_DEPTH}
        )
    return room - 1


def _object(data: bytes, start: int, room: int) -> Node:
    room = _deeper(start, room)
    value: dict[str, Any] = {}
    children: dict[str, Node] = {}
    position = _skip(data, start + 1)
    if data[position : position + 1] == b"}":
        return Node(start, position + 1, value, children)
    while True:
        if data[position : position + 1] != b'"':
            raise _fail("a member name is expected", position)
        name, end = _string(data, position)
        if name in children:
            raise InvalidInput(
                f"duplicate member {name[:64]!r} at byte {position}",
                code="duplicate_member",
                details={"position": position, "member": name},
            )
        position = _skip(data, end)
        if data[position : position + 1] != b":":
            raise _fail("':' is expected", position)
        child = _value(data, _skip(data, position + 1), room)
        children[name] = child
        value[name] = child.value
        position = _skip(data, child.end)
        byte = data[position : position + 1]
        if byte == b"}":
            return Node(start, position + 1, value, children)
        if byte != b",":
            raise _fail("',' or '}' is expected", position)
        position = _skip(data, position + 1)


def _array(data: bytes, start: int, room: int) -> Node:
    room = _deeper(start, room)
    value: list[Any] = []
    children: list[Node] = []
    position = _skip(data, start + 1)
    if data[position : position + 1] == b"]":
        return Node(start, position + 1, value, children)
    while True:
        child = _value(data, position, room)
        children.append(child)
        value.append(child.value)
        position = _skip(data, child.end)
        byte = data[position : position + 1]
        if byte == b"]":
            return Node(start, position + 1, value, children)
        if byte != b",":
            raise _fail("',' or ']' is expected", position)
        position = _skip(data, position + 1)


def _number(data: bytes, start: int) -> Node:
    match = _NUMBER.match(data, start)
    if match is None:
        raise _fail("a number is malformed", start)
    whole, fraction, exponent = match.groups()
    value: int | float
    if fraction is None and exponent is None:
        value = int(whole) if len(whole.lstrip(b"-")) <= _MAX_DIGITS else float("inf")
    else:
        value = float(match.group())
    if abs(value) == float("inf"):
        raise _fail("a number is out of range", start)
    return Node(start, match.end(), value, None)


def _string(data: bytes, start: int) -> tuple[str, int]:
    match = _PLAIN.match(data, start)
    if match is not None:
        return _utf8(match.group(1), start), match.end()
    match = _ESCAPED.match(data, start)
    if match is None:
        raise _fail("a string is cut or holds a control character", start)
    return _unescape(_utf8(match.group(1), start), start), match.end()


def _utf8(raw: bytes, start: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _fail("invalid UTF-8", start + 1 + error.start) from error


def _unescape(text: str, start: int) -> str:
    def one(match: re.Match[str]) -> str:
        code, short = match.groups()
        if code is not None:
            return chr(int(code, 16))
        if short not in _SHORT:
            raise _fail(f"unknown escape \\{short}", start)
        return _SHORT[short]

    plain = _ESCAPE.sub(one, text)
    if _SURROGATE.search(plain) is None:
        return plain
    try:  # pairs become one character; a lone one has no UTF-8
        return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise _fail("a lone surrogate", start) from error
