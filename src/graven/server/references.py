"""Which log refers to which blob, so that reading a blob can ask for the right to read such a log.

A reference is kept before the entry that makes it is appended: a crash in between leaves one that no
entry backs, which gives away nothing, because only somebody who had the content can make one: an
attachment must have been uploaded by the same token, or be known to the same log already.
"""

from graven.errors import InvalidEvent
from graven.event.batch import PreparedBatch
from graven.server.control import Control

__all__ = ["BlobReferences"]


class BlobReferences:
    """Uploads and references in `control.sqlite`. Blocks; call it off the event loop."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.unread: set[str] = set()
        """Logs of which older entries were not yet looked through for references (`reference_scan`)."""

    def uploaded(self, digest: str, token_id: str) -> None:
        """Note that the token had the content; durable on return."""
        self._control.write(("INSERT OR IGNORE INTO blob_uploads VALUES (?, ?)", (digest, token_id)))

    def keep(self, log: str, digests: set[str]) -> None:
        """Note that entries of `log` refer to the blobs; durable on return."""
        if digests:
            self._control.write(
                *(("INSERT OR IGNORE INTO blob_references VALUES (?, ?)", (d, log)) for d in sorted(digests))
            )

    def logs(self, digest: str) -> set[str]:
        """Logs that refer to the blob."""
        return {row[0] for row in self._control.rows("SELECT log FROM blob_references WHERE digest = ?", (digest,))}

    def check_attachments(self, log: str, token_id: str, batch: PreparedBatch) -> None:
        """InvalidEvent naming each attachment that this token never uploaded and this log does not know."""
        named = {digest for _, digest, _ in batch.attachments}
        unknown = {digest for digest in named if not self.may_attach(log, token_id, digest)}
        if unknown:
            raise InvalidEvent(
                f"{len(unknown)} attachments were never uploaded with this token",
                hint="PUT /v1/blobs first, with the same token",
                code="unknown_attachment",
                details={
                    "errors": [
                        {
                            "item": item,
                            "field": "attachments",
                            "reason": f"{digest} was not uploaded",
                            "suggestion": "PUT /v1/blobs",
                        }
                        for item, digest, _ in batch.attachments
                        if digest in unknown
                    ],
                    "digests": sorted(unknown),
                },
            )

    def may_attach(self, log: str, token_id: str, digest: str) -> bool:
        """Whether the token had the content, or an entry of the log refers to it."""
        return bool(
            self._control.rows(
                "SELECT 1 FROM blob_uploads WHERE digest = ?1 AND token = ?2"
                " UNION ALL SELECT 1 FROM blob_references WHERE digest = ?1 AND log = ?3",
                (digest, token_id, log),
            )
        )
