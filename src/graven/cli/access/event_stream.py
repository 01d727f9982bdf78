"""Server-sent events (WHATWG HTML §9.2), sans-io: bytes in, events out, however the bytes are cut."""

from typing import Final, NamedTuple

from graven.errors import InvalidInput

__all__ = ["MOST_BYTES", "EventStream", "ServerEvent"]

MOST_BYTES: Final = 64 * 2**20
"""Of one event: an entry has 64 KiB, but data out of a blob may stand in a row."""


class ServerEvent(NamedTuple):
    """`id` is the last one that the stream named, "" before any."""

    kind: str
    data: bytes
    id: str


class EventStream:
    """Feed what arrives. Lines end in LF or CRLF, as a Graven server writes them; a lone CR is no line end."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._kind = ""
        self._data: list[bytes] = []
        self._id = ""

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that are complete now. InvalidInput for one beyond `MOST_BYTES`."""
        self._rest += data
        *lines, rest = bytes(self._rest).split(b"\n") if b"\n" in data else [bytes(self._rest)]
        self._rest = bytearray(rest)
        if len(rest) + sum(map(len, self._data)) > MOST_BYTES:
            raise InvalidInput(f"an event of more than {MOST_BYTES} bytes")
        return [event for line in lines if (event := self._line(line.removesuffix(b"\r"))) is not None]

    def _line(self, line: bytes) -> ServerEvent | None:
        if not line:
            event = ServerEvent(self._kind or "message", b"\n".join(self._data), self._id) if self._data else None
            self._kind, self._data = "", []
            return event
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"event":
                self._kind = value.decode("utf-8", "replace")
            case b"data":
                self._data.append(value)
            case b"id":
                self._id = value.decode("utf-8", "replace")
            case _:  # comments, `retry`, and what other versions may add
                pass
        return None
