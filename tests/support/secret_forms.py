"""A planted secret in every form in which it may have been written, and every byte under a folder to look in."""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import zstandard

__all__ = ["base64_cores", "bytes_under", "find_planted", "forms", "opened"]

_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_MOST_INSIDE = 64 * 1024 * 1024


def base64_cores(raw: bytes) -> set[bytes]:
    """The base64 of `raw` inside a longer text depends on where it begins: the inner part of each of the three
    alignments, standard and URL-safe."""
    cores = set()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw)
        core = encoded[(0, 2, 3)[lead] : len(encoded) - 4]
        cores |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return {core for core in cores if len(core) >= 8}


def forms(secret: str) -> set[bytes]:
    """Plain, URL-encoded (either case of hex), hex, escaped as JSON and Python do, UTF-16, base64 of them."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), secret.encode("unicode_escape")}
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        found |= {encoded.encode(), _lower_hex(encoded).encode()}
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        found |= {once.encode(), json.dumps(once)[1:-1].encode()}
    wide = {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    found |= wide | {form.hex().encode() for form in wide}
    for text in (raw, *wide):
        found |= base64_cores(text)
    return found


def _lower_hex(encoded: str) -> str:
    head, *rest = encoded.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def opened(data: bytes, depth: int = 3) -> Iterator[bytes]:
    """`data`, and what is inside of each gzip member and zstd frame that begins anywhere in it."""
    yield data
    if depth == 0:
        return
    for magic in (_GZIP, _ZSTD):
        at = data.find(magic)
        while at >= 0:
            try:
                if magic == _GZIP:
                    inside = zlib.decompressobj(31).decompress(data[at:], _MOST_INSIDE)
                else:
                    inside = zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
            except (zlib.error, zstandard.ZstdError):
                inside = b""
            if inside:
                yield from opened(inside, depth - 1)
            at = data.find(magic, at + 1)


def bytes_under(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """(file, content) of every file, and of what is compressed in it."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                for data in opened(path.read_bytes()):
                    yield str(path.relative_to(folder)), data


def find_planted(planted: Mapping[str, str], where: Iterable[tuple[str, bytes]]) -> set[tuple[str, str, bytes]]:
    """(name of the secret, place, form) of each secret that stands in a place."""
    wanted = {name: forms(secret) for name, secret in planted.items()}
    return {
        (name, place, form) for place, data in where for name, found in wanted.items() for form in found if form in data
    }
