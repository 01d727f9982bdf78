"""References of entries that no server appended are found once, and no more than there are."""

import json

import pytest

from graven.event.envelope import entry_head, entry_tail
from graven.event.intake import NDJSON, Producer, prepare_events
from graven.event.pushed import FORMAT as PUSHED
from graven.event.pushed import wrap
from graven.event.redact import Redactor
from graven.server.control import Control
from graven.server.logs import LogSet
from graven.server.reference_scan import ReferenceScan, references_of
from graven.server.references import BlobReferences

ATTACHED = "sha256:" + "ab" * 32


def event(**members):
    return {"action": "a.b", "actor": {"id": "x"}} | members


def attached(**members):
    return event(attachments=[{"name": "a", "media_type": "text/plain", "digest": ATTACHED, "size": 1}], **members)


@pytest.fixture
def control(tmp_path):
    (tmp_path / "data").mkdir()
    made = Control(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def logs(tmp_path, control, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    opened = LogSet(tmp_path / "data", control)
    opened.open_system(create=True)
    opened.create("default", None, by="test")
    yield opened
    opened.close()


def append(logs, *events):
    body = "\n".join(json.dumps(one) for one in events).encode() + b"\n"
    batch = prepare_events(body, NDJSON, Producer("t", ""), Redactor(()), now_ns=1_800_000_000_000_000_000)
    logs.get("default").append(batch)
    return batch


def made(kind, data):
    tail = entry_tail(token="t", ip="127.0.0.1", id="i", source="s", format=kind, data=data, blob=None, redacted=0)
    return entry_head(1_800_000_000_000_000_000) + tail


def scanned(logs, control):
    """What a start with this control.sqlite finds."""
    references = BlobReferences(control)
    scan = ReferenceScan(logs, references, control)
    assert scan.wait(30)
    scan.close()
    return references


def test_attachments_and_large_events_are_found_and_what_large_events_attach(logs, control):
    batch = append(logs, attached(), event(input="x" * 70_000), event())
    (large,) = batch.blobs
    references = scanned(logs, control)
    assert references.logs(ATTACHED) == {"default"}
    assert references.logs(large) == {"default"}


def test_what_a_large_event_attaches_is_found(logs, control):
    append(logs, attached(input="x" * 70_000))
    assert scanned(logs, control).logs(ATTACHED) == {"default"}


def test_a_member_spelt_with_escapes_is_found(logs):
    entry = made("event/1", b'{"\\u0061ttachments":[{"digest":"%b","size":1}]}' % ATTACHED.encode())
    assert references_of([entry], logs.get("default").blobs) == {ATTACHED}


def test_what_an_entry_of_another_log_attaches_is_found(logs):
    inner = made("event/1", b'{"attachments":[{"digest":"%b","size":1}]}' % ATTACHED.encode())
    assert references_of([made(PUSHED, wrap("a.example/b", 7, inner))], logs.get("default").blobs) == {ATTACHED}


def test_attachments_of_another_format_are_no_references(logs):
    entry = made("k8s.audit/v1", b'{"attachments":[{"digest":"%b","size":1}]}' % ATTACHED.encode())
    assert references_of([entry], logs.get("default").blobs) == set()


def test_entries_are_read_once(logs, control, monkeypatch):
    append(logs, event(), event())
    scanned(logs, control)
    read = []
    log = logs.get("default")
    entries = log.entries
    monkeypatch.setattr(log, "entries", lambda start, stop: read.append((start, stop)) or entries(start, stop))
    scanned(logs, control)
    append(logs, attached())
    assert scanned(logs, control).logs(ATTACHED) == {"default"}
    assert read == [(2, 3)]


def test_a_log_that_cannot_be_read_stays_unread_and_the_others_are_read(logs, control, monkeypatch, capsys):
    logs.create("other", None, by="test")
    append(logs, attached())
    monkeypatch.setattr(logs.get("default"), "entries", lambda start, stop: 1 / 0)
    references = scanned(logs, control)
    assert references.unread == {"default"}
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.undo()
    assert scanned(logs, control).logs(ATTACHED) == {"default"}
