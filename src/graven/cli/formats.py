"""Recognise what a file holds, and cut it into items that can be sent. Pure: bytes in, items out.

`event` (event/1 as JSON, array or lines), `k8s` (audit events: one, an `EventList`, or lines), and the test
reports `junit` (XML), `ctrf` (JSON), `reportlog` (JSON lines of pytest) and `allure` (a file of its results).
The exact bytes of each item are kept; what cannot be read is named with its line and the reason.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from graven.errors import InvalidInput
from graven.event.mappers.ordinals import Ordinals

__all__ = [
    "HEAD_BYTES",
    "Format",
    "Item",
    "Unreadable",
    "batches",
    "cut",
    "not_that_format",
    "reason_against",
    "recognise",
    "with_stable_ids",
]

Format = Literal["event", "k8s", "junit", "ctrf", "allure", "reportlog"]

HEAD_BYTES = 1024 * 1024
"""What recognition looks at."""

BATCH_ITEMS = 4000
BATCH_BYTES = 4 * 1024 * 1024


class Item(NamedTuple):
    """One JSON object: the line it starts on (from 1) and its exact bytes."""

    line: int
    content: bytes


class Unreadable(NamedTuple):
    """A part that is no item: its first line (from 1), its bytes and why."""

    line: int
    content: bytes
    reason: str


def _looks_like_k8s(value: Mapping[str, Any]) -> bool:
    version = value.get("apiVersion")
    if isinstance(version, str) and version.startswith("audit.k8s.io/"):
        return True
    if "auditID" in value or value.get("kind") == "EventList":
        return True
    return "kind" in value and "action" not in value


_CTRF = re.compile(
    rb'\A\s*\{.*?"(?:reportFormat"\s*:\s*"CTRF"|results"\s*:\s*\{\s*"(?:tool|summary|tests)"\s*:)', re.DOTALL
)
_REPORTLOG = re.compile(rb'\A\s*\{[^\n]*"\$report_type"\s*:\s*"')
_ALLURE_NAME = re.compile(r"-(?:result|container)\.json\Z")
_K8S = re.compile(rb'"auditID"\s*:|"kind"\s*:\s*"EventList"|"apiVersion"\s*:\s*"audit\.k8s\.io/')


def recognise(head: bytes, *, name: str = "", cut_off: bool = False) -> Format:
    """Name the format of a file by its first `HEAD_BYTES`; `InvalidInput` when it is none of ours.

    `cut_off` says that the file is longer. The first JSON object that can be read decides; a file of nothing
    readable is no import.
    """
    wide = _wide_encoding(head)
    text = head.decode(wide, "replace").encode() if wide else head
    start = text[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        if b"<testsuite" in text[:65536]:
            return "junit"
        raise _unknown(name, "it is XML, but no JUnit report: there is no <testsuite> in it")
    if not start.startswith((b"{", b"[")):
        raise _unknown(name, "it starts neither with {, [ nor <")
    if wide:
        raise _unknown(name, "it is JSON in UTF-16, and JSON is exchanged in UTF-8 (iconv -f UTF-16 -t UTF-8)")
    text = text.removeprefix(b"\xef\xbb\xbf")
    if _REPORTLOG.match(text):
        return "reportlog"
    if _CTRF.match(text[:65536]):
        return "ctrf"
    if _ALLURE_NAME.search(name) and b'"uuid"' in text:
        return "allure"
    for part in cut(text):
        if isinstance(part, Item):
            value = json.loads(part.content)
            return "k8s" if _looks_like_k8s(value) else "event"
    if cut_off and _K8S.search(text):
        return "k8s"
    if cut_off and b'"action"' in text:
        return "event"
    raise _unknown(name, "no JSON object in it can be read")


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark or by the first character, or None."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[:1] in b"<{[" and head[1:2] == b"\x00":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\x00" and head[1:2] in (b"<", b"{", b"[") else None


def _unknown(name: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{name or 'the input'} is in no format that can be imported",
        why=why,
        hint="known: JUnit XML, CTRF, Allure results, pytest reportlog, Kubernetes audit events, event/1 JSON; "
        "--format says which it is",
        code="unknown_format",
    )


def not_that_format(forced: str, *, name: str) -> InvalidInput:
    """The error for a file of which nothing can be read as `forced`."""
    return InvalidInput(
        f"{name} does not hold {forced}: no JSON object in it can be read",
        why="nothing of it was recorded",
        hint="leave --format out, and the format is recognised",
        code="unknown_format",
    )


class _List(msgspec.Struct):
    items: list[msgspec.Raw]
    kind: str = ""


_LIST = msgspec.json.Decoder(_List)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def _whole(content: bytes) -> list[Item] | None:
    """The items when the whole file is one JSON value, else None."""
    try:
        value = json.loads(content)
    except ValueError:
        return None
    if isinstance(value, list):
        pieces = [bytes(raw) for raw in _ARRAY.decode(content)]
    elif isinstance(value, dict) and value.get("kind") == "EventList" and isinstance(value.get("items"), list):
        pieces = [bytes(raw) for raw in _LIST.decode(content).items]
    else:
        pieces = [content.strip()]
    return list(_located(content, pieces))


def _located(content: bytes, pieces: list[bytes]) -> Iterator[Item]:
    offset, line = 0, 1
    for piece in pieces:
        found = content.find(piece, offset)
        if found >= 0:
            line += content.count(b"\n", offset, found)
            offset = found
        yield Item(line, piece)


def reason_against(line: bytes) -> str | None:
    """Why a line is no item, or None when it is one."""
    try:
        value = json.loads(line)
    except ValueError as error:
        return f"not JSON: {str(error).split(': line')[0].lower()}"
    except RecursionError:
        return "nested too deeply"
    if not isinstance(value, dict):
        return f"a JSON {type(value).__name__}, expected an object"
    return None


def cut(content: bytes) -> Iterator[Item | Unreadable]:
    """The items of a JSON file, in order; the unreadable parts stand where they were."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        whole = _whole(content)
    except RecursionError:
        whole = None
    if whole is not None:
        for item in whole:
            reason = reason_against(item.content)
            yield item if reason is None else Unreadable(item.line, item.content, reason)
        return
    for number, padded in enumerate(content.split(b"\n"), 1):
        line = padded.strip()
        if line:
            reason = reason_against(line)
            yield Item(number, line) if reason is None else Unreadable(number, line, reason)


def batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Groups of at most `BATCH_ITEMS` items and about `BATCH_BYTES` bytes."""
    group: list[Item] = []
    size = 0
    for item in items:
        if group and (len(group) >= BATCH_ITEMS or size + len(item.content) > BATCH_BYTES):
            yield group
            group, size = [], 0
        group.append(item)
        size += len(item.content) + 1
    if group:
        yield group


def with_stable_ids(items: Iterator[Item]) -> Iterator[Item]:
    """Give each event without an `id` one that follows from its bytes, so that a second import adds nothing.

    The n-th of equal events gets its own id: two equal lines are two events.
    """
    seen = Ordinals()
    for item in items:
        value = json.loads(item.content)
        if "id" in value or not value:
            yield item
            continue
        digest = hashlib.sha256(item.content).digest()
        made = f"import-{digest.hex()[:32]}-{seen.next(digest) + 1}"
        yield Item(item.line, b'{"id":"' + made.encode() + b'",' + item.content[1:])
