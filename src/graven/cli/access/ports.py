"""What commands may ask of a log, wherever it lies."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from graven.cli.access.questions import Search
    from graven.qa.shown import ShownTest

__all__ = ["Access", "Answer", "ReadAccess", "StoredBlob", "TokenInfo"]


class Answer(NamedTuple):
    """What an append gave back: DESIGN.md §7, plus the number of items that went to quarantine.

    `first` is the index of the first new entry or None; `duplicates` maps positions in the request to the
    indexes at which they already were; `ids` maps positions to the ids that were made.
    """

    first: int | None
    count: int  # type: ignore[assignment]  # the API's own word; tuple.count is not missed
    duplicates: Mapping[int, int]
    ids: Mapping[int, str]
    quarantined: int = 0
    published: bool = False


class StoredBlob(NamedTuple):
    """A blob that is durable: `sha256:<64 hex digits>` and its size in bytes."""

    digest: str
    size: int


class TokenInfo(NamedTuple):
    """A token without its secret."""

    id: str
    name: str
    roles: Sequence[str]
    logs: Sequence[str]
    created: str
    revoked: str


class ReadAccess(Protocol):
    """A place whose logs can be read. Every method raises GravenError subclasses only."""

    where: str
    """For people: the address or the folder."""

    def size(self, log: str) -> int:
        """Number of committed entries."""
        ...

    def readable_size(self, log: str) -> int:
        """Number of entries that `entries` can give; at a server, those that are published."""
        ...

    def entry(self, log: str, index: int) -> bytes: ...

    def entries(self, log: str, start: int, stop: int) -> Iterator[bytes]: ...

    def shown_test(
        self, log: str, test: str, run: str | None, attempt: int | None, environment: str | None
    ) -> "ShownTest":
        """One attempt of a test with its timeline, as `qa.show_test` gives it; one recorded read."""
        ...

    def proof(self, log: str, index: int) -> bytes:
        """The tlog-proof of an entry, waiting for the checkpoint that covers it."""
        ...

    def blob(self, log: str, digest: str) -> bytes: ...

    def checkpoint(self, log: str) -> bytes: ...

    def verifier_key(self, log: str) -> str: ...

    def tile(self, log: str, path: str) -> bytes: ...

    def logs(self) -> list[dict[str, Any]]: ...

    def searcher(self) -> "Search":
        """What searches here: the index of a server, or the reading of every entry; imported when asked for."""
        ...

    def index_state(self) -> dict[str, Any]:
        """How far each log is indexed, as `GET /v1/index` answers."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Access(ReadAccess, Protocol):
    """A server or a data directory that can be written, too."""

    def append(self, log: str, body: bytes, media_type: str, *, key: str, wait: bool) -> Answer:
        """Append a request body of event/1 JSON; `key` makes a repetition harmless."""
        ...

    def append_k8s(self, log: str, body: bytes, *, source: str) -> Answer:
        """Append Kubernetes audit events; an unreadable item is quarantined, not refused."""
        ...

    def append_entries(self, log: str, entries: Sequence[bytes], *, origin: str, first: int) -> Answer:
        """Append entries first, first + 1, … of the log `origin`, wrapped; those that are there are duplicates.

        InvalidEvent (`unknown_attachment`, `details["digests"]`) when blobs have to be put first.
        """
        ...

    def known_entries(self, log: str, hashes: bytes, *, origin: str, first: int) -> list[tuple[int, int, int]]:
        """Which of these leaf hashes (32 bytes each) are there: [position, index, count], in order."""
        ...

    def put_blob(self, stream: BinaryIO) -> StoredBlob:
        """Store what `stream`, a file at its beginning, holds, for events to name among their attachments.

        In bounded memory; durable on return. TooLarge above the limit (`limits.blob_bytes`).
        """
        ...

    def create_log(self, name: str, origin: str | None) -> dict[str, Any]: ...

    def rebuild_index(self, log: str) -> bool:
        """Have the index of a log derived again. False when that waits for the next start of a server."""
        ...

    def tokens(self) -> list[TokenInfo]: ...

    def create_token(self, name: str, roles: Sequence[str], logs: Sequence[str]) -> tuple[str, str]:
        """Id and text of a new token; the text is never shown again."""
        ...

    def revoke_token(self, token_id: str) -> None: ...
