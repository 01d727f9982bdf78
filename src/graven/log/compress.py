"""Bundles at rest: one gzip member with a fixed header, so that equal content is easy to recognise.

The header is always `1f 8b 08 00 00000000 00 ff` (no name, time 0, no extra flags, OS unknown), and
nothing may follow the member. No plain bundle can be mistaken for one: an entry is a JSON object, and
the third byte of a bundle is its first entry's `{`. Fast gzip (isal) when installed, else zlib level 1;
the two give different bytes for equal content, which is why content is compared uncompressed.
"""

import zlib

from graven.errors import Tampered

try:
    from isal.isal_zlib import compress as _compress
except ImportError:  # pragma: no cover - the server extra installs it
    from zlib import compress as _compress

__all__ = ["GZIP_HEADER", "MAX_BUNDLE_SIZE", "compress_bundle", "decompress_bundle"]

GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")
MAX_BUNDLE_SIZE = 256 * (2 + 65_535)
"""Bytes of the largest plain bundle."""

_GZIP_WINDOW = 31  # zlib's spelling of "32 KiB window, gzip wrapper"


def compress_bundle(plain: bytes) -> bytes:
    """One gzip member with the fixed header."""
    packed: bytes = _compress(plain, 1, _GZIP_WINDOW)
    # zlib writes the level and the platform into bytes 8 and 9; a fixed header leaves one spelling
    if not packed.startswith(GZIP_HEADER):
        packed = GZIP_HEADER + packed[len(GZIP_HEADER) :]
    return packed


def decompress_bundle(data: bytes) -> bytes:
    """The plain bundle, whether `data` rests compressed or plain.

    Raises Tampered on damage, trailing bytes after the member, or more than MAX_BUNDLE_SIZE bytes.
    """
    if not data.startswith(b"\x1f\x8b\x08"):
        return data
    if not data.startswith(GZIP_HEADER):
        raise Tampered(f"gzip header is {data[:10].hex()}, expected {GZIP_HEADER.hex()}")
    engine = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = engine.decompress(data, MAX_BUNDLE_SIZE)
    except zlib.error as error:
        raise Tampered("a compressed bundle is damaged", why=str(error)) from error
    if not engine.eof:
        raise Tampered("a compressed bundle is cut or larger than a bundle can be")
    if engine.unused_data:
        raise Tampered(f"{len(engine.unused_data)} bytes follow a compressed bundle")
    return plain
