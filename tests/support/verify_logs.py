"""Small real logs on disk, and ways to damage copies of them, for the tests of verify and evidence."""

import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from graven.event.envelope import entry_head, entry_tail
from graven.tlog.bundle import encode_bundle
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.merkle import CompactRange, leaf_hashes
from graven.tlog.note import Signer, VerifierKey
from graven.tlog.tiles import FULL_WIDTH, TilePath, all_tiles, tile_node_reader
from graven.verify.source import SourceSpec

__all__ = [
    "POLICY",
    "VECTOR",
    "VECTOR_KEY",
    "MemorySource",
    "SmallLog",
    "copy_vector",
    "graven_entry",
    "make_log",
    "rest_compressed",
]

VECTOR = Path(__file__).parents[1] / "vectors" / "tlog300"
VECTOR_KEY = VerifierKey.parse("log.example/vector1+7c0b1d76+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
POLICY = "witness w1 witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X\nquorum w1\n"
GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")


def copy_vector(folder: Path) -> Path:
    """A writable copy of the 300-entry log: checkpoint and tiles, nothing else."""
    shutil.copytree(VECTOR / "tile", folder / "tile")
    shutil.copyfile(VECTOR / "checkpoint", folder / "checkpoint")
    return folder


def rest_compressed(plain: bytes) -> bytes:
    """A bundle as Graven stores it: one gzip member with the fixed header."""
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = engine.compress(plain) + engine.flush()
    return GZIP_HEADER + body + zlib.crc32(plain).to_bytes(4, "little") + len(plain).to_bytes(4, "little")


def graven_entry(
    number: int, *, data: bytes | None = None, blob: tuple[str, int] | None = None, form: str = "event/1"
) -> bytes:
    """An entry with its envelope; a small event of its own unless `data` or `blob` is given."""
    if data is None and blob is None:
        data = b'{"action":"order.create","actor":{"id":"alice"},"labels":{"n":"%d"}}' % number
    tail = entry_tail(
        token="abcdefghijkl", ip="127.0.0.1", id=f"e-{number}", source="shop", format=form, data=data, blob=blob
    )
    return entry_head(1_763_841_662_000_000_000 + number) + tail


@dataclass
class SmallLog:
    """A log directory with its key; `grow` publishes more entries as a real log does."""

    root: Path
    signer: Signer
    entries: list[bytes]

    @property
    def key(self) -> VerifierKey:
        return self.signer.verifier

    @property
    def data_dir(self) -> Path:
        return self.root.parent.parent

    def tile(self, tile: TilePath) -> bytes:
        """Plain bytes of any tile or bundle of the current entries."""
        if tile.level < 0:
            start = tile.index * FULL_WIDTH
            return encode_bundle(self.entries[start : start + tile.width])
        hashes = leaf_hashes(self.entries)
        for _ in range(tile.level):
            full = len(hashes) // FULL_WIDTH
            hashes = [_root(hashes[i * FULL_WIDTH : (i + 1) * FULL_WIDTH]) for i in range(full)]
        start = tile.index * FULL_WIDTH
        return b"".join(hashes[start : start + tile.width])

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint of the first `size` entries."""
        size = len(self.entries) if size is None else size
        root = _root(leaf_hashes(self.entries[:size]))
        return sign_checkpoint(Checkpoint(self.signer.name, size, root), self.signer)

    def write(self) -> None:
        """Write everything for the current size; what is there from smaller sizes stays, obsolete partials too."""
        for tile in all_tiles(len(self.entries)):
            path = self.root / tile.path()
            path.parent.mkdir(parents=True, exist_ok=True)
            plain = self.tile(tile)
            path.write_bytes(rest_compressed(plain) if tile.level < 0 else plain)
        (self.root / "log.vkey").write_text(self.key.text + "\n")
        (self.root / "checkpoint").write_bytes(self.checkpoint())

    def grow(self, *entries: bytes) -> None:
        self.entries += entries
        self.write()

    def put_blob(self, content: bytes) -> str:
        """Store a blob; gives its digest."""
        digits = sha256(content).hexdigest()
        path = self.blob_path(f"sha256:{digits}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return f"sha256:{digits}"

    def blob_path(self, digest: str) -> Path:
        digits = digest.removeprefix("sha256:")
        return self.data_dir / "blobs" / "sha256" / digits[:2] / digits[2:4] / digits

    def node(self, level: int, index: int) -> bytes:
        return tile_node_reader(len(self.entries), self.tile)(level, index)


def _root(hashes: Sequence[bytes]) -> bytes:
    tree = CompactRange()
    tree.extend(hashes)
    return tree.root()


def make_log(
    data_dir: Path, entries: Sequence[bytes] | int, *, name: str = "default", origin: str = "shop.example/prod"
) -> SmallLog:
    """A log `<data_dir>/logs/<name>` with these entries, or with so many ordinary ones."""
    made = [graven_entry(number) for number in range(entries)] if isinstance(entries, int) else list(entries)
    log = SmallLog(data_dir / "logs" / name, Signer(origin, sha256(origin.encode()).digest()), made)
    log.root.mkdir(parents=True)
    log.write()
    return log


class MemorySource:
    """A source whose files are a dictionary of path → bytes, for what no disk does on demand."""

    target = "memory"
    parallel = 1
    advice = ""

    def __init__(self, root: Path | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.closed = False
        if root is not None:
            for path in root.rglob("*"):
                if path.is_file():
                    self.files[path.relative_to(root).as_posix()] = path.read_bytes()

    def fetch_checkpoint(self) -> bytes | None:
        return self.files.get("checkpoint")

    def remains(self) -> str | None:
        return next((path for path in self.files if path.startswith("tile/")), None)

    def fetch_key(self) -> bytes | None:
        return self.files.get("log.vkey")

    def fetch(self, tile: TilePath) -> bytes | None:
        self.fetched.append(tile.path())
        return self.files.get(tile.path())

    def wider(self, tile: TilePath) -> list[int]:
        widths = [width for width in range(tile.width + 1, 256) if tile._replace(width=width).path() in self.files]
        return [*widths, 256]

    def paths(self) -> Iterator[str] | None:
        return (path for path in list(self.files) if path.startswith("tile/"))

    def open_blob(self, digest: str, size: int | None = None) -> Iterator[bytes] | None:
        return None

    def spec(self) -> SourceSpec | None:
        return None

    def close(self) -> None:
        self.closed = True
