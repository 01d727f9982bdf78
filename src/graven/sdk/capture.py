"""Any Python object → JSON-able data, within bounds, at the moment of recording, without ever failing.

What is cut says so: `{"$cut":{"type":"text","size":<UTF-8 bytes>,"digest":"sha256:…","head":"…"}}`; a list
ends with, a mapping contains, `{"$cut":{"items":n}}`. Bytes that are not text become
`{"$bytes":{"size":n,"digest":"sha256:…"}}`. Iterators are never consumed. An object shows its fields when its
class declares them (dataclass, msgspec, attrs, pydantic), its public attributes when it has no `__repr__` of
its own, else its `repr`. Two stages, because a pattern must see the whole text before its end is cut off:
`capture` → redaction → `shorten`.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import hashlib
import math
import pathlib
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

__all__ = ["Capture", "Limits", "shorten", "text_digest"]

_CHUNK = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one captured value."""

    depth: int = 12
    items: int = 256
    """Elements kept of one container."""
    nodes: int = 10_000
    """Values kept in all; beyond it everything is cut."""
    text: int = 8192
    """Characters of a text that is kept whole."""
    head: int = 1024
    """Characters kept of a longer one."""
    scan: int = 256 * 1024
    """Characters of a text that redaction looks at; what lies behind is never kept."""


def text_digest(text: str) -> tuple[int, str]:
    """Size in UTF-8 bytes and SHA-256 of a text, without a copy of the whole."""
    size, digest = 0, hashlib.sha256()
    for at in range(0, len(text), _CHUNK):
        piece = text[at : at + _CHUNK].encode("utf-8", "surrogatepass")
        size += len(piece)
        digest.update(piece)
    return size, f"sha256:{digest.hexdigest()}"


class Capture:
    """One capture; `long` tells afterwards whether `shorten` has anything to do."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = Limits() if limits is None else limits
        self.long = False
        self._nodes = 0
        self._path: set[int] = set()

    def __call__(self, value: Any, depth: int = 0) -> Any:
        """The JSON-able form. Nothing but `BaseException`s that are not `Exception`s gets out."""
        self._nodes += 1
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        try:
            if kind is str:
                return self._text(value)
            if kind is int:
                return value if -(2**63) <= value < 2**63 else self._big(value)
            if kind is float:
                return value if math.isfinite(value) else str(value)
            if kind is dict or kind is list or kind is tuple:
                return self._nested(value, depth)
            return self._compound(value, depth)
        except Exception as error:  # noqa: BLE001 - any object may do anything; the application must go on
            return {"$unreadable": {"type": _name(kind), "error": _name(type(error))}}

    def _compound(self, value: Any, depth: int) -> Any:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._bytes(bytes(value))
        if isinstance(value, enum.Enum):
            return self(value.value, depth + 1)
        if isinstance(value, str):
            return self._text(str.__getitem__(value, slice(None)))
        if isinstance(value, bool | int | float):
            return self(_plain_number(value), depth + 1)
        if isinstance(value, (dt.datetime, dt.date, dt.time)):
            return value.isoformat()
        if isinstance(value, (decimal.Decimal, uuid.UUID, pathlib.PurePath, dt.timedelta)):
            return self._text(str(value))
        return self._nested(value, depth)

    def _nested(self, value: Any, depth: int) -> Any:
        if depth >= self.limits.depth or self._nodes > self.limits.nodes:
            return {"$cut": {"type": _name(type(value)), "items": _length(value)}}
        if id(value) in self._path:
            return {"$cycle": _name(type(value))}
        self._path.add(id(value))
        try:
            return self._container(value, depth)
        finally:
            self._path.discard(id(value))

    def _container(self, value: Any, depth: int) -> Any:
        if type(value) is dict or isinstance(value, Mapping):
            return self._members(value.items(), len(value), depth)
        if type(value) is not tuple and isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._members(zip(value._fields, value, strict=False), len(value), depth)
        if type(value) is list or isinstance(value, (Sequence, AbstractSet)):
            kept = []
            for position, item in enumerate(value):
                if position >= self.limits.items or self._nodes > self.limits.nodes:
                    kept.append({"$cut": {"items": len(value)}})
                    break
                kept.append(self(item, depth + 1))
            return kept
        fields = _fields(value)
        if fields is not None:
            shown = self._members(((name, getattr(value, name)) for name in fields), len(fields), depth)
            return {"$type": _name(type(value)), **shown}
        return self._described(value)

    def _members(self, pairs: Any, count: int, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for position, (name, item) in enumerate(pairs):
            if position >= self.limits.items or self._nodes > self.limits.nodes:
                members["$cut"] = {"items": count}
                break
            members[self._member_name(name)] = self(item, depth + 1)
        return members

    def _member_name(self, name: Any) -> str:
        if isinstance(name, bytes):
            name = name.decode("utf-8", "backslashreplace")
        text = name if type(name) is str else _bounded_repr(name)
        text = _clean(text[:256])
        # The server alone seals, and `$redacted` is said by redaction only: a captured name must not claim it.
        return f"_{text}" if text in {"$redacted", "$sealed"} else text

    def _text(self, text: str) -> Any:
        if len(text) > self.limits.text:
            self.long = True
            if len(text) > self.limits.scan:
                size, digest = text_digest(text)
                head = _clean(text[: self.limits.scan])
                return {"$cut": {"type": "text", "size": size, "digest": digest, "head": head}}
        return _clean(text)

    def _bytes(self, data: bytes) -> Any:
        if len(data) <= self.limits.scan:
            try:
                return self._text(data.decode("utf-8"))
            except UnicodeDecodeError:
                pass
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return {"$bytes": {"size": len(data), "digest": digest}}

    def _big(self, value: int) -> Any:
        try:
            return {"$int": str(value)}
        except ValueError:  # above the interpreter's limit of digits
            return {"$int": {"bits": value.bit_length()}}

    def _described(self, value: Any) -> dict[str, Any]:
        name = _name(type(value))
        if isinstance(value, BaseException):
            return {"$type": name, "message": self._text(_bounded_str(value))}
        code = str(getattr(value, "__qualname__", getattr(value, "__name__", "")))
        if isinstance(value, types.ModuleType | type) or (code and (callable(value) or isinstance(value, Iterator))):
            return {"$type": name, "name": code}
        if not _has_own_repr(type(value)):
            return {"$type": name}
        return {"$type": name, "repr": self._text(_bounded_repr(value))}


def shorten(value: Any, limits: Limits, *, plain: bool = False) -> Any:
    """Cut long texts in captured and redacted data. `plain`: to a text that says so, for members whose
    type is a string."""
    if type(value) is str:
        if len(value) <= limits.text:
            return value
        size, digest = text_digest(value)
        head = value[: limits.head]
        if plain:
            return f"{head} …[cut: {size} bytes, {digest}]"
        return {"$cut": {"type": "text", "size": size, "digest": digest, "head": head}}
    if type(value) is list:
        return [shorten(item, limits, plain=plain) for item in value]
    if type(value) is dict:
        cut = value.get("$cut")
        if type(cut) is dict and type(cut.get("head")) is str:
            cut = {**cut, "head": cut["head"][: limits.head]}
            return f"{cut['head']} …[cut: {cut['size']} bytes, {cut['digest']}]" if plain else {"$cut": cut}
        return {name: shorten(item, limits, plain=plain) for name, item in value.items()}
    return value


def _clean(text: str) -> str:
    """The text with lone surrogates spelled out: no UTF-8 has them."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _name(kind: type) -> str:
    module = getattr(kind, "__module__", "")
    return kind.__qualname__ if module in {"builtins", ""} else f"{module}.{kind.__qualname__}"


def _length(value: Any) -> int | None:
    try:
        return len(value)
    except Exception:  # noqa: BLE001 - a broken __len__ is not our concern
        return None


def _bounded_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a broken __repr__ must not break the application
        return f"<{_name(type(value))} whose repr raises {_name(type(error))}>"


def _bounded_str(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - as above
        return f"<{_name(type(value))} whose str raises {_name(type(error))}>"


def _plain_number(value: float) -> int | float:
    return int.__index__(value) if isinstance(value, int) else float.__float__(value)


def _fields(value: Any) -> tuple[str, ...] | None:
    """Names of the attributes that make up the value, where its class says so."""
    kind = type(value)
    if isinstance(value, (type, BaseException)):
        return None
    if dataclasses.is_dataclass(value):
        return tuple(field.name for field in dataclasses.fields(value) if field.repr)
    if (declared := getattr(kind, "__struct_fields__", None)) is not None:
        return tuple(declared)
    if (declared := getattr(kind, "__attrs_attrs__", None)) is not None:
        return tuple(field.name for field in declared if field.repr)
    if isinstance(declared := getattr(kind, "model_fields", None), dict):
        return tuple(declared)
    if not _has_own_repr(kind) and not callable(value):
        members = getattr(value, "__dict__", None)
        if type(members) is dict:
            return tuple(name for name in members if isinstance(name, str) and not name.startswith("_"))
    return None


def _has_own_repr(kind: type) -> bool:
    return getattr(kind, "__repr__", None) is not object.__repr__
