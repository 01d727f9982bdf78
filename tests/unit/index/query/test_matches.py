"""What a query means for one event."""

import pytest

from graven.index.query.matches import matches
from graven.index.query.parse import parse

VIEW = {
    "index": 7,
    "received": 1_795_774_500 * 10**9,
    "token": "t1",
    "by_ip": "::1",
    "id": "e1",
    "source": "shop",
    "format": "event/1",
    "event": {
        "action": "order.create",
        "time": "2026-11-27T09:15:00Z",
        "actor": {"id": "alice", "session": "s1", "email": {"$redacted": {"by": "server"}}},
        "on_behalf_of": [{"id": "bob"}, {"id": "carol"}],
        "targets": [{"type": "order", "id": "42"}, {"type": "card", "name": "Visa"}, {"id": "43", "name": None}],
        "message": "Card\ndeclined",
        "reason": "by bank",
        "duration_ns": 2_500_000_000,
        "severity": 17,
        "error": {"type": "CardDeclined", "message": "no funds"},
        "labels": {"team": "qa", "app.io/name": "shop"},
        "input": {"lines": [{"sku": "SKU-1", "n": 2}, {"sku": None}], "note": "a\\b\nnew"},
        "output": {"status": 500, "rate": 1.5, "whole": 100.0, "ok": True, "text": "5", "big": 2**64, "none": None},
    },
}


def found(text: str) -> bool:
    return matches(parse(text, now_ns=0).query, VIEW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "actor:alice",
        "action:order.*",
        "index:7",
        "index:7.0",
        "behalf:carol",
        "target:42",
        "target:order/42",
        "target:order/*",
        "target.type:order target.name:Visa",
        "session:s1",
        "actor.email:{*by*",
        "backdated:1h",
        "backdated>59m",
        "received:2026-11-27",
        "time:2026-11-27T09:15",
        "-received>2026-11-27",
        "duration>2s",
        "severity:error",
        '"card declined"',
        '"declined by bank"',
        "declin*",
        "*eclin*",
        '"order create alice"',
        'message:"card declined"',
        "error.message:funds",
        "sku",
        "new",
        "labels.team:qa",
        "labels.app.io/name:sh*",
        "input.lines[].sku:SKU-1",
        "input.lines[0].sku:SKU-*",
        "input.lines[].n>1",
        "output.status:500",
        "output.status:500.0",
        "output.status:5*",
        "output.status:400..599",
        "output.whole:100",
        "output.rate:1.50",
        "output.ok:true",
        "output.text:5",
        f"output.big:{2**64}",
        "output.big>5",
        "labels:*",
        "input.lines[0]:*",
    ],
)
def test_this_event_is_found_by(text):
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "actor:Alice",
        "actor:ali",
        "action:order",
        "action:*.order*",
        "target:card/Visa",
        "target.name:null",
        "env:*",
        "redacted:*",
        "attempt>=0",
        "received>2026-11-27",
        "duration>2.5s",
        '"declined card"',
        "eclin*",
        "nnew",
        'message:"declined by"',
        "input.lines[1].sku:*",
        "input.lines.sku:SKU-1",
        "input.lines[2]:*",
        "output.none:*",
        "output.ok:1",
        "output.ok>0",
        "output.text>4",
        "output.rate:1*",
        "output.status:>500",
        "labels.team:*b",
    ],
)
def test_this_event_is_not_found_by(text):
    assert not found(text)
    assert found(f"-({text})")


def test_a_wildcard_takes_no_character_twice():
    view = {"event": {"action": "aba"}}
    assert matches(parse("action:ab*ba", now_ns=0).query, view) is False
    assert matches(parse("action:a*b*a", now_ns=0).query, view) is True
