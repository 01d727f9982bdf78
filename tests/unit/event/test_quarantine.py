"""Quarantine: the bytes in a blob, the reason in the entry."""

import json

from graven.event.envelope import decode_entry, entry_head
from graven.event.quarantine import quarantine_entry


def make(content: bytes, reason: str = "why"):
    return quarantine_entry(
        content, expected="k8s.audit/v1", reason=reason, token="t", ip="::1", source="k8s", made_id="id-1"
    )


def test_the_entry_names_blob_size_and_reason():
    kept = make(b"\xff\x00 rubbish")
    entry = decode_entry(entry_head(0) + kept.tail)
    assert entry.format == "quarantine/1"
    assert entry.blob == (kept.digest, 10)
    assert json.loads(entry.data or b"") == {"expected": "k8s.audit/v1", "reason": "why"}
    assert kept.content == b"\xff\x00 rubbish"


def test_a_long_or_odd_reason_stays_an_entry():
    entry = decode_entry(entry_head(0) + make(b"", "\ud800" + "x" * 100_000).tail)
    assert len(json.loads(entry.data or b"")["reason"]) == 500
