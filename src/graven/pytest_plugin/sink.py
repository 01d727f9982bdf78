"""Where events go: the spool file of this process (or a server, see `streaming`). Writing never raises; what fails is
counted."""

import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from graven.event.redact import Redactor
from graven.pytest_plugin.secrets_known import Secrets
from graven.pytest_plugin.spool import Spool
from graven.sdk.capture import Limits
from graven.sdk.composer import Composer
from graven.sdk.guard import internal, is_internal
from graven.sdk.redaction import sdk_rules

if TYPE_CHECKING:
    from graven.storage.blobs import DirectoryBlobs

__all__ = ["Failures", "Knowing", "Sink", "SpoolSink", "make_redactor"]

EVENT_BYTES = 1024 * 1024
_LIMITS = Limits(depth=24, items=2048, nodes=50_000)
"""Of a whole event: its values have been bounded one by one before."""


class Failures:
    """What could not be recorded: told at the end, never while tests run."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def add(self, error: BaseException | str, count: int = 1) -> None:
        """Count a failure, or several of one kind, and keep the text of the first."""
        self.count += count
        self.first = self.first or (error if isinstance(error, str) else f"{type(error).__name__}: {error}")


class Sink(Protocol):
    """`write` gives the id, or None when the event is lost (counted in `failures`). `learn` remembers the
    secrets in a value, as is done with those of each event, so that copies in later events are taken too. `is_secret`
    says whether a text holds one of those, or one of the secrets in `given`. `attach` keeps content and gives digest
    and size; it raises GravenError. `without_secrets` gives a redacted copy of captured data. `owned` events share no
    container with the tested program."""

    failures: Failures
    written: int
    waiting: int
    """After `close`: events that the server has not acknowledged, kept for the next run."""
    refused: int
    """After `close`: events that the server did not take, kept apart."""

    def write(self, event: Mapping[str, Any], *, owned: bool = False) -> str | None: ...
    def learn(self, value: Any) -> None: ...
    def is_secret(self, text: str, given: Mapping[str, Any]) -> bool: ...
    def attach(self, content: bytes) -> tuple[str, int]: ...
    def without_secrets(self, value: Any) -> Any: ...
    def close(self) -> None: ...


def make_redactor(key: tuple[str, bytes] | None) -> Redactor:
    """The producer's rules, with the data directory's key where there is one."""
    name, secret = key or (f"sdk-{secrets.token_hex(4)}", secrets.token_bytes(32))
    return Redactor(sdk_rules(), name, secret, remember=True)


class Knowing:
    """What is counted, and what is known to be secret."""

    def __init__(self, redactor: Redactor) -> None:
        self.failures = Failures()
        self.written = self.waiting = self.refused = 0
        self.secrets = Secrets(redactor, _LIMITS)

    def learn(self, value: Any) -> None:
        """See `Sink`."""
        try:
            self.secrets.learn(value)
        except Exception as error:  # noqa: BLE001 - the test must go on
            self.failures.add(error)

    def is_secret(self, text: str, given: Mapping[str, Any]) -> bool:
        """See `Sink`."""
        return self.secrets.in_text(text, given)

    def without_secrets(self, value: Any) -> Any:
        """See `Sink`."""
        return self.secrets.taken_from(value)


class SpoolSink(Knowing):
    """Composes here (captured, redacted, bounded) and appends the bytes to the spool."""

    def __init__(self, folder: Path, name: str, *, source: str, key: tuple[str, bytes] | None, blobs: Path) -> None:
        redactor = make_redactor(key)
        super().__init__(redactor)
        self._blob_folder = blobs
        self._blobs: DirectoryBlobs | None = None
        self._spool = Spool(folder, name)
        actor = {"type": "test", "id": source}
        self._composer = Composer(
            source=source,
            redactor=redactor,
            event_bytes=EVENT_BYTES,
            actor=actor,
            limits=_LIMITS,
            memory=self.secrets.memory,
        )
        self._lock = threading.RLock()
        self._epoch = secrets.token_hex(8)
        self._seq = 0
        self._closed = False

    def write(self, event: Mapping[str, Any], *, owned: bool = False) -> str | None:
        """See `Sink`."""
        if is_internal():
            return None
        try:
            with internal():  # to the end: a destructor that the collector runs here must not write in between
                composed = self._composer.compose(event, {}, owned=owned)
                with self._lock:
                    if self._closed:
                        return None
                    self._seq += 1
                    self._spool.append(composed.with_producer(self._epoch, self._seq))
                    self.written += 1
            return composed.id
        except Exception as error:  # noqa: BLE001 - a recording failure never fails a test
            self.failures.add(error)
            return None

    def attach(self, content: bytes) -> tuple[str, int]:
        """See `Sink`; durable in the data directory on return."""
        from graven.storage.blobs import DirectoryBlobs

        with self._lock:
            if self._blobs is None:
                self._blobs = DirectoryBlobs(self._blob_folder)
        return self._blobs.put(content), len(content)

    def close(self) -> None:
        """Let the file be merged."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._spool.close()
