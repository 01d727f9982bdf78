"""The entry: the bytes that are hashed as a leaf (DESIGN.md §3), built by splicing, decoded strictly.

    {"v":1,"received":"<UTC, 9 digits>Z","by":{"token":"…","ip":"…"},"id":"…","source":"…","format":"event/1",
     ["redacted":n,]["blob":{"digest":"sha256:…","size":n}]["data":<exact bytes>]}

One value, one spelling: whatever `decode_entry` accepts, `entry_head + entry_tail` gives back byte for byte.
`data` is exact: no surrounding white space. An entry has either `data` or `blob`; only `quarantine/1`
has both (`blob` is what could not be parsed, `data` says why).
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from graven.errors import InvalidInput
from graven.event.batch import HEAD_SIZE

__all__ = ["Entry", "decode_entry", "encode_text", "entry_head", "entry_tail", "format_time", "parse_time"]

_SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TIME_NS: Final = 253_402_300_800 * _SECOND  # year 10000
_SHORT: Final = 256  # bytes: what is remembered of strangers' texts is bounded
_encode: Final = msgspec.json.Encoder().encode

_STRING: Final = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"'
_DECIMAL: Final = rb"(?:0|[1-9][0-9]{0,17})"
_ENTRY: Final = re.compile(
    rb'\{"v":1,"received":"([^"]{30})"'
    rb',"by":\{"token":(%(s)s),"ip":(%(s)s)\}'
    rb',"id":(%(s)s),"source":(%(s)s),"format":(%(s)s)'
    rb'(?:,"redacted":(%(n)s))?'
    rb'(?:,"blob":\{"digest":"(sha256:[0-9a-f]{64})","size":(%(n)s)\})?'
    rb'(?:,"data":(.+))?\}' % {b"s": _STRING, b"n": _DECIMAL},
    re.DOTALL,
)

_last_second: tuple[int, bytes] = (-1, b"")  # formatted once a second; a race only formats twice


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One decoded entry. `data` is the exact bytes; `blob` is (digest `sha256:…`, size in bytes)."""

    received_ns: int
    token: str
    ip: str
    id: str
    source: str
    format: str
    redacted: int
    data: bytes | None
    blob: tuple[str, int] | None


def format_time(unix_ns: int) -> str:
    """RFC 3339 in UTC with nine digits, years 1970 to 9999; `InvalidInput` outside."""
    return entry_head(unix_ns)[19:49].decode("ascii")


def parse_time(text: str) -> int:
    """The inverse of `format_time`, for that spelling only; Unix nanoseconds."""
    if len(text) != 30 or text[19] != "." or text[29] != "Z" or not text.isascii() or not text[20:29].isdigit():
        raise InvalidInput(f"not a UTC time with nine digits: {text[:40]!r}")
    return _parse_second(text[:19]) * _SECOND + int(text[20:29])


@lru_cache(256)  # entries that come one after another share their second
def _parse_second(text: str) -> int:
    try:
        whole = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC) - _EPOCH
    except ValueError as error:
        raise InvalidInput(f"not a time: {text!r}") from error
    seconds = whole.days * 86_400 + whole.seconds
    if seconds < 0 or entry_head(seconds * _SECOND)[19:38] != text.encode("ascii"):
        raise InvalidInput(f"not the one spelling of a time: {text!r}")
    return seconds


def entry_head(received_ns: int) -> bytes:
    """The first `HEAD_SIZE` bytes of an entry; `received_ns` is Unix time, years 1970 to 9999."""
    global _last_second
    second, fraction = divmod(received_ns, _SECOND)
    known, text = _last_second
    if known != second:
        if not 0 <= received_ns < _MAX_TIME_NS:
            raise InvalidInput(f"time {received_ns} ns lies outside the years 1970 to 9999")
        text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode("ascii")
        _last_second = (second, text)
    return b'{"v":1,"received":"%b.%09dZ"' % (text, fraction)


def encode_text(text: str) -> bytes:
    """The one JSON spelling of a string inside the envelope: UTF-8, escapes only where JSON demands them."""
    return _encode(text)


def entry_tail(
    *,
    token: str,
    ip: str,
    id: str,  # noqa: A002  # the member's own name
    source: str,
    format: str,  # noqa: A002
    data: bytes | None,
    blob: tuple[str, int] | None = None,
    redacted: int = 0,
) -> bytes:
    """Everything of an entry after its head. `data` must be one JSON value without surrounding space."""
    parts = [
        b',"by":{"token":%b,"ip":%b},"id":%b,"source":%b,"format":%b'
        % (_encode(token), _encode(ip), _encode(id), _encode(source), _encode(format))
    ]
    if redacted:
        parts.append(b',"redacted":%d' % redacted)
    if blob is not None:
        parts.append(b',"blob":{"digest":%b,"size":%d}' % (_encode(blob[0]), blob[1]))
    if data is not None:
        parts.append(b',"data":%b' % data)
    parts.append(b"}")
    return b"".join(parts)


def _text(spelled: bytes, name: str) -> str:
    return _short_text(spelled, name) if len(spelled) <= _SHORT else _any_text(spelled, name)


def _any_text(spelled: bytes, name: str) -> str:
    try:
        if b"\\" not in spelled:  # without escapes there is one spelling
            return spelled[1:-1].decode("utf-8")
        value = msgspec.json.decode(spelled, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"entry: {name} is not a JSON string: {error}") from error
    if _encode(value) != spelled:
        raise InvalidInput(f"entry: {name} is not in its one spelling")
    return value


_short_text = lru_cache(1024)(_any_text)  # tokens, addresses, sources and formats come again and again


def decode_entry(entry: bytes) -> Entry:
    """Decode one entry; `InvalidInput` for anything that is not the one spelling of one.

    `data` is checked to be a JSON value without surrounding space, not to be a valid event.
    """
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise InvalidInput(f"not an entry: the envelope is malformed (it begins {entry[:48]!r})")
    received, token, ip, id_, source, format_, redacted, digest, size, data = match.groups()
    format_text = _text(format_, "format")
    if redacted == b"0":
        raise InvalidInput('entry: "redacted" is written only when it is not 0')
    if data is None and digest is None:
        raise InvalidInput("entry: neither data nor blob")
    if (data is not None and digest is not None) != (format_text == "quarantine/1"):
        raise InvalidInput("entry: data and blob together are for quarantine/1, and it needs both")
    if data is not None:
        _check_data(data)
    try:
        received_text = received.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidInput("entry: received is not ASCII") from error
    return Entry(
        received_ns=parse_time(received_text),
        token=_text(token, "token"),
        ip=_text(ip, "ip"),
        id=_any_text(id_, "id"),
        source=_text(source, "source"),
        format=format_text,
        redacted=int(redacted) if redacted is not None else 0,
        data=data,
        blob=(digest.decode("ascii"), int(size)) if digest is not None else None,
    )


def _check_data(data: bytes) -> None:
    if data[0] in b" \t\r\n" or data[-1] in b" \t\r\n":
        raise InvalidInput("entry: white space around data")
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"entry: data is not one JSON value: {error}") from error


assert len(entry_head(0)) == HEAD_SIZE  # noqa: S101  # a constant of the format, checked at import
