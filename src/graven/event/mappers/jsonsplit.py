"""A sans-io splitter of one large JSON document: bytes in, the elements of one array out.

`JsonSplitter(("results", "tests"))` walks down the named members and gives each element of the array it finds
there as its exact bytes; every other member beside the path comes whole, under its own path. What lies between
brackets is only counted, not checked: who decodes the bytes finds out. A part that is too large or too deep is
passed over without being kept and reported as `TooMuch`; malformed structure raises `InvalidInput` with the line.

Strategy: outside strings one regular expression jumps from bracket to bracket, over whole strings; a string
that is cut by the end of a piece is a state of its own, so no byte is looked at twice.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

import msgspec

from graven.errors import InvalidInput

__all__ = ["MAX_PART_BYTES", "MAX_PART_DEPTH", "JsonSplitter", "Part", "TooMuch"]

MAX_PART_BYTES: Final = 16 * 1024 * 1024
"""Of one element, or of one member beside the path."""

MAX_PART_DEPTH: Final = 64
"""Containers inside each other within one part; a deeper part is passed over."""

_HOPELESS_DEPTH: Final = 10_000  # no writer nests so deep: the document is refused

_MAX_NAME_BYTES: Final = 4096

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_BRACKET: Final = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+([{}\[\]]|")?', re.DOTALL)
_IN_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+(["\\])?', re.DOTALL)
_SCALAR: Final = re.compile(rb'[^ \t\r\n,\]}{\["]*')
_NAME: Final = re.compile(rb'"([^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+)"', re.DOTALL)
_decode_name: Final = msgspec.json.Decoder(str).decode


class Part(NamedTuple):
    """One value: the members that lead to it (an element has the path of its array), its line and its bytes."""

    path: tuple[str, ...]
    line: int
    content: bytes


class TooMuch(NamedTuple):
    """A value that was passed over: where it began, and why."""

    path: tuple[str, ...]
    line: int
    reason: str


class _Expect(Enum):
    VALUE = auto()
    FIRST_ELEMENT = auto()
    FIRST_NAME = auto()
    NAME = auto()
    COLON = auto()
    AFTER_VALUE = auto()
    INSIDE = auto()
    END = auto()


class JsonSplitter:
    """One document. `feed` its bytes in pieces of any size, then `finish`."""

    def __init__(self, path: tuple[str, ...], *, max_part_bytes: int = MAX_PART_BYTES) -> None:
        self._path = path
        self._max = max_part_bytes
        self._buffer = b""
        self._at = 0
        self._line = 1
        self._counted = 0  # lines of the buffer are counted up to here
        self._expect = _Expect.VALUE
        self._open: list[bytes] = []  # containers of the envelope: b"{" on the path, b"[" for the array
        self._name = ""
        self._array_seen = False
        # the value that is being passed through
        self._kind = b""
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._begun = 0
        self._reason = ""

    @property
    def array_seen(self) -> bool:
        """Whether there was an array at the path."""
        return self._array_seen

    def feed(self, data: bytes) -> Iterator[Part | TooMuch]:
        """The parts that `data` completes. InvalidInput when the structure is not JSON."""
        self._count_to(self._at)
        self._buffer = self._buffer[self._at :] + data
        self._at = self._counted = 0
        while True:
            if self._expect is _Expect.INSIDE:
                part = self._pass_through()
                if part is None:
                    return
                yield part
                continue
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at >= len(self._buffer) or not self._step():
                return

    def finish(self) -> Iterator[Part | TooMuch]:
        """The last part, if the document is one bare scalar. InvalidInput when the document is cut."""
        if self._expect is _Expect.INSIDE and not self._open and self._kind == b"":
            yield self._complete()
        if self._expect is not _Expect.END:
            raise self._fail("the document ends before its value does")

    def _step(self) -> bool:
        """One token of the envelope; False when more bytes are needed."""
        byte = self._buffer[self._at : self._at + 1]
        match self._expect:
            case _Expect.VALUE:
                self._begin(byte)
            case _Expect.FIRST_ELEMENT:
                if byte == b"]":
                    self._close(byte)
                else:
                    self._begin(byte)
            case _Expect.FIRST_NAME if byte == b"}":
                self._close(byte)
            case _Expect.FIRST_NAME | _Expect.NAME:
                return self._member_name(byte)
            case _Expect.COLON:
                if byte != b":":
                    raise self._fail("':' is expected")
                self._at += 1
                self._expect = _Expect.VALUE
            case _Expect.AFTER_VALUE:
                if byte == b",":
                    self._at += 1
                    self._expect = _Expect.NAME if self._open[-1] == b"{" else _Expect.VALUE
                else:
                    self._close(byte)
            case _:
                raise self._fail("there is more after the value")
        return True

    def _member_name(self, byte: bytes) -> bool:
        if byte != b'"':
            raise self._fail("a member name is expected")
        match = _NAME.match(self._buffer, self._at)
        if match is None:
            if len(self._buffer) - self._at > _MAX_NAME_BYTES or b"\n" in self._buffer[self._at :]:
                raise self._fail("a member name is cut, too long or holds a control character")
            return False
        try:
            self._name = _decode_name(match.group())
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._fail("a member name is malformed") from error
        self._at = match.end()
        self._expect = _Expect.COLON
        return True

    def _here(self) -> tuple[str, ...]:
        """The path of the value that begins now."""
        if not self._open:
            return ()
        if self._open[-1] == b"[":
            return self._path
        return (*self._path[: len(self._open) - 1], self._name)

    def _begin(self, byte: bytes) -> None:
        here = self._here()
        in_array = bool(self._open) and self._open[-1] == b"["
        on_path = not in_array and here == self._path[: len(here)]
        if on_path and byte == b"{" and len(here) < len(self._path):
            self._open.append(byte)
            self._at += 1
            self._expect = _Expect.FIRST_NAME
            return
        if on_path and byte == b"[" and len(here) == len(self._path):
            self._array_seen = True
            self._open.append(byte)
            self._at += 1
            self._expect = _Expect.FIRST_ELEMENT
            return
        if byte in b",:]}":
            raise self._fail("a value is expected")
        self._kind = byte if byte in {b"{", b"[", b'"'} else b""
        self._expect = _Expect.INSIDE
        self._depth = 0
        self._in_string = self._escaped = False
        self._kept, self._kept_bytes, self._reason = [], 0, ""
        self._count_to(self._at)
        self._begun = self._line

    def _close(self, byte: bytes) -> None:
        wanted = {b"{": b"}", b"[": b"]"}[self._open[-1]]
        if byte != wanted:
            raise self._fail(f"',' or '{wanted.decode()}' is expected")
        self._open.pop()
        self._at += 1
        self._expect = _Expect.AFTER_VALUE if self._open else _Expect.END

    def _pass_through(self) -> Part | TooMuch | None:
        """Go on through a value; None when it does not end in the buffer."""
        start = self._at
        ended = self._scalar() if self._kind == b"" else self._string() if self._kind == b'"' else self._container()
        self._keep(self._buffer[start : self._at])
        if not ended:
            return None
        return self._complete()

    def _complete(self) -> Part | TooMuch:
        here = self._here()
        self._expect = _Expect.AFTER_VALUE if self._open else _Expect.END
        kept, self._kept = b"".join(self._kept), []
        if self._reason:
            return TooMuch(here, self._begun, self._reason)
        return Part(here, self._begun, kept)

    def _keep(self, piece: bytes) -> None:
        self._kept_bytes += len(piece)
        if not self._reason and self._kept_bytes > self._max:
            self._reason = f"a value of more than {self._max} bytes"
        if self._reason:
            self._kept = []
        elif piece:
            self._kept.append(piece)

    def _scalar(self) -> bool:
        match = _SCALAR.match(self._buffer, self._at)
        self._at = match.end() if match else self._at
        return self._at < len(self._buffer)

    def _string(self) -> bool:
        if not self._in_string:
            self._at += 1
            self._in_string = True
        return self._to_end_of_string()

    def _to_end_of_string(self) -> bool:
        buffer = self._buffer
        while self._at < len(buffer):
            if self._escaped:
                self._escaped = False
                self._at += 1
                continue
            match = _IN_STRING.match(buffer, self._at)
            self._at = match.end() if match else len(buffer)
            found = match.group(1) if match else None
            if found == b'"':
                self._in_string = False
                return True
            self._escaped = found == b"\\"
        return False

    def _container(self) -> bool:
        buffer = self._buffer
        while self._at < len(buffer):
            if self._in_string:
                if not self._to_end_of_string():
                    return False
                continue
            match = _BRACKET.match(buffer, self._at)
            if match is None:
                raise AssertionError("the expression matches the empty string")
            self._at = match.end()
            found = match.group(1)
            if found == b'"':
                self._in_string = True
            elif found in (b"{", b"["):
                self._depth += 1
                if self._depth > MAX_PART_DEPTH and not self._reason:
                    self._reason = f"nested deeper than {MAX_PART_DEPTH}"
                if self._depth > _HOPELESS_DEPTH:
                    raise self._fail(f"nested deeper than {_HOPELESS_DEPTH}")
            elif found is not None:
                self._depth -= 1
                if self._depth == 0:
                    return True
        return False

    def _count_to(self, at: int) -> None:
        self._line += self._buffer.count(b"\n", self._counted, at)
        self._counted = at

    def _fail(self, reason: str) -> InvalidInput:
        self._count_to(self._at)
        return InvalidInput(f"not JSON: {reason}", code="not_json", details={"line": self._line})
