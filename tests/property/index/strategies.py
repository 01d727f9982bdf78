"""Random queries and random entries over small alphabets, so that they meet often.

`queries()` are trees in the shape that `parse` gives; `entries()` are whole entries of format event/1, and `events()` their
data. The words, keys and values of both come from the same short lists, with the awkward ones among them.
"""

import json
from typing import Any

from hypothesis import strategies as st

from graven.event.envelope import entry_head, entry_tail
from graven.index.query.ast import All, Compare, Equals, Exists, Not, Query, Wildcard, Words, all_of, one_of
from graven.index.query.fields import FIELDS, TEXT, Field
from graven.index.query.numbers import number
from graven.index.query.times import spell_time

T0 = 1_795_000_000_000_000_000
"""Unix ns, 2026-11-18: all times are near it, but for a few far ones."""

WORDS = ["card", "declined", "card_declined", "order", "a", "b", "Straße", "ÉTÉ", "été", "日本", "4", "42", "x"]
_AWKWARD = ["", " ", 'quo"te', "back\\slash", "two words", "line\nbreak", "tab\tn", "order.create", "a/b", "*", "(a)"]
_AWKWARD += ["-a", "<a>", "1..2", "İı", "\u0000", "\U0001f600 smile", "e\u0301", "١٢", "null", "true", "[]", "{}", "a:b"]
TEXTS = WORDS + _AWKWARD
KEYS = ["a", "b", "lines", "sku", "a.b", "", 'k"q', "ключ", "a b", "0", "$redacted"]
NUMBERS: list[int | float] = [0, 1, -1, 5, 17, 100, 100.0, 1.5, -0.5, 1e22, 1e-7, 2**53, 2**63 - 1, -(2**63), 2**64]

texts = st.sampled_from(TEXTS) | st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4).map(" ".join)
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | texts | st.sampled_from(["5", "100", "1.5", "true"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
marker = st.just({"$redacted": {"by": "server", "rule": "r", "hmac": "k:00"}})


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
ids = st.sampled_from(["e1", "e2", "e3", 'é"\\', "日"])


def members(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with any of the members."""
    return st.fixed_dictionaries({}, optional={name: maybe(one) for name, one in strategies.items()})


def _actor() -> st.SearchStrategy[dict[str, Any]]:
    kinds = st.sampled_from(["user", "service", "ci", "test"])
    return st.builds(
        lambda id_, rest: {"id": id_, **rest},
        st.sampled_from(["alice", "bob", "a b", "x"]) | marker,
        members(type=kinds, name=texts, email=texts, session=ids),
    )


def events() -> st.SearchStrategy[dict[str, Any]]:
    """The data of an entry of format event/1, as it may lie in a log: valid, and some of it redacted."""
    change = st.fixed_dictionaries({}, optional={"before": values, "after": values})
    target = members(type=st.sampled_from(["order", "card"]), id=ids | st.just("42"), name=texts, change=change)
    qa = members(
        run=st.sampled_from(["ci-1", "ci-2"]), suite=texts, test=texts, attempt=st.integers(0, 3), phase=st.just("call"),
        status=st.sampled_from(["passed", "failed"]), commit=ids, tree=ids, branch=texts, build=ids,
        environment=st.sampled_from(["dev", "prod"]), release=texts,
    )  # fmt: skip
    optional = {
        "id": ids, "time": times(), "outcome": st.sampled_from(["success", "failure", "error"]),
        "on_behalf_of": st.lists(_actor(), max_size=2), "targets": st.lists(target, max_size=3),
        "origin": members(ip=texts, user_agent=texts, host=texts, process=texts),
        "method": members(protocol=st.just("http"), operation=st.sampled_from(["GET", "PUT"]), uri=texts, statement=texts),
        "input": values, "output": values, "attributes": values,
        "error": members(type=st.sampled_from(["ValueError", "Timeout"]), message=texts),
        "duration_ns": st.sampled_from([0, 1, 250_000_000, 2_000_000_000, 2**63 - 1]), "severity": st.integers(1, 24),
        "message": texts, "reason": texts, "ticket": texts, "qa": qa,
        "trace": members(trace_id=ids, span_id=ids, parent_span_id=ids),
        "correlation_id": ids, "causation_id": ids, "session_id": ids,
        "labels": st.dictionaries(st.sampled_from(KEYS), texts | marker, max_size=3),
    }  # fmt: skip
    return st.builds(
        lambda action, actor, rest: {"action": action, "actor": actor, **rest},
        st.sampled_from(["order.create", "order.cancel", "test.case.finish", "x"]),
        _actor(),
        members(**optional),
    )


@st.composite
def entries(draw: st.DrawFn, received_ns: int | None = None) -> bytes:
    """A whole entry; its JSON has escapes, or none. `received_ns` says when, else it is near `T0`."""
    event = draw(events())
    data = json.dumps(event, ensure_ascii=draw(st.booleans()), separators=(",", ":")).encode()
    tail = entry_tail(
        token=draw(st.sampled_from(["t1", "t2"])),
        ip=draw(st.sampled_from(["127.0.0.1", "::1"])),
        id=event["id"] if isinstance(event.get("id"), str) else draw(ids),
        source=draw(st.sampled_from(["shop", "ci/shop"])),
        format="event/1",
        data=data,
        redacted=draw(st.sampled_from([0, 0, 0, 1, 7])),
    )
    return entry_head(T0 + draw(tiny) if received_ns is None else received_ns) + tail


paths = st.lists(st.sampled_from([*KEYS, *KEYS, 0, 1, None]), max_size=3).map(tuple)
_numbers = st.sampled_from([number(text) or 0 for text in ("0", "1", "-1", "5", "17", "100", "1.5", "-0.5", "0.0000001")])
_operators = st.sampled_from(["<", "<=", ">", ">="])
_tokens = st.sampled_from(["card", "declined", "order", "a", "b", "n", "straße", "été", "日本", "4", "42", "x", "create"])
_keywords = st.sampled_from([*TEXTS, "alice", "bob", "e1", "e2", "42", "order/42", "card/e1", "ci-1", "dev", "failure"])
_parts = st.lists(st.sampled_from(["", "a", "order", "o", "e", ".", "/", "1", "日", "4"]), min_size=2, max_size=3)
_JSON_EQUALS = ["5", "100", "100.0", "1.5", "true", "false", "null", "-1", "9223372036854775807", "18446744073709551616"]


@st.composite
def leaf_queries(draw: st.DrawFn) -> Query:
    """One condition."""
    field = draw(st.sampled_from([TEXT, *FIELDS]))
    path = _path(draw, field)
    choice = draw(st.integers(0, 3))
    if field.kind == "text":
        return Exists(field) if choice == 0 and field != TEXT else draw(_words(field))
    if choice == 0:
        return Exists(field, path)
    if field.kind in ("number", "time", "duration"):
        value = draw(_values_of(field))
        return Equals(field, value) if choice == 1 else Compare(field, draw(_operators), value)
    if field.kind == "json" and choice == 1:
        return Compare(field, draw(_operators), draw(_numbers), path)
    if choice == 2 and field.stored != "facet" or draw(st.booleans()):
        return _wildcard(field, tuple(draw(_parts)), path)
    texts_ = st.sampled_from(_JSON_EQUALS) | _keywords if field.kind == "json" else _keywords
    return Equals(field, draw(texts_), path)


def _path(draw: st.DrawFn, field: Field) -> tuple[str | int | None, ...]:
    if field.kind == "map":
        return (draw(st.sampled_from(KEYS)),)
    return draw(paths) if field.kind == "json" else ()


def _wildcard(field: Field, parts: tuple[str, ...], path: tuple[str | int | None, ...]) -> Query:
    kept = (parts[0], *(part for part in parts[1:-1] if part), parts[-1])  # `**` is one star
    return Exists(field, path) if kept == ("", "") else Wildcard(field, kept, path)


def _values_of(field: Field) -> st.SearchStrategy[int | float]:
    near = st.sampled_from([-3_600, -1, 0, 1, 60]).map(lambda seconds: seconds * 10**9)
    if field.kind == "time":
        return st.builds(lambda seconds, ns: T0 + seconds + ns, near, tiny) | st.sampled_from([2**63 - 1, -(2**63)])
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


def queries() -> st.SearchStrategy[Query]:
    """Trees of a few conditions, in the shape that `parse` gives."""
    return st.just(All()) | st.recursive(
        leaf_queries(),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(all_of),
            st.lists(inner, min_size=2, max_size=3).map(one_of),
            inner.map(Not),
        ),
        max_leaves=5,
    )


