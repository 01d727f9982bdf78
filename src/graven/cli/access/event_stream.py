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
        self._begun: list[bytes] = []
        """The line that has not ended, as it came: joined once, so that a long one costs no more than its length."""
        self._begun_bytes = 0
        self._kind = ""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._id = ""

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that are complete now. InvalidInput for one beyond `MOST_BYTES`."""
        *ends, rest = data.split(b"\n")
        found = []
        for end in ends:
            line = b"".join((*self._begun, end))
            self._begun, self._begun_bytes = [], 0
            self._check(len(line))
            if (event := self._line(line.removesuffix(b"\r"))) is not None:
                found.append(event)
        self._begun.append(rest)
        self._begun_bytes += len(rest)
        self._check(self._begun_bytes)
        return found

    def _check(self, line_bytes: int) -> None:
        if line_bytes + self._data_bytes > MOST_BYTES:
            raise InvalidInput(f"an event of more than {MOST_BYTES} bytes")

    def _line(self, line: bytes) -> ServerEvent | None:
        if not line:
            event = ServerEvent(self._kind or "message", b"\n".join(self._data), self._id) if self._data else None
            self._kind, self._data, self._data_bytes = "", [], 0
            return event
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"event":
                self._kind = value.decode("utf-8", "replace")
            case b"data":
                self._data.append(value)
                self._data_bytes += len(value)
            case b"id":
                self._id = value.decode("utf-8", "replace")
            case _:  # comments, `retry`, and what other versions may add
                pass
        return None
