"""What somebody with full access to the machine might do to a copy of the log.

Both attacks are competent. The first keeps the compressed form of the bundle that it changes; the second
has the log's own signing key and rebuilds every tile, so that nothing inside the folder gives it away.
"""

import gzip
import os
import shutil
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from graven.event.envelope import decode_entry, entry_head, entry_tail
from graven.log.keys import load_signer
from graven.tlog.bundle import decode_bundle, encode_bundle
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.merkle import CompactRange, leaf_hashes, perfect_root
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath, all_tiles

__all__ = ["ChangedByte", "change_one_byte", "copy_log", "read_entries", "rebuild_without"]

_MEMBER = 10
"""Bytes of the gzip header that bundles at rest have."""


def copy_log(data: Path, copy: Path) -> Path:
    """Copy what a verifier reads of the log `default`: checkpoint, key, tiles, and the blobs it refers to.

    Laid out as a data directory; gives the log's folder in it. A server may be running on the original.
    """
    original, log_dir = (folder / "logs" / "default" for folder in (data, copy))
    log_dir.mkdir(parents=True)
    for name in ("checkpoint", "log.vkey"):
        shutil.copy2(original / name, log_dir / name)
    _copy_tree(original / "tile", log_dir / "tile")
    _copy_tree(data / "blobs", copy / "blobs")
    return log_dir


def _copy_tree(original: Path, copy: Path) -> None:
    for folder, _, names in os.walk(original):
        target = copy / Path(folder).relative_to(original)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                shutil.copy2(Path(folder) / name, target / name)
            except FileNotFoundError:  # an obsolete partial tile that was just cleaned up
                continue


def _size(log_dir: Path) -> int:
    return int((log_dir / "checkpoint").read_bytes().split(b"\n", 2)[1])


def _stored_bundle(log_dir: Path, number: int, width: int) -> Path:
    path = log_dir / TilePath(ENTRIES_LEVEL, number, width).path()
    return path if path.exists() else log_dir / TilePath(ENTRIES_LEVEL, number, FULL_WIDTH).path()


def _plain(stored: bytes) -> bytes:
    return gzip.decompress(stored) if stored.startswith(b"\x1f\x8b") else stored


def _as_stored(original: bytes, payload: bytes) -> bytes:
    """`payload` in the form in which `original` rested, header included."""
    if not original.startswith(b"\x1f\x8b"):
        return payload
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflate.compress(payload) + deflate.flush()
    return original[:_MEMBER] + body + struct.pack("<II", zlib.crc32(payload), len(payload) & 0xFFFFFFFF)


def read_entries(log_dir: Path) -> list[bytes]:
    """All entries below the checkpoint."""
    size = _size(log_dir)
    entries: list[bytes] = []
    for number in range(-(-size // FULL_WIDTH)):
        width = min(FULL_WIDTH, size - number * FULL_WIDTH)
        stored = _stored_bundle(log_dir, number, width).read_bytes()
        entries += decode_bundle(_plain(stored))[:width]
    return entries


class ChangedByte(NamedTuple):
    """What was changed: the file, and the byte before and after."""

    path: str
    before: str
    after: str


def change_one_byte(log_dir: Path, index: int, old: bytes, new: bytes) -> ChangedByte:
    """In entry `index`, replace the first `old` by `new` (one byte differs) and store the bundle again."""
    number, position = divmod(index, FULL_WIDTH)
    width = min(FULL_WIDTH, _size(log_dir) - number * FULL_WIDTH)
    path = _stored_bundle(log_dir, number, width)
    stored = path.read_bytes()
    entries = decode_bundle(_plain(stored))
    entry = entries[position]
    changed = entry.replace(old, new, 1)
    if len(changed) != len(entry) or sum(a != b for a, b in zip(entry, changed, strict=True)) != 1:
        raise AssertionError(f"{old!r} -> {new!r} changes more or less than one byte of entry {index}")
    entries[position] = changed
    path.chmod(0o600)
    path.write_bytes(_as_stored(stored, encode_bundle(entries)))
    return ChangedByte(str(path.relative_to(log_dir)), old.decode(), new.decode())


def _harmless(received_ns: int) -> bytes:
    """An entry that nobody would look at twice."""
    data = b'{"action":"health.check","actor":{"id":"monitor"},"outcome":"success"}'
    by = "local"
    tail = entry_tail(token=by, ip="127.0.0.1", id="health-1", source="monitor", format="event/1", data=data)
    return entry_head(received_ns) + tail


def rebuild_without(log_dir: Path, index: int, key_file: Path) -> int:
    """Replace a log by one that never had entry `index`, signed with the log's own key; gives its size.

    Every later entry moves up by one place, and a harmless one is put at the end, so that the size gives
    nothing away. All hashes, tiles and the signature are right: taken by itself, the forged log is as
    good as the true one.
    """
    entries = read_entries(log_dir)
    shutil.rmtree(log_dir / "tile")
    del entries[index]
    entries.append(_harmless(decode_entry(entries[-1]).received_ns))
    size = len(entries)
    hashes = leaf_hashes(entries)
    for tile in all_tiles(size):
        path = log_dir / tile.path()
        path.parent.mkdir(parents=True, exist_ok=True)
        start = tile.index * FULL_WIDTH
        if tile.level == ENTRIES_LEVEL:
            path.write_bytes(encode_bundle(entries[start : start + tile.width]))
            continue
        span = FULL_WIDTH**tile.level
        nodes = (perfect_root(b"".join(hashes[i * span : (i + 1) * span])) for i in range(start, start + tile.width))
        path.write_bytes(b"".join(nodes))
    tree = CompactRange()
    tree.extend(hashes)
    signer = load_signer(key_file)
    (log_dir / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(signer.name, size, tree.root()), signer))
    (log_dir / "log.vkey").write_text(signer.verifier.text + "\n", encoding="utf-8")
    return size
