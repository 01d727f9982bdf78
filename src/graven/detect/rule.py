"""What an alert is: a query, when it fires, and who is told. One typed value with one JSON spelling.

    {"name":"denial-burst","query":"outcome:denied","threshold":{"count":10,"window_s":60,"by":"actor"},
     "severity":"error","to":["https://hooks.example/qa","mailto:qa@shop.example"],"cooldown_s":300}

Exactly one of `threshold` (that many matches within the window, counted apart for each value of `by`), `silence` (no
match for the window) and `rule` (a shipped rule with a memory of its own). An alert belongs to one log.
"""

import difflib
import hashlib
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from graven.detect.address import check_address, shown
from graven.errors import InvalidInput
from graven.event.strictjson import parse
from graven.index.export.columns import Column, parse_columns

__all__ = [
    "MAX_COUNT",
    "MAX_WINDOW_S",
    "SEVERITIES",
    "Alert",
    "Silence",
    "Threshold",
    "column_of",
    "decode_alert",
    "digest_of",
    "encode_alert",
    "public_form",
]

MAX_COUNT: Final = 10_000
MAX_WINDOW_S: Final = 31 * 86_400
MAX_QUERY_CHARS: Final = 4096
MAX_ADDRESSES: Final = 20
MAX_BODY_BYTES: Final = 64 * 1024

SEVERITIES: Final = {"info": 9, "warning": 13, "error": 17, "critical": 21}
"""The words, and the OpenTelemetry numbers that entries carry."""

_Seconds = Annotated[int, Meta(ge=1, le=MAX_WINDOW_S)]


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`count` matches or more whose received times lie at most `window_s` apart; `by` names a field."""

    count: Annotated[int, Meta(ge=1, le=MAX_COUNT)]
    window_s: _Seconds
    by: Annotated[str, Meta(min_length=1, max_length=256)] | None = None


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """No match for `window_s` seconds of received time; fires once, and again only after a match."""

    window_s: _Seconds


class Alert(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """After it fired a threshold rests for `cooldown_s` (each value of `by` for itself)."""

    name: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,62}\Z")]
    query: Annotated[str, Meta(max_length=MAX_QUERY_CHARS)] = ""
    threshold: Threshold | None = None
    silence: Silence | None = None
    rule: Literal["result_changed"] | None = None
    severity: Literal["info", "warning", "error", "critical"] = "warning"
    to: Annotated[tuple[str, ...], Meta(max_length=MAX_ADDRESSES)] = ()
    enabled: bool = True
    cooldown_s: Annotated[int, Meta(ge=0, le=MAX_WINDOW_S)] = 300


_decoder: Final = msgspec.json.Decoder(Alert)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_BOUND: Final = re.compile(r"expected `int` (<=|>=) (\d+)")
_MALFORMED: Final = re.compile(r"^JSON is malformed: ")


def decode_alert(body: bytes, check_query: Callable[[str], Any] | None = None, *, name: str | None = None) -> Alert:
    """The alert that a request says; InvalidInput (`invalid_alert`) with the place and what was expected.

    `check_query` parses the query and raises what it raises; `name` is the one in the address, which may be left out
    of the body and must not differ from it. With `check_query`, so for one that is to be set, `by` must be able to
    group: what was set once is still read.
    """
    if len(body) > MAX_BODY_BYTES:
        raise _invalid(f"{len(body)} bytes: at most {MAX_BODY_BYTES} are taken")
    try:
        alert = _decoder.decode(body if name is None else _with_name(body, name))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _explained(error) from error
    _check_one_spelling(body)
    kinds = [kind for kind in ("threshold", "silence", "rule") if getattr(alert, kind) is not None]
    if len(kinds) != 1:
        said = " and ".join(kinds) or "none of them"
        raise _invalid(f"one of threshold, silence and rule is needed: there is {said}")
    if alert.rule is not None and alert.query:
        raise _invalid(f"the rule {alert.rule} has its own query", hint="leave out `query`")
    for address in alert.to:
        check_address(address)
    if len(set(alert.to)) < len(alert.to):
        raise _invalid("the same address stands twice in `to`")
    if alert.threshold is not None and alert.threshold.by is not None:
        alert = msgspec.structs.replace(alert, threshold=_canonical(alert.threshold, alert.threshold.by))
    if check_query is not None:
        if alert.rule is None:
            check_query(alert.query)
        if alert.threshold is not None and alert.threshold.by is not None:
            _check_groups(alert.threshold, alert.threshold.by)
    return alert


def encode_alert(alert: Alert) -> bytes:
    """The one JSON spelling; `decode_alert` gives the alert again."""
    return msgspec.json.encode(alert)


def digest_of(alert: Alert) -> str:
    """SHA-256 of what decides when it fires, as hex: who is told, how loud, and whether at all is not part of it."""
    deciding = msgspec.structs.replace(alert, to=(), severity="warning", enabled=True)
    return hashlib.sha256(encode_alert(deciding)).hexdigest()


def public_form(alert: Alert) -> dict[str, Any]:
    """The alert as records may show it: addresses without what may be their secret."""
    form: dict[str, Any] = msgspec.to_builtins(alert)
    return form | ({"to": [shown(address) for address in alert.to]} if alert.to else {})


def column_of(by: str) -> Column:
    """The field that matches are counted by; InvalidInput for one that has no values to count by."""
    (column,) = parse_columns([by])
    if column.field.kind not in {"keyword", "map"}:
        raise _invalid(f"matches cannot be counted by {by}", hint="take a field that is compared as a whole: actor, ip")
    return column


def _canonical(threshold: Threshold, by: str) -> Threshold:
    column = column_of(by)
    return threshold if column.path else msgspec.structs.replace(threshold, by=column.field.name)


def _check_groups(threshold: Threshold, by: str) -> None:
    """Refuse what would never fire, however much matches; by id only where sources use the same ones."""
    field, path = column_of(by)[1:]
    if field.kind == "map" and not any(path):
        raise _invalid(f"matches cannot be counted by all {field.name} at once", hint=f"name one: {field.name}.team")
    if field.name == "id" and threshold.count > 1:
        raise _invalid(
            f"no {threshold.count} matches of one source have the same id",
            hint="take a field whose values come again: actor, target, ip",
        )


def _check_one_spelling(body: bytes) -> None:
    """The decoder keeps the last of duplicate members: who reads the first would see another alert."""
    try:
        parse(body)
    except InvalidInput as error:
        raise _invalid(error.message) from error


def _with_name(body: bytes, name: str) -> bytes:
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    said = members.get("name")
    if said is not None and msgspec.json.decode(said) != name:
        raise _invalid(f"the alert is called {bytes(said).decode()[:80]} in the body and {name!r} in the address")
    return msgspec.json.encode({**members, "name": msgspec.Raw(msgspec.json.encode(name))})


def _explained(error: Exception) -> InvalidInput:
    unknown = _UNKNOWN.match(str(error))
    if unknown is not None:
        kind = {"threshold": Threshold, "silence": Silence}.get(unknown[2] or "", Alert)
        close = difflib.get_close_matches(unknown[1], kind.__struct_fields__, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(kind.__struct_fields__)}"
        return _invalid(f'unknown field "{unknown[1][:80]}"', hint=hint)
    if isinstance(error, RecursionError):
        return _invalid("nested too deep")
    if isinstance(error, UnicodeDecodeError):
        return _invalid("not UTF-8")
    text, _, place = str(error).partition(" - at `$.")
    place = place.rstrip("`")
    if place == "name" and "regex" in text:
        return _invalid(
            'name: 1 to 63 of a-z, 0-9 and "-" are expected, not "-" first', hint="denial-burst, shop-quiet"
        )
    text = _MALFORMED.sub("no JSON: ", text)
    text = "no JSON: it ends too soon" if text == "Input data was truncated" else text[:1].lower() + text[1:]
    if (bound := _BOUND.fullmatch(text)) is not None:
        text = _bounded(bound[1] == "<=", int(bound[2]), is_time=place.endswith("_s"))
    return _invalid(f"{place}: {text}" if place else text)


def _bounded(is_most: bool, bound: int, *, is_time: bool) -> str:
    days = f" ({bound // 86_400} days)" if bound and bound % 86_400 == 0 else ""
    unit = f" second{'' if bound == 1 else 's'}{days}" if is_time else ""
    return f"at {'most' if is_most else 'least'} {bound:,}{unit}"


def _invalid(message: str, hint: str = "") -> InvalidInput:
    return InvalidInput(f"alert: {message}", hint=hint, code="invalid_alert")
