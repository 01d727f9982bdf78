"""What the log owes its storage, and what storage owes the log.

Four contracts: `Journal` (the commit point), `Head` (compare-and-swap of the last signed checkpoint),
`Objects` (tiles, bundles, the published checkpoint) and `Blobs` (content too large for an entry).
Each docstring states durability, order and concurrency; one contract suite runs on every driver.

All methods block. One writer per log calls the mutating ones; readers may call `get`, `has` and `open`
from any thread. A driver raises `StorageFailed` for anything the operating system refused; after that
the state of the last mutation is unknown and the caller must close, reopen and look.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

__all__ = ["Blobs", "Frame", "Head", "HeadState", "Journal", "Objects", "Recovery"]


class Frame(NamedTuple):
    """One committed group of entries.

    `entries` is bundle encoding (big-endian uint16 length, then the entry, repeated `count` times).
    `note` is opaque to storage: the log keeps idempotency keys and answers there.
    `digest` chains: SHA-256 over the header (which holds the previous frame's digest) and the body.
    """

    first_index: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody wants here
    entries: bytes
    note: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a journal found. `torn` is the name of a set-aside torn tail, or None."""

    clean: bool
    torn: str | None
    torn_bytes: int
    next_index: int | None  # None when the journal holds no frame


class Journal(Protocol):
    """Append-only frames. `append` returns only after the frame is durable (`fdatasync`).

    A failed write or sync makes the journal unusable: every later call raises `StorageFailed`.
    """

    recovery: Recovery

    def append(self, first_index: int, count: int, entries: Sequence[bytes], note: bytes) -> None:
        """Write one frame and make it durable; `entries` are buffers that are joined in order.

        Frames are contiguous: `first_index` is where the last one ended. `count` 0 carries only a note.
        """
        ...

    def frames(self) -> Iterator[Frame]:
        """All retained frames, oldest first, each checked (digest, chain, contiguous indexes)."""
        ...

    def drop_below(self, index: int) -> None:
        """Let go of segments whose frames all end at or below `index`. The newest one may stay."""
        ...

    def size_bytes(self) -> int:
        """Bytes of all retained segments."""
        ...

    def close(self, *, clean: bool) -> None:
        """Close; with `clean`, leave a durable mark that the tail cannot be torn."""
        ...


@dataclass(frozen=True, slots=True)
class HeadState:
    """The last signed checkpoint (note text, log signature only) and its time in Unix nanoseconds."""

    checkpoint: bytes
    time_ns: int


class Head(Protocol):
    """Compare-and-swap of the last signed checkpoint. `swap` is durable on return."""

    def load(self) -> HeadState | None:
        """The current state, or None when nothing was ever swapped in."""
        ...

    def swap(self, expected: bytes | None, new: HeadState) -> None:
        """Replace `expected` (the current checkpoint bytes) by `new`; `Conflict` when it is not current."""
        ...

    def close(self) -> None: ...


class Objects(Protocol):
    """Files under relative POSIX paths. `put` makes immutable ones; durable only after `sync`."""

    def get(self, path: str) -> bytes | None:
        """The bytes, or None when absent."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """Create an immutable object. Equal existing bytes are fine; other bytes raise `StorageFailed`
        with code `immutable_changed` (the caller compares compressed content itself then).
        A reader sees the whole object or none, also after a power cut. `get` of this instance sees it at
        once; for everybody else it may appear only with `sync`."""
        ...

    def replace(self, path: str, data: bytes) -> None:
        """Atomically replace a mutable object (the published checkpoint); durable on return."""
        ...

    def delete(self, path: str) -> None:
        """Remove an obsolete object; absent is fine."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Paths of all objects below the folder `prefix`, in no particular order."""
        ...

    def sync(self) -> None:
        """Everything put before is durable, directories included (`syncfs` where there is one).

        After a failure nothing more can be written through this instance: reopen and put again.
        """
        ...


class Blobs(Protocol):
    """Content by SHA-256. Digests are written `sha256:<64 lower-case hex>`."""

    def put(self, content: bytes) -> str:
        """Store, durable on return (file and directory); gives the digest. Known content is cheap."""
        ...

    def put_stream(self, chunks: Iterator[bytes], *, limit_bytes: int) -> tuple[str, int]:
        """Store a stream in bounded memory; gives digest and size; `TooLarge` above the limit."""
        ...

    def has(self, digest: str) -> bool: ...

    def size(self, digest: str) -> int | None: ...

    def get(self, digest: str) -> bytes | None:
        """The whole content, its digest checked (`Tampered` when it does not match), or None."""
        ...

    def open(self, digest: str) -> BinaryIO | None:
        """A stream of the content, unchecked, or None."""
        ...
