"""`attach`: how a test keeps a file (a screenshot, a trace, a response) with its record.

The bytes become a blob, the event of the attempt names it. Text is searched for secrets like everything else,
line by line, before it is written; other content is kept as it is.
"""

import mimetypes
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from graven.errors import GravenError, InvalidInput, TooLarge
from graven.pytest_plugin.sink import Sink

__all__ = ["LIMIT_BYTES", "MOST", "attach", "connect", "connected", "label", "reason_of", "take"]

LIMIT_BYTES = 32 * 1024 * 1024
MOST = 100
"""Attachments of one attempt."""
_SEARCHED_BYTES = 4 * 1024 * 1024
"""Text above this is not searched: it would hold up the test for seconds. It is left out instead."""
_TAKEN = "[redacted by graven]"
_LONGEST_NAME = 200

Keep = Callable[[str, object, str | None], bool]
_keep: Keep | None = None


def connect(keep: Keep | None) -> None:
    """Where attachments go from now on; None when nothing is recorded any more."""
    global _keep
    _keep = keep


def connected() -> Keep | None:
    """Where attachments go now."""
    return _keep


def attach(name: str, data: bytes | str | os.PathLike[str], media_type: str | None = None) -> bool:
    """Keep bytes, the text of a `str`, or the file at a `Path` with the running test. Without `media_type` the
    ending of the name or the file tells it.

    Gives whether it was kept; False also where nothing is recorded. What is larger than 32 MiB or cannot be read
    is left out: the event says so, and the summary counts it. Never raises.
    """
    keep = _keep
    return False if keep is None else keep(name, data, media_type)


def label(name: object) -> str:
    """What is shown of a name, whatever a test gave for one."""
    return (name[:_LONGEST_NAME] or "attachment") if type(name) is str else type(name).__name__


def reason_of(error: Exception) -> str:
    """Why something was not kept; the error may be of a class whose text cannot be had."""
    try:
        said = error.message if isinstance(error, GravenError) else f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - its `__str__` is a test's own
        said = type(error).__name__
    return said[:500]


def take(name: str, data: object, media_type: str | None, sink: Sink, known: int | None) -> dict[str, Any]:
    """The member of `attachments` for content that was stored; raises GravenError and OSError.

    `known`: how many the running attempt has; None when no test runs.
    """
    if known is None:
        raise InvalidInput("no test runs")
    if known >= MOST:
        raise TooLarge(f"a test keeps {MOST} at the most")
    if type(name) is not str:
        raise InvalidInput("its name is no text")
    name = label(name)
    path = Path(data) if isinstance(data, os.PathLike) else None
    content = _content(data if path is None else path)
    kind = str(media_type or mimetypes.guess_type(name)[0] or (path and mimetypes.guess_type(path.name)[0]) or "")
    if not kind:
        kind = "text/plain" if isinstance(data, str) else "application/octet-stream"
    content = _without_secrets(content, kind, sink)
    digest, size = sink.attach(content)
    return {"name": name, "media_type": kind[:200], "digest": digest, "size": size}


def _content(data: object) -> bytes:
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")
    if isinstance(data, bytes | bytearray | memoryview):
        content = bytes(data)
    elif isinstance(data, Path):
        content = _read(data)
    else:
        raise InvalidInput(f"it is {type(data).__name__}: give bytes, text or a path")
    if len(content) > LIMIT_BYTES:
        raise TooLarge(f"it is larger than {LIMIT_BYTES // 2**20} MiB and was left out")
    return content


def _read(path: Path) -> bytes:
    # not blocking: a named pipe without a writer would hold the test up for ever
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidInput(f"{path} is no file")
        return stream.read(LIMIT_BYTES + 1)


def _without_secrets(content: bytes, kind: str, sink: Sink) -> bytes:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    if len(content) > _SEARCHED_BYTES:
        raise TooLarge(f"it is text of more than {_SEARCHED_BYTES // 2**20} MiB and was left out")
    if "json" in kind:
        try:
            value = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError):
            pass
        else:
            clean = sink.without_secrets(value)
            return content if clean == value else msgspec.json.encode(clean)
    lines = text.split("\n")
    clean = sink.without_secrets(lines)
    if clean == lines:
        return content
    return "\n".join(line if isinstance(line, str) else _TAKEN for line in clean).encode()
