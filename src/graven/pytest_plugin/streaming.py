"""Events go to a server as they come; apart from `sink`, because an HTTP client takes long to import."""

import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from graven.event import uuid7
from graven.pytest_plugin.sink import Knowing, make_redactor
from graven.sdk.client import Client

__all__ = ["ClientSink"]


class ClientSink(Knowing):
    """Streams to a server; the client spools on disk when that is away."""

    def __init__(self, *, source: str) -> None:
        redactor = make_redactor(None)
        super().__init__(redactor)
        self.client = Client(
            source=source,
            actor={"type": "test", "id": source},
            redactor=redactor,
            memory=self.secrets.memory,
            on_loss=lambda loss: self.failures.add(f"{loss.reason}: {loss.detail}", loss.count),
            logger=_quiet(),
        )

    def write(self, event: Mapping[str, Any], *, owned: bool = False) -> str | None:
        """See `Sink`."""
        members = dict(event)
        members.setdefault("id", uuid7.make(time.time_ns(), os.urandom))
        written = self.client.record(members)
        self.written += written is not None
        return written

    def attach(self, content: bytes) -> tuple[str, int]:
        """See `Sink`; in the client's spool on return."""
        kept = self.client.attach("", content)
        return str(kept["digest"]), int(kept["size"])

    def close(self) -> None:
        """Send what waits, within the client's own patience."""
        self.client.close()
        stats = self.client.stats()
        self.waiting, self.refused = stats.pending, stats.refused


def _quiet() -> logging.Logger:
    """Of its own: a test that looks at `caplog` must not see what became of the recording, which is told at the end.

    Not from `getLogger`: pytest 9.2 also listens to registered loggers that do not propagate.
    """
    logger = logging.Logger("graven.pytest_plugin.client")  # noqa: LOG001 - see above
    logger.addHandler(logging.NullHandler())
    return logger
