"""Random queries and random entries over small alphabets, so that they meet often.

`queries()` are trees in the shape that `parse` gives; `entries()` are whole entries of format event/1, `events()` their
data, and `logs()` entries in the order of a log. The words, keys and values of both come from the same short lists,
with the awkward ones among them. `queries_about(views)` are made of what is there, so that many of them match.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from graven.event.envelope import entry_head, entry_tail
from graven.index.query.ast import All, Compare, Equals, Exists, Not, Query, Wildcard, Words, all_of, one_of
from graven.index.query.fields import FIELDS, TEXT, Field
from graven.index.query.numbers import EXACT, number, spell_number
from graven.index.query.times import spell_time
from graven.index.query.tokens import compact_json, tokens
from graven.index.query.view import View, json_values, keywords, numbers, text_of

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Events are large; a busy machine must not make a test of them red."""

T0 = 1_795_000_000_000_000_000
"""Unix ns, 2026-11-18: all times are near it, but for a few far ones."""

WORDS = ["card", "declined", "card_declined", "order", "a", "b", "Straße", "ÉTÉ", "été", "日本", "4", "42", "x"]
_AWKWARD = ["", " ", 'quo"te', "back\\slash", "two words", "line\nbreak", "tab\tn", "order.create", "a/b", "*", "(a)"]
_AWKWARD += [
    "-a",
    "<a>",
    "1..2",
    "İı",
    "\u0000",
    "\U0001f600 smile",
    "e\u0301",
    "١٢",
    "null",
    "true",
    "[]",
    "{}",
    "a:b",
]
TEXTS = WORDS + _AWKWARD
NAMES = ["x", "a b", "Straße", 'q"\\', "", "a/b", "日本", "1..2", "[]"]
IDS = ["e1", "e2", 'é"\\', "42"]
KEYS = ["a", "b", "lines", "sku", "a.b", "", 'k"q', "ключ", "a b", "0", "$redacted"]
_WIDE = [power + near for power in (2**63, 2**64, 2**126, 2**127) for near in (-1, 0, 1)]
_WIDE += [-one for one in _WIDE]
NUMBERS: list[int | float] = [0, 1, -1, 5, 17, 100, 100.0, 1.5, -0.5, 1e22, 1e-7, 2**53, 2.0**64, 2.0**126, *_WIDE]
DOMAINS: dict[str, list[str]] = {
    "action": ["order.create", "order.cancel", "test.case.finish", "x"],
    "actor": ["alice", "bob", "a b"],
    "actor.type": ["user", "service", "ci"],
    "by.ip": ["127.0.0.1", "::1"],
    "env": ["dev", "prod"],
    "error": ["ValueError", "Timeout"],
    "format": ["event/1"],
    "operation": ["GET", "PUT"],
    "outcome": ["success", "failure", "error"],
    "protocol": ["http"],
    "run": ["ci-1", "ci-2"],
    "source": ["shop", "ci/shop"],
    "status": ["passed", "failed"],
    "target": [*IDS, "order/42", "card/e1", "order/e1"],
    "target.type": ["order", "card"],
    "token": ["t1", "t2"],
}
"""What keyword fields hold; the others hold `NAMES` or `IDS`."""

texts = st.sampled_from(TEXTS) | st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4).map(" ".join)
names = st.sampled_from(NAMES)
ids = st.sampled_from(IDS)
scalars = st.sampled_from([None, True, False, *NUMBERS, *NAMES, "5", "100", "1.5", "true"])
_keys = st.sampled_from(KEYS)
_flat = st.one_of(scalars, scalars, texts, st.lists(scalars, max_size=3), st.dictionaries(_keys, scalars, max_size=2))
values = st.one_of(_flat, _flat, st.lists(_flat, max_size=3), st.dictionaries(_keys, _flat, max_size=3))
lines = st.lists(st.fixed_dictionaries({"sku": scalars}) | values, min_size=1, max_size=3)
documents = st.one_of(
    st.fixed_dictionaries({"a": scalars}, optional={"lines": lines, "a.b": scalars, "b": values}),
    st.fixed_dictionaries({"lines": lines}, optional={"a": scalars, "b": values, 'k"q': scalars}),
    values,
)
marker = st.just({"$redacted": {"by": "server", "rule": "r", "hmac": "k:00"}})


@cache  # a strategy is expensive to make
def domain(name: str) -> st.SearchStrategy[str]:
    """The values of a keyword field."""
    return st.sampled_from(DOMAINS[name])


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, null, or a redacted one; most often the value."""
    return st.one_of(strategy, strategy, strategy, strategy, st.none(), marker)


@st.composite
def times(draw: st.DrawFn) -> str:
    """Times in RFC 3339 near `T0`, with other zones and precisions, and a few that 64 bits cannot hold."""
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.sampled_from(
                ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+00:00", "1969-12-31T23:59:59.9-01:30"]
            )
        )
    text = spell_time(T0 + draw(st.sampled_from([-3_600, -2, -1, 0, 1, 2, 60, 86_400])) * 10**9 + draw(tiny))
    digits = draw(st.sampled_from([0, 1, 3, 6, 9]))
    fraction = f".{text[20 : 20 + digits]}" if digits else ""
    return text[:19] + fraction + draw(st.sampled_from(["Z", "+00:00", "+02:00", "-11:30", "+23:59"]))


tiny = st.sampled_from([0, 1, 500_000_000, 999_999_999])


def members(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with any of the members."""
    return st.fixed_dictionaries({}, optional={name: maybe(one) for name, one in strategies.items()})


@cache
def _actor() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda id_, rest: {"id": id_, **rest},
        st.one_of(domain("actor"), domain("actor"), domain("actor"), marker),
        members(type=domain("actor.type"), name=names, email=names, session=ids),
    )


@cache
def events() -> st.SearchStrategy[dict[str, Any]]:
    """The data of an entry of format event/1, as it may lie in a log: valid, and some of it redacted."""
    change = st.fixed_dictionaries({}, optional={"before": values, "after": values})
    target = members(type=domain("target.type"), id=ids, name=names, change=change)
    qa = members(
        run=domain("run"), suite=names, test=names, attempt=st.integers(0, 3), phase=st.just("call"),
        status=domain("status"), commit=ids, tree=ids, branch=names, build=ids, environment=domain("env"),
        release=names,
    )  # fmt: skip
    method = members(protocol=domain("protocol"), operation=domain("operation"), uri=names, statement=texts)
    optional = {
        "id": ids, "time": times(), "outcome": domain("outcome"),
        "on_behalf_of": st.lists(_actor(), max_size=2), "targets": st.lists(target, max_size=3),
        "origin": members(ip=names, user_agent=names, host=names, process=names), "method": method,
        "input": documents, "output": documents, "attributes": documents,
        "error": members(type=domain("error"), message=texts),
        "duration_ns": st.sampled_from([0, 1, 250_000_000, 2_000_000_000, 2**63 - 1]), "severity": st.integers(1, 24),
        "message": texts, "reason": texts, "ticket": names, "qa": qa,
        "trace": members(trace_id=ids, span_id=ids, parent_span_id=ids),
        "correlation_id": ids, "causation_id": ids, "session_id": ids,
        "labels": st.dictionaries(st.sampled_from(KEYS), names | marker, max_size=3),
    }  # fmt: skip
    return st.builds(
        lambda action, actor, rest: {"action": action, "actor": actor, **rest},
        domain("action"),
        _actor(),
        members(**optional),
    )


@st.composite
def entries(draw: st.DrawFn, received_ns: int | None = None) -> bytes:
    """A whole entry; its JSON has escapes, or none. `received_ns` says when, else it is near `T0`."""
    event = draw(events())
    data = json.dumps(event, ensure_ascii=draw(st.booleans()), separators=(",", ":")).encode()
    tail = entry_tail(
        token=draw(domain("token")),
        ip=draw(domain("by.ip")),
        id=event["id"] if isinstance(event.get("id"), str) else draw(ids),
        source=draw(domain("source")),
        format="event/1",
        data=data,
        redacted=draw(st.sampled_from([0, 0, 0, 1, 7])),
    )
    return entry_head(T0 + draw(tiny) if received_ns is None else received_ns) + tail


@st.composite
def logs(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 20) -> list[bytes]:
    """Entries one after another, their received times never decreasing."""
    count = draw(st.integers(min_size, max_size))
    steps = st.sampled_from([0, 1, 999_999_999, 10**9, 60 * 10**9])
    moments = accumulate(draw(st.lists(steps, min_size=count, max_size=count)), initial=T0 - 120 * 10**9)
    return [draw(entries(received_ns=moment)) for moment in list(moments)[1:]]


_COMMON_PATHS: list[tuple[str | int | None, ...]] = [("a",), ("lines", None, "sku"), ("lines", 0, "sku"), ("a.b",)]
paths = st.sampled_from([*_COMMON_PATHS, *_COMMON_PATHS, (), ("b",), ("lines", 1), ('k"q',)]) | st.lists(
    st.sampled_from([*KEYS, 0, 1, None]), max_size=3
).map(tuple)
_NUMBER_TEXTS = ("0", "1", "-1", "5", "17", "100", "1.5", "-0.5", "0.0000001", *map(str, _WIDE))
_numbers = st.sampled_from([number(text) or 0 for text in _NUMBER_TEXTS])
_operators = st.sampled_from(["<", "<=", ">", ">="])
_tokens = st.sampled_from(
    ["card", "declined", "order", "a", "b", "n", "straße", "été", "日本", "4", "42", "x", "create"]
)
_parts = st.lists(st.sampled_from(["", "", "", "a", "o", "e", ".", "/", "1", "日"]), min_size=2, max_size=3)
_JSON_TEXTS = ["5", "100", "100.0", "1.5", "true", "false", "null", "-1", *map(str, _WIDE)]


@st.composite
def leaf_queries(draw: st.DrawFn) -> Query:
    """One condition, most often one that may be met."""
    field = draw(st.sampled_from([TEXT, *FIELDS, *_FREE, *_FREE]))
    path = _path(draw, field)
    choice = draw(st.integers(0, 4))
    if field.kind == "text":
        return Exists(field) if choice == 0 and field != TEXT else draw(_words(field))
    if choice == 0:
        return Exists(field, path)
    if field.kind in ("number", "time", "duration"):
        value = draw(_values_of(field))
        return Equals(field, value) if choice == 1 else Compare(field, draw(_operators), value)
    if field.kind == "json" and choice == 1:
        return Compare(field, draw(_operators), draw(_numbers), path)
    if choice == 2:
        return _wildcard(field, tuple(draw(_parts)), path)
    return Equals(field, draw(_texts_of(field)), path)


_FREE = [field for field in FIELDS if field.kind in ("json", "map", "text", "number")]


@cache
def _texts_of(field: Field) -> st.SearchStrategy[str]:
    if field.kind == "json":
        return st.sampled_from([*_JSON_TEXTS, *NAMES])
    return st.sampled_from(DOMAINS.get(field.name, [*NAMES, *IDS])) | st.sampled_from(TEXTS)


def _path(draw: st.DrawFn, field: Field) -> tuple[str | int | None, ...]:
    if field.kind == "map":
        return (draw(st.sampled_from(KEYS)),)
    return draw(paths) if field.kind == "json" else ()


def _wildcard(field: Field, parts: tuple[str, ...], path: tuple[str | int | None, ...]) -> Query:
    kept = (parts[0], *(part for part in parts[1:-1] if part), parts[-1])  # `**` is one star
    return Exists(field, path) if kept == ("", "") else Wildcard(field, kept, path)


@cache
def _values_of(field: Field) -> st.SearchStrategy[int | float]:
    near = st.sampled_from([-3_600, -1, 0, 1, 60]).map(lambda seconds: seconds * 10**9)
    if field.kind == "time":
        return st.builds(lambda seconds, ns: T0 + seconds + ns, near, tiny) | st.sampled_from([2**63 - 1, -(2**63) + 1])
    if field.kind == "duration":
        return near | st.sampled_from([250_000_000, 2_000_000_000, 1])
    return _numbers


@st.composite
def _words(draw: st.DrawFn, field: Field) -> Words:
    kind = draw(st.sampled_from(["whole", "whole", "prefix", "infix"]))
    if kind == "infix":
        return Words(field, (draw(st.sampled_from(["a", "ar", "é", "本", "2", "declin"])),), infix=True)
    found = draw(st.lists(_tokens, min_size=1, max_size=3))
    if kind == "prefix":
        found[-1] = found[-1][: draw(st.integers(1, 3))]
    return Words(field, tuple(found), prefix=kind == "prefix")


@st.composite
def _trees(draw: st.DrawFn, leaf: st.SearchStrategy[Query]) -> Query:
    def few() -> list[Query]:
        leaves = draw(st.lists(leaf, min_size=1, max_size=3))
        return [Not(one) if draw(st.integers(0, 3)) == 0 else one for one in leaves]

    match draw(st.sampled_from(["leaf", "leaf", "and", "or", "not", "and of or", "or of and", "all"])):
        case "all":
            return All()
        case "and":
            return all_of(few())
        case "or":
            return one_of(few())
        case "not":
            return Not(draw(st.sampled_from([all_of, one_of]))(few()))
        case "and of or":
            return all_of([one_of(few()), one_of(few())])
        case "or of and":
            return one_of([all_of(few()), Not(all_of(few()))])
        case _:
            return draw(leaf)


@cache
def queries() -> st.SearchStrategy[Query]:
    """Trees of a few conditions, in the shape that `parse` gives."""
    return _trees(leaf_queries())


def queries_about(views: Sequence[View]) -> st.SearchStrategy[Query]:
    """Like `queries`, but most conditions are met by one of the views."""
    return _trees(st.one_of(leaf_queries(), *[met_by(view) for view in views]))


@st.composite
def met_by(draw: st.DrawFn, view: View) -> Query:
    """One condition that the event of `view` meets."""
    field = draw(st.sampled_from([field for field in (TEXT, *FIELDS) if _is_there(field, view)]))
    match field.kind:
        case "keyword":
            return draw(_text_met(field, draw(st.sampled_from(keywords(field, view)))))
        case "text":
            found = tokens(text_of(field, view) or "")
            return draw(_words_met(field, found)) if found else Exists(field)
        case "map" | "json":
            return draw(_json_met(field, view))
        case _:
            return draw(_number_met(field, numbers(field, view)[0]))


def _is_there(field: Field, view: View) -> bool:
    match field.kind:
        case "keyword":
            return bool(keywords(field, view))
        case "text":
            return field == TEXT or text_of(field, view) is not None
        case "map" | "json":
            return bool(json_values(field, (), view))
        case _:
            return bool(numbers(field, view))


@st.composite
def _text_met(draw: st.DrawFn, field: Field, text: str, path: tuple[str | int | None, ...] = ()) -> Query:
    if draw(st.booleans()):
        return Equals(field, text, path)
    first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    parts = re.split(r"[\s()*]", f"{text[:first]}*{text[last:]}")
    if parts[0][:1] in ('"', "<", ">"):
        parts.insert(0, "")
    return _wildcard(field, tuple(parts), path)


@st.composite
def _words_met(draw: st.DrawFn, field: Field, found: list[str]) -> Query:
    first = draw(st.integers(0, len(found) - 1))
    said = found[first : first + draw(st.integers(1, 3))]
    last = said[-1]
    kind = draw(st.sampled_from(["whole", "prefix", "infix"]))
    if kind == "infix":
        return Words(field, (last[draw(st.integers(0, len(last) - 1)) :],), infix=True)
    if kind == "prefix":
        said[-1] = last[: draw(st.integers(1, len(last)))]
    return Words(field, tuple(said), prefix=kind == "prefix")


@st.composite
def _json_met(draw: st.DrawFn, field: Field, view: View) -> Query:
    path: list[str | int | None] = []
    value = json_values(field, (), view)[0]
    while isinstance(value, dict | list) and value and (field.kind == "json" or not path):
        if isinstance(value, dict):
            step: str | int | None = draw(st.sampled_from(sorted(value)))
            value = value[step]
        else:
            at = draw(st.integers(0, len(value) - 1))
            step, value = draw(st.sampled_from([at, None])), value[at]
        path.append(step)
    if value is None:
        return Not(Exists(field, tuple(path)))
    if isinstance(value, str) and path:
        return draw(_text_met(field, value, tuple(path)))
    if isinstance(value, dict | list) and (field.kind == "json" or not path):
        return Exists(field, tuple(path))
    if isinstance(value, int | float) and not isinstance(value, bool) and draw(st.booleans()):
        return draw(_number_met(field, value, tuple(path)))
    if isinstance(value, float):  # queries spell numbers without an exponent
        return Equals(field, spell_number(value), tuple(path))
    return Equals(field, compact_json(value) if not isinstance(value, str) else value, tuple(path))


@st.composite
def _number_met(draw: st.DrawFn, field: Field, value: float, path: tuple[str | int | None, ...] = ()) -> Query:
    most = EXACT - 1 if field.kind == "json" else 2**63 - 2
    if not -most <= value <= most or (isinstance(value, float) and value.is_integer()):
        return Exists(field, path)
    sign = draw(st.sampled_from(["<=", ">=", "<", ">"]))
    if sign in ("<=", ">="):
        return Compare(field, sign, value, path)
    if isinstance(value, float):
        return Exists(field, path)
    return Compare(field, sign, value + 1 if sign == "<" else value - 1, path)
