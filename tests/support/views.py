"""Views of entries, as the index gives them, and strategies that make any."""

import json
from typing import Any

from hypothesis import strategies as st

from graven.event.envelope import entry_head, entry_tail, format_time

__all__ = ["MARKER", "RECEIVED_NS", "events", "row", "rows", "view"]

RECEIVED_NS = 1_795_387_062_704_654_157
MARKER = {"$redacted": {"by": "server", "rule": "password", "hmac": "r1:" + "0" * 64}}


def view(index: int = 0, *, received: int | None = None, source: str = "shop-api", **event: Any) -> dict[str, Any]:
    """A view around the members of an event; `action` and `actor` are there unless they are given as None."""
    members = {"action": "order.create", "actor": {"id": "alice"}, **event}
    return {
        "index": index,
        "received": RECEIVED_NS + index * 1_000_000_000 if received is None else received,
        "token": "tok",
        "by_ip": "127.0.0.1",
        "id": f"id-{index}",
        "source": source,
        "format": "event/1",
        "redacted": 0,
        "event": {name: value for name, value in members.items() if value is not None},
    }


def row(one: dict[str, Any], data: bytes | None = None) -> tuple[dict[str, Any], bytes]:
    """The view with an entry that holds its event."""
    spelled = json.dumps(one["event"], separators=(",", ":")).encode() if data is None else data
    tail = entry_tail(
        token=one["token"], ip=one["by_ip"], id=one["id"], source=one["source"], format=one["format"], data=spelled
    )
    assert format_time(one["received"])
    return one, entry_head(one["received"]) + tail


def rows(*events: dict[str, Any]) -> list[tuple[dict[str, Any], bytes]]:
    return [row(view(index, **event)) for index, event in enumerate(events)]


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_said = _text | st.just(MARKER)
_actions = st.sampled_from(
    "order.create user.login session.logout user.create user.password_reset user.mfa.disable role.grant process.start "
    "http.request test.case.finish k8s.pods.exec.create user.update deviceRename token.revoke a".split()
) | st.text(min_size=1, max_size=8)
_actor = st.fixed_dictionaries(
    {"id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.just(MARKER)},
    optional={
        "type": st.sampled_from(["user", "service", "agent", "ci", "test", "system", "anonymous"]) | st.just(MARKER),
        "name": _said,
        "email": st.sampled_from(["a@b.example", "no address"]) | st.just(MARKER),
        "roles": st.lists(_text, max_size=2),
        "session": _said,
        "auth": _said,
    },
)
_target = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["order", "user", "role", "process"]) | _said,
        "id": _said,
        "name": _said,
        "attributes": _json,
        "change": st.fixed_dictionaries({}, optional={"before": _json, "after": _json, "patch": st.lists(_json)}),
    },
)
_times = st.sampled_from(
    ["2026-11-22T20:01:02.123456789Z", "2026-11-22T20:01:02-03:30", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60Z"]
)


def events() -> st.SearchStrategy[dict[str, Any]]:
    """Any event/1, with redacted values anywhere a string may be."""
    return st.fixed_dictionaries(
        {"action": _actions, "actor": _actor},
        optional={
            "time": _times | st.just(MARKER),
            "outcome": st.sampled_from(["success", "failure", "denied", "error", "unknown"]) | st.just(MARKER),
            "on_behalf_of": st.lists(_actor, max_size=2),
            "targets": st.lists(_target | st.just(MARKER), max_size=3),
            "origin": st.fixed_dictionaries(
                {},
                optional={
                    "ip": st.sampled_from(["10.0.0.1", "::1", "somewhere"]) | st.just(MARKER),
                    "user_agent": _said,
                    "host": _said,
                    "process": _said,
                },
            )
            | st.just(MARKER),
            "method": st.fixed_dictionaries(
                {},
                optional={
                    "protocol": st.sampled_from(["http", "sql"]) | _said,
                    "operation": st.sampled_from(["GET", "POST", "PURGE"]) | _said,
                    "uri": _said,
                    "statement": _said,
                },
            ),
            "input": _json,
            "output": _json,
            "error": st.fixed_dictionaries({}, optional={"type": _said, "message": _said, "stack": st.just([])}),
            "duration_ns": st.integers(0, 2**63 - 1) | st.just(MARKER),
            "severity": st.integers(1, 24) | st.just(MARKER),
            "message": _said,
            "reason": _said,
            "qa": st.fixed_dictionaries({}, optional={"run": _said, "attempt": st.integers(0, 9), "test": _said}),
            "session_id": _said,
            "correlation_id": _said,
            "labels": st.dictionaries(_text, _said, max_size=3),
            "attributes": _json,
        },
    )
