"""What an attacker with write access to the directory would do, for tests."""

import struct
import zlib
from pathlib import Path

from isal import isal_zlib

__all__ = ["change_byte_of_bundle", "change_byte_of_hash_tile"]


def _gzip_like(original: bytes, payload: bytes) -> bytes:
    """`payload` as one gzip member with the header of `original`, so that nothing but the content differs."""
    deflate = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
    body = deflate.compress(payload) + deflate.flush()
    return original[:10] + body + struct.pack("<II", zlib.crc32(payload), len(payload))


def change_byte_of_bundle(path: Path, *, entry: int) -> None:
    """Flip the lowest bit of the last byte but one of an entry and compress the bundle again."""
    stored = path.read_bytes()
    payload = bytearray(zlib.decompress(stored, 31))
    offset = 0
    for _ in range(entry):
        offset += 2 + int.from_bytes(payload[offset : offset + 2], "big")
    end = offset + 2 + int.from_bytes(payload[offset : offset + 2], "big")
    payload[end - 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(_gzip_like(stored, bytes(payload)))


def change_byte_of_hash_tile(path: Path) -> None:
    """Flip one bit in the middle of a hash tile."""
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(stored))
