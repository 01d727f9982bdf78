"""Bundles at rest: one gzip member with a fixed header, so that equal content is easy to recognise.

The header is always `1f 8b 08 00 00000000 00 ff` (no name, time 0, no extra flags, OS unknown), and
nothing may follow the member. No plain bundle can be mistaken for one: an entry is a JSON object, and
the third byte of a bundle is its first entry's `{`. Fast gzip (isal) when installed, else zlib level 1;
the two give different bytes for equal content, which is why content is compared uncompressed.
"""

from graven.errors import InvalidInput, Tampered
from graven.verify.compressed import GZIP_HEADER, plain_bundle

try:
    from isal.isal_zlib import compress as _compress
except ImportError:  # pragma: no cover - the server extra installs it
    from zlib import compress as _compress

__all__ = ["compress_bundle", "decompress_bundle"]

_GZIP_WINDOW = 31  # zlib's spelling of "32 KiB window, gzip wrapper"


def compress_bundle(plain: bytes) -> bytes:
    """One gzip member with the fixed header."""
    packed: bytes = _compress(plain, 1, _GZIP_WINDOW)
    # zlib writes the level and the platform into bytes 8 and 9; a fixed header leaves one spelling
    if not packed.startswith(GZIP_HEADER):
        packed = GZIP_HEADER + packed[len(GZIP_HEADER) :]
    return packed


def decompress_bundle(data: bytes, count: int) -> bytes:
    """The plain bundle of `count` entries, whether `data` rests compressed or plain; Tampered on damage."""
    try:
        return plain_bundle(data, count)
    except InvalidInput as error:
        raise Tampered(f"a compressed bundle is damaged: {error.message}") from error
