"""Files beside a report: screenshots, traces and logs that it names, stored as blobs.

A report is somebody else's text, so a name in it opens nothing but regular files inside the report's own folder:
no absolute path, no `..`, no link on the way, no device or pipe. What is not there or is refused is told.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from graven.cli.access.ports import Access
from graven.errors import TooLarge

__all__ = ["MOST_ATTACHMENTS", "Attachments", "open_beside"]

MOST_ATTACHMENTS: Final = 100_000
"""Files that one import stores; those beyond are listed as unreadable."""

_LONGEST_PATH: Final = 4096
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0)


def open_beside(folder: Path, path: str) -> BinaryIO | str:
    """The regular file at a relative `path` (`/` or `\\` between its parts) inside `folder`, or why there is none."""
    parts = [part for part in path.replace("\\", "/").split("/") if part != "."]
    if not parts or len(path) > _LONGEST_PATH or any(not part or part == ".." or "\0" in part for part in parts):
        return "no path of a file in the folder of the report"
    if os.name == "nt" and ":" in path:
        return "no path of a file in the folder of the report"
    try:
        descriptor = _opened(folder, parts)
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return "no regular file"
    return os.fdopen(descriptor, "rb")


def _opened(folder: Path, parts: list[str]) -> int:
    """Step by step, so that no folder on the way is a link, not even one made meanwhile."""
    if os.open not in os.supports_dir_fd:
        path = folder
        for part in parts:
            path = path / part
            if path.is_symlink():
                raise OSError(0, "a link is not followed")
        return os.open(path, _FLAGS)
    at = os.open(folder, os.O_RDONLY | _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FLAGS | _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(parts[-1], _FLAGS, dir_fd=at)
    finally:
        os.close(at)


class Attachments:
    """Stores the files that a report names, each once. `refuse` is told (path, reason) of those that it cannot."""

    def __init__(self, access: Access, folder: Path, refuse: Callable[[str, str], None], *, keep: bool) -> None:
        self._access = access
        self._folder = folder
        self._refuse = refuse
        self._keep = keep
        self._stored: dict[str, dict[str, Any] | None] = {}

    def attach_anywhere(self, path: str, title: str, media_type: str) -> dict[str, Any] | None:
        """`attach` for formats that name files by absolute paths too: those below the folder are taken."""
        if os.path.isabs(path):  # noqa: PTH117 - a text of the report, not a path of ours
            inside = os.path.relpath(os.path.normpath(path), self._folder.resolve())
            path = path if inside.startswith("..") else inside
        return self.attach(path, title, media_type)

    def attach(self, path: str, title: str, media_type: str) -> dict[str, Any] | None:
        """The attachment of an event, or None when the file is not kept."""
        if not self._keep:
            return None
        if path not in self._stored:
            if len(self._stored) >= MOST_ATTACHMENTS:
                self._refuse(path[:100], f"not kept: the report names more than {MOST_ATTACHMENTS} files")
                return None
            self._stored[path] = self._store(path)
        stored = self._stored[path]
        if stored is None:
            return None
        return {**stored, "name": title or path, "media_type": media_type or "application/octet-stream"}

    def _store(self, path: str) -> dict[str, Any] | None:
        stream = open_beside(self._folder, path)
        if isinstance(stream, str):
            self._refuse(path[:100], stream)
            return None
        try:
            with stream:
                blob = self._access.put_blob(stream)
        except TooLarge as error:
            self._refuse(path[:100], f"the attachment is not kept: {error.message}")
            return None
        except OSError as error:
            self._refuse(path[:100], f"cannot be read: {error.strerror or error}")
            return None
        return {"digest": blob.digest, "size": blob.size}
