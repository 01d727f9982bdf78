"""Anchoring: a copy of each published checkpoint in another place, which a rewriter would have to reach too.

A folder gets `<origin hash>/<size, 20 digits>` for every size, never replaced, and `<origin hash>/latest`.
A URL gets the checkpoint as the body of a POST. Both happen in a thread of their own: publication never
waits, and while the place is slow or away only the newest checkpoint is kept for it and tried again.
"""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from graven.errors import GravenError, StorageFailed
from graven.log.messages import Incident
from graven.storage.durable import make_directories, replace_durably, write_durably
from graven.tlog.checkpoint import parse_checkpoint_text
from graven.tlog.note import parse_note

__all__ = ["Anchor", "AnchorThread", "FolderAnchor", "UrlAnchor", "open_anchor"]

_TIMEOUT_S = 10.0
_RETRY_S = 1.0
_RETRY_MAX_S = 60.0


class Anchor(Protocol):
    """A place that keeps checkpoints. Raises StorageFailed; code `anchor_conflict` for another root."""

    def keep(self, checkpoint: bytes) -> None: ...


class FolderAnchor:
    """Files in a folder, best on another machine's disk or a write-once mount."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, checkpoint: bytes) -> None:
        note = parse_note(checkpoint)
        parsed = parse_checkpoint_text(note.text)
        folder = self._folder / hashlib.sha256(parsed.origin.encode()).hexdigest()
        path = folder / f"{parsed.size:020d}"
        try:
            make_directories(folder)
            if path.exists():
                kept = parse_note(path.read_bytes()).text
                if kept != note.text:
                    raise StorageFailed(
                        f"the anchor {path} holds another checkpoint of size {parsed.size}",
                        why=f"anchored: {kept!r}; now: {note.text!r}",
                        hint="keep both: together they prove that history was rewritten",
                        code="anchor_conflict",
                    )
            else:
                write_durably(path, checkpoint)
            replace_durably(folder / "latest", checkpoint)
        except OSError as error:
            raise StorageFailed(f"cannot write the anchor {path}: {error}") from error


class UrlAnchor:
    """POST of each checkpoint, `text/plain; charset=utf-8`; any 2xx answer is fine."""

    def __init__(self, url: str) -> None:
        self._url = url

    def keep(self, checkpoint: bytes) -> None:
        import httpx

        try:
            answer = httpx.post(
                self._url,
                content=checkpoint,
                headers={"content-type": "text/plain; charset=utf-8"},
                timeout=_TIMEOUT_S,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StorageFailed(f"cannot reach the anchor {self._url}: {error}") from error
        if not answer.is_success:
            code = "anchor_conflict" if answer.status_code == httpx.codes.CONFLICT else "storage_failed"
            raise StorageFailed(f"the anchor {self._url} answered {answer.status_code}", code=code)


def open_anchor(target: str) -> Anchor:
    """The anchor that `--anchor PATH|URL` names."""
    if target.startswith(("http://", "https://")):
        return UrlAnchor(target)
    return FolderAnchor(Path(target).absolute())


class AnchorThread:
    """Feeds an anchor; `offer` never blocks and is what `open_log(on_published=…)` takes."""

    def __init__(
        self, anchor: Anchor, log: str, on_incident: Callable[[Incident], None], *, retry_s: float = _RETRY_S
    ) -> None:
        """`retry_s` is the first pause after a failure; each further one doubles, up to a minute."""
        self._retry_s = retry_s
        self._anchor = anchor
        self._log = log
        self._on_incident = on_incident
        self._wake = threading.Condition()
        self._next: bytes | None = None
        self._closing = False
        self.kept = 0
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name=f"log-{log}-anchor", daemon=True)
        self._thread.start()

    def offer(self, checkpoint: bytes) -> None:
        """Keep this checkpoint as soon as the place takes it, unless a newer one comes first."""
        with self._wake:
            self._next = checkpoint
            self._wake.notify()

    def close(self) -> None:
        """Try once more to keep what was offered last, then end."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        retry_s: float | None = None
        while True:
            with self._wake:
                if self._next is not None and retry_s is not None:
                    # the place did not answer: a newer checkpoint, which may be the one that tells of this very
                    # failure, must not cut the pause short
                    self._wake.wait_for(lambda: self._closing, retry_s)
                while self._next is None and not self._closing:
                    self._wake.wait()
                checkpoint, self._next = self._next, None
                last = self._closing
            if checkpoint is None:
                return
            if not self._keep(checkpoint):
                retry_s = None
                continue
            if last:
                return
            retry_s = self._retry_s if retry_s is None else min(2 * retry_s, _RETRY_MAX_S)
            with self._wake:
                if self._next is None:
                    self._next = checkpoint

    def _keep(self, checkpoint: bytes) -> bool:
        """Whether to try this checkpoint again."""
        try:
            self._anchor.keep(checkpoint)
        except (GravenError, OSError) as error:
            self.failures += 1
            conflict = isinstance(error, GravenError) and error.code == "anchor_conflict"
            kind = "anchor_conflict" if conflict else "anchor_failed"
            self._on_incident(Incident(kind, self._log, str(error), {"checkpoint": checkpoint.decode()}))
            return not conflict
        self.kept += 1
        return False
