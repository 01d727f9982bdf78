"""A data directory without a server: what is redacted, and what is recorded about reading."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graven.cli.access.local import LocalAccess
from graven.errors import NotFound, RefusedToStart
from graven.event.redact import Rule
from graven.server.control import Control

EVENT = {"action": "order.create", "actor": {"type": "user", "id": "alice"}, "source": "shop"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "data"


@pytest.fixture
def access(data: Path) -> Iterator[LocalAccess]:
    with LocalAccess(data) as opened:
        yield opened


def append(access: LocalAccess, **members: Any) -> int:
    body = json.dumps(EVENT | members).encode()
    first = access.append("default", body, "application/json", key="", wait=False).first
    assert first is not None
    return first


def recorded(access: LocalAccess, start: int) -> list[tuple[str, str]]:
    """(action, log) of the entries of `system` from `start` on."""
    log = access._logs.system.log
    events = [json.loads(entry)["data"] for entry in log.entries(start, log.size)]
    return [(event["action"], event["targets"][0]["id"]) for event in events]


def keep_rules(data: Path, value: str) -> None:
    control = Control(data)
    control.set_fact("redaction", value)
    control.close()


def test_rules_that_a_server_recorded_hold_without_it(data: Path) -> None:
    LocalAccess(data).close()
    rules = msgspec.json.encode((Rule(name="badge", paths=("**.badge",)),)).decode()
    keep_rules(data, json.dumps({"rules": rules, "key": "r0"}))
    with LocalAccess(data) as access:
        entry = access.entry("default", append(access, input={"badge": "4711", "password": "seen"}))
    assert b"4711" not in entry
    assert b"seen" in entry, "the server's rules, not the default ones beside them"


def test_the_default_rules_hold_before_any_server(access: LocalAccess) -> None:
    assert b"hunter2" not in access.entry("default", append(access, input={"password": "hunter2"}))


def test_malformed_rules_are_refused_and_not_ignored(data: Path) -> None:
    LocalAccess(data).close()
    keep_rules(data, '{"rules": "[]"}')
    with pytest.raises(RefusedToStart) as caught:
        LocalAccess(data)
    assert caught.value.code == "redaction_malformed"


def test_reading_an_entry_of_system_is_recorded_once(access: LocalAccess) -> None:
    start = access.size("system")
    access.entry("system", 0)
    list(access.entries("system", 0, 10**6))
    assert recorded(access, start) == [("entry.read", "system"), ("entries.read", "system")]


def test_the_record_of_a_read_is_never_what_was_read(access: LocalAccess) -> None:
    with pytest.raises(NotFound):
        access.entry("system", access.size("system"))


def test_reading_a_blob_is_recorded(access: LocalAccess) -> None:
    digest = access._log("default").blobs.put(b"content")
    assert digest == f"sha256:{hashlib.sha256(b'content').hexdigest()}"
    start = access.size("system")
    assert access.blob("default", digest) == b"content"
    assert recorded(access, start) == [("blob.read", "default")]


def test_reading_bundles_is_recorded_once_a_log_and_hash_tiles_are_not(access: LocalAccess) -> None:
    append(access)
    access.checkpoint("default")
    start = access.size("system")
    access.tile("default", "tile/0/000.p/1")
    assert recorded(access, start) == []
    for _ in range(2):
        access.tile("default", "tile/entries/000.p/1")
    assert recorded(access, start) == [("entries.read", "default")]


def test_a_blob_is_stored_and_an_event_may_name_it(access: LocalAccess) -> None:
    stored = access.put_blob(io.BytesIO(b"abcd"))
    assert stored == (f"sha256:{hashlib.sha256(b'abcd').hexdigest()}", 4)
    append(access, attachments=[{"digest": stored.digest, "size": 4}])
    assert access.blob("default", stored.digest) == b"abcd"
