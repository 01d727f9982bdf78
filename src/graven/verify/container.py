"""The container of a proof archive: a tar file in one gzip member, with one spelling for one content.

Every header is the one that `_header` makes, files come in a fixed order without directories, two zero blocks end
the tar, and nothing follows. So each byte of an archive (but for how DEFLATE spells its content) is either
evidence or checked to be what it must. Any tar program unpacks it. Reading and writing stream.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from graven.errors import InvalidInput, TooLarge
from graven.verify.compressed import GZIP_HEADER

__all__ = ["FOLDER", "ArchiveWriter", "Member", "read_members"]

FOLDER = "graven-proof/"
"""The one folder that unpacking makes."""

_BLOCK = 512
_MAX_SIZE = 8**11 - 1  # eleven octal digits
_CHUNK = 1 << 18
_END = bytes(2 * _BLOCK)


class Member(NamedTuple):
    """One file: its name below the folder, its size, and its content, to be read before the next member."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def read(self, limit: int) -> bytes:
        """The whole content; `InvalidInput` when it has more than `limit` bytes."""
        if self.size > limit:
            raise InvalidInput(f"{self.name} has {self.size} bytes, at most {limit} are read")
        return b"".join(self.chunks)


def _header(name: str, size: int) -> bytes:
    """The ustar header block of a plain file: mode 0644, owner and time 0 (POSIX pax, ustar interchange format)."""
    path = (FOLDER + name).encode("ascii")
    if len(path) > 100:
        raise TooLarge(f"the name {name} is too long for the archive")
    if size > _MAX_SIZE:
        raise TooLarge(f"{name} has {size} bytes, too many for the archive")
    fields = (
        path.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0"
    )  # name, mode, owner, group, size, time
    rest = b"0".ljust(101, b"\0") + b"ustar\x0000" + bytes(32 + 32) + b"0000000\0" * 2 + bytes(155 + 12)
    checksum = sum(fields) + sum(rest) + 8 * ord(" ")
    return fields + b"%06o\0 " % checksum + rest


class ArchiveWriter:
    """Writes an archive to a binary stream; `close` ends it. The stream stays open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        self._crc = 0
        self._size = 0
        stream.write(GZIP_HEADER)

    def add(self, name: str, content: bytes) -> None:
        """Add one file."""
        self.add_stream(name, len(content), (content,))

    def add_stream(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Add one file of exactly `size` bytes. Raises InvalidInput when there are more or fewer."""
        self._write(_header(name, size))
        written = 0
        for chunk in chunks:
            written += len(chunk)
            self._write(chunk)
        if written != size:
            raise InvalidInput(f"{name} has {written} bytes where {size} were announced")
        self._write(bytes(-size % _BLOCK))

    def close(self) -> None:
        """Write the end of the tar and of the gzip member."""
        self._write(_END)
        self._stream.write(self._deflate.flush())
        self._stream.write(self._crc.to_bytes(4, "little") + (self._size % 2**32).to_bytes(4, "little"))

    def _write(self, data: bytes) -> None:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._stream.write(self._deflate.compress(data))


class _Inflated:
    """The content of the gzip member, read in order and never more at once than asked for."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj(-15)
        self._pending = b""
        self._crc = 0
        self._size = 0
        if stream.read(len(GZIP_HEADER)) != GZIP_HEADER:
            raise InvalidInput("not a proof archive: another gzip header, or none")

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes; `InvalidInput` when there are fewer."""
        parts: list[bytes] = []
        while size:
            part = self._some(size)
            if not part:
                raise InvalidInput("the archive is cut")
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _some(self, limit: int) -> bytes:
        while not self._inflate.eof:
            data = self._pending or self._stream.read(_CHUNK)
            try:
                part = self._inflate.decompress(data, min(limit, _CHUNK))
            except zlib.error as error:
                raise InvalidInput(f"the archive is damaged: {error}") from error
            self._pending = self._inflate.unconsumed_tail
            if part:
                self._crc = zlib.crc32(part, self._crc)
                self._size += len(part)
                return part
            if not data:
                raise InvalidInput("the archive is cut")
        return b""

    def finish(self) -> None:
        """Nothing more may come but the right trailer."""
        if self._some(1):
            raise InvalidInput("more follows the end of the archive")
        trailer = self._inflate.unused_data + self._stream.read(9)
        expected = self._crc.to_bytes(4, "little") + (self._size % 2**32).to_bytes(4, "little")
        if trailer != expected:
            raise InvalidInput(f"the archive ends with {trailer[:9].hex()}, expected {expected.hex()}")


def read_members(stream: BinaryIO) -> Iterator[Member]:
    """The files of an archive in order, each to be read (or left) before the next. Raises InvalidInput."""
    content = _Inflated(stream)
    while True:
        header = content.take(_BLOCK)
        if header == bytes(_BLOCK):
            if content.take(_BLOCK) != bytes(_BLOCK):
                raise InvalidInput("a file follows the end of the archive")
            content.finish()
            return
        name, size = _parse_header(header)
        chunks = _chunks(content, size)
        yield Member(name, size, chunks)
        for _ in chunks:
            pass  # what the reader left unread
        if content.take(-size % _BLOCK).strip(b"\0"):
            raise InvalidInput(f"the padding after {name} is not zero")


def _chunks(content: _Inflated, size: int) -> Iterator[bytes]:
    while size:
        part = content.take(min(size, _CHUNK))
        size -= len(part)
        yield part


def _parse_header(header: bytes) -> tuple[str, int]:
    """Name below the folder and size, from exactly the header that they have."""
    try:
        path = header[:100].rstrip(b"\0").decode("ascii")
        size = int(header[124:135], 8)
        name = path[len(FOLDER) :]
        if path.startswith(FOLDER) and _header(name, size) == header:
            return name, size
    except (ValueError, UnicodeError, TooLarge):
        pass
    raise InvalidInput(f"not a file header of a proof archive: {header[:100]!r}")
