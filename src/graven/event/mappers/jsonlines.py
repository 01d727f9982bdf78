"""Lines of JSON from a stream in bounded memory, and one careful decoding for all mappers."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec

from graven.errors import InvalidInput
from graven.event import strictjson
from graven.event.mappers.report import Refused
from graven.event.strictjson import structural_quotes

__all__ = ["MAX_LINE_BYTES", "decoded", "lines"]

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
_PIECE: Final = 256 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_decode: Final = msgspec.json.Decoder().decode


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes] | Refused]:
    """(number from 1, line) of each line that is not blank; one of more than `MAX_LINE_BYTES` is refused."""
    number, kept, kept_bytes, too_long = 1, list[bytes](), 0, False
    while True:
        piece = stream.read(_PIECE)
        *whole, rest = piece.split(b"\n")
        for end in whole:
            if too_long:
                yield Refused(number, f"a line of more than {MAX_LINE_BYTES} bytes")
            else:
                line = _clean(b"".join([*kept, end]), number)
                if line:
                    yield number, line
            kept, kept_bytes, too_long = [], 0, False
            number += 1
        kept_bytes += len(rest)
        too_long = too_long or kept_bytes > MAX_LINE_BYTES
        kept = [] if too_long else [*kept, rest] if rest else kept
        if not piece:
            break
    if too_long:
        yield Refused(number, f"a line of more than {MAX_LINE_BYTES} bytes")
    elif last := _clean(b"".join(kept), number):
        yield number, last


def _clean(line: bytes, number: int) -> bytes:
    return (line.removeprefix(_BOM) if number == 1 else line).strip()


def decoded(content: bytes, line: int) -> dict[str, Any] | Refused:
    """The JSON object in `content`, or why it is none."""
    try:
        value = _decode(content)
        spelt = msgspec.json.encode(value)  # integers beyond 64 bits are read, but cannot be written
        if structural_quotes(content) != structural_quotes(spelt):
            strictjson.loads(content)  # a name that comes twice: nobody knows which value is meant
    except InvalidInput as error:
        return Refused(line, f"not JSON: {error.message.removeprefix('not JSON: ')}")
    except RecursionError:
        return Refused(line, "nested too deep")
    except UnicodeDecodeError:
        return Refused(line, "not JSON: invalid UTF-8")
    except (msgspec.MsgspecError, OverflowError, ValueError) as error:
        return Refused(line, f"not JSON: {str(error)[:1].lower()}{str(error)[1:200]}")
    if not isinstance(value, dict):
        return Refused(line, f"a JSON {type(value).__name__}, expected an object")
    return value
