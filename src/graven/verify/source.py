"""Where a log is read from: what the verifier needs of a place, and how to name one.

A `Source` only fetches. It decides nothing about truth, keeps nothing, and may answer differently a moment
later, because the log it reads may be growing: the engine reads the checkpoint once and judges the rest
by it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from graven.errors import CouldNotCheck
from graven.tlog.tiles import TilePath

__all__ = ["UNREACHABLE", "Source", "SourceSpec", "open_source", "source_of"]

UNREACHABLE = "unreachable"
"""Code of the CouldNotCheck after which going on is pointless: nobody answers."""


class SourceSpec(msgspec.Struct, frozen=True):
    """How another process opens the same source; `token` never appears in a command line."""

    kind: str
    location: str
    blobs: str | None = None
    token: str | None = None


class Source(Protocol):
    """One log to be verified. Methods block; all raise `CouldNotCheck` when the place does not answer."""

    @property
    def target(self) -> str:
        """What people call this place, and which log in it was chosen."""
        ...

    @property
    def parallel(self) -> int:
        """How many fetches at once pay off within one process (1 for a local disk)."""
        ...

    def fetch_checkpoint(self) -> bytes | None:
        """The published checkpoint as it is now, or None when there is none."""
        ...

    def remains(self) -> str | None:
        """Where there is no checkpoint: the path of something that only a log leaves, or None.

        It tells a log that lost its checkpoint from a place where no log ever was.
        """
        ...

    @property
    def advice(self) -> str:
        """What the place said last about why there is nothing; `""` when it says nothing."""
        ...

    def fetch_key(self) -> bytes | None:
        """The content of `log.vkey`, or None. It proves nothing: whoever can change the log can change it."""
        ...

    def fetch(self, tile: TilePath) -> bytes | None:
        """The bytes of a tile or bundle as they rest (a bundle may be compressed), or None when absent."""
        ...

    def wider(self, tile: TilePath) -> list[int]:
        """Widths above `tile.width` under which the same tile may be found, narrowest first."""
        ...

    def paths(self) -> Iterator[str] | None:
        """Every path below `tile/`, relative to the log, in no order; None when the place cannot list.

        What is neither file nor directory is given with a trailing `@`.
        """
        ...

    def open_blob(self, digest: str, size: int | None = None) -> Iterator[bytes] | None:
        """The content of a blob (`sha256:…`) in chunks, or None when it is absent.

        `size` is what the entry says; a place that cannot be trusted is read one byte further at most.
        """
        ...

    def spec(self) -> SourceSpec | None:
        """How to open it in another process; None keeps the work in this one."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def open_source(target: str, token: str | None = None) -> Source:
    """The log at `target`: `http(s)://…/logs/<name>`, a log directory, a data directory, a tile directory.

    A data directory must hold exactly one log besides `system`. Raises CouldNotCheck when there is no log.
    Proof files and archives are no logs: see `graven.verify.proof` and `graven.verify.archive`.
    """
    if target.startswith(("http://", "https://")):
        from graven.verify.remote import HttpSource

        return HttpSource(target, token)
    from graven.verify.directory import DirectorySource, find_log

    return DirectorySource(find_log(Path(target)))


def source_of(spec: SourceSpec) -> Source:
    """The source that `spec` describes, in this process."""
    match spec.kind:
        case "http":
            from graven.verify.remote import HttpSource

            return HttpSource(spec.location, spec.token)
        case "directory":
            from graven.verify.directory import DirectorySource

            return DirectorySource(Path(spec.location), blobs=Path(spec.blobs) if spec.blobs else None)
        case _:
            raise CouldNotCheck(f"unknown kind of source {spec.kind!r}")
