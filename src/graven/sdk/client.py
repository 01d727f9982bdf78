"""`Client`: recording from threads. It never blocks and never breaks the application."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graven.event.model import Event
from graven.event.redact import Redactor
from graven.sdk.context import ActorLike
from graven.sdk.copies import Memory
from graven.sdk.ledger import LOGGER, Loss, Stats
from graven.sdk.recorder import Recorder
from graven.sdk.settings import resolve
from graven.sdk.transport import Transport

__all__ = ["Client"]


class Client:
    """A recorder for one log of one server.

    `server`, `token`, `log` and `source` default to `GRAVEN_SERVER`, `GRAVEN_TOKEN`, `GRAVEN_LOG` and
    `GRAVEN_SOURCE`; the other settings are those of `graven.sdk.settings.Settings`. Raises `UsageError` for
    a setting that cannot work, and nothing else, ever. `on_loss` is told of every event that was lost.

        with Client("http://127.0.0.1:8470") as client:
            client.record("order.create", actor="alice", input={"sku": "LAMP-1"})
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        token: str | None = None,
        log: str | None = None,
        source: str | None = None,
        actor: ActorLike | None = None,
        spool_dir: str | Path | None = None,
        on_loss: Callable[[Loss], None] | None = None,
        redactor: Redactor | None = None,
        memory: Memory | None = None,
        transport: Callable[[], Transport] | None = None,
        logger: logging.Logger = LOGGER,
        **settings: Any,
    ) -> None:
        self.settings = resolve(server=server, token=token, log=log, source=source, spool_dir=spool_dir, **settings)
        self._recorder = Recorder(
            self.settings,
            actor=actor,
            on_loss=on_loss,
            transport=transport,
            redactor=redactor,
            memory=memory,
            logger=logger,
        )

    def __repr__(self) -> str:
        """Says where it records to; a client among recorded locals must show nothing else."""
        return f"<{type(self).__name__} of {self.settings.server} log {self.settings.log}>"

    def record(
        self,
        what: str | Event | Mapping[str, Any],
        /,
        actor: ActorLike | None = None,
        **fields: Any,
    ) -> str | None:
        """Record one event: an action with the members of event/1, an `Event`, or a mapping.

        Gives the event's id, or None when it was lost (counted, reported, told to `on_loss`). Never raises,
        never waits: values are copied, redacted and queued, and everything else happens in the background.
        Without `actor`, the scope's (`acting_as`), the client's, or the source is taken.
        """
        return self._recorder.record(what, fields if actor is None else {"actor": actor, **fields})

    def attach(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
        """A member for the `attachments` of an event: `record("…", attachments=[client.attach("a.png", data)])`.

        The content is copied to the spool, and goes to the server before the event that names it. It is not
        searched for secrets. Raises TooLarge above `attachment_bytes`, StorageFailed when there is no room.
        """
        digest, size = self._recorder.attach(content)
        return {"name": name, "media_type": media_type, "digest": digest, "size": size}

    def flush(self, timeout_s: float | None = 10.0) -> bool:
        """Wait until everything recorded before is acknowledged or refused; False after `timeout_s`."""
        return self._recorder.flush(timeout_s)

    def close(self, timeout_s: float | None = None) -> None:
        """Flush for at most `timeout_s` (default `close_timeout_s`), leave the rest in the spool, stop."""
        self._recorder.close(self.settings.close_timeout_s if timeout_s is None else timeout_s)

    def stats(self) -> Stats:
        """What became of the events so far."""
        return self._recorder.stats()

    def lost(self, reason: str, detail: str) -> None:
        """Count one event that could not even be described (for middleware)."""
        self._recorder.lost(reason, detail)

    def secrets_in(self, value: Any) -> frozenset[str]:
        """The texts in captured data that must not be recorded anywhere in the same request."""
        return self._recorder.secrets_in(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
