"""A push into a data directory: everything once, only what is missing sent, and the right word when it cannot be."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.verify_logs import SmallLog, graven_entry, make_log

from graven.cli.access.job_log import JobLog, find_job_log
from graven.cli.access.local import LocalAccess
from graven.cli.pushing import sending
from graven.cli.pushing.sending import Pushed, push
from graven.errors import (
    CouldNotCheck,
    InvalidEvent,
    InvalidInput,
    NotFound,
    Tampered,
    TooLarge,
    Unavailable,
    UsageError,
)
from graven.event.assemble import blob_digest
from graven.event.envelope import decode_entry
from graven.event.pushed import unwrap
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.pushed import verify_pushed

SILENT = {"on_progress": lambda done, total: None}


def entry(number: int, **members) -> bytes:
    return graven_entry(number, data=event(**members))


def event(**members) -> bytes:
    return json.dumps({"action": "a.b", "actor": {"id": "x"}, "source": "shop", **members}).encode()


@pytest.fixture
def job(tmp_path: Path) -> SmallLog:
    return make_log(tmp_path / "job", [entry(number) for number in range(600)], origin="job.example/1")


@pytest.fixture
def access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAccess]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with LocalAccess(tmp_path / "data") as opened:
        yield opened


def pushed(access: LocalAccess, job: SmallLog, **options) -> Pushed:
    return push(access, JobLog(job.root), "default", **SILENT, **options)


def leaves(access: LocalAccess) -> list[tuple[int, bytes]]:
    """(index there, entry) of what was pushed, in the order of the log."""
    found = [decode_entry(raw) for raw in access.entries("default", 0, access.size("default"))]
    wrapped = [unwrap(one.data) for one in found if one.format == "graven.entry/1"]
    return [(one.index, one.entry) for one in wrapped]


class Counting:
    """Passes everything on; counts and may fail appends of entries."""

    def __init__(self, access: LocalAccess, fail_at: int = 0) -> None:
        self._access = access
        self._fail_at = fail_at
        self.sent: list[tuple[int, int]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._access, name)

    def append_entries(self, log, entries, *, origin, first):
        self.sent.append((first, len(entries)))
        if len(self.sent) == self._fail_at:
            raise Unavailable("the server is gone", hint="run it again")
        return self._access.append_entries(log, entries, origin=origin, first=first)


def test_every_entry_is_there_once_and_in_order(access, job):
    done = pushed(access, job)
    assert leaves(access) == list(enumerate(job.entries))
    assert (done.new, done.known, done.size, done.ranges) == (600, 0, 600, [(0, 0, 600)])


def test_the_record_of_the_push_comes_last_and_names_the_root(access, job):
    done = pushed(access, job)
    assert done.record == 600
    data = json.loads(decode_entry(access.entry("default", 600)).data)
    assert data["attributes"]["pushed"]["checkpoint"] == job.checkpoint().decode()


def test_again_sends_nothing_and_records_nothing(access, job):
    pushed(access, job)
    size = access.size("default")
    counting = Counting(access)
    done = push(counting, JobLog(job.root), "default", **SILENT)
    assert counting.sent == []
    assert (done.new, done.known, done.record, done.recorded_now) == (0, 600, 600, False)
    assert access.size("default") == size


def test_of_a_log_that_grew_only_the_rest_is_sent(access, job):
    pushed(access, job)
    job.grow(entry(600), entry(601))
    counting = Counting(access)
    done = push(counting, JobLog(job.root), "default", **SILENT)
    assert counting.sent == [(600, 2)]
    assert done.ranges == [(0, 0, 600), (600, 601, 2)]


def test_what_was_interrupted_goes_on_where_it_was(access, job, monkeypatch):
    monkeypatch.setattr(sending, "_BATCH_ENTRIES", 100)
    with pytest.raises(Unavailable, match="gone") as caught:
        push(Counting(access, fail_at=4), JobLog(job.root), "default", **SILENT)
    assert "300 of 600 entries are there" in caught.value.hint
    counting = Counting(access)
    push(counting, JobLog(job.root), "default", **SILENT)
    assert counting.sent == [(300, 100), (400, 100), (500, 100)]
    assert leaves(access) == list(enumerate(job.entries))


def test_gaps_in_the_middle_are_filled(access, job):
    access.append_entries("default", job.entries[100:200], origin="job.example/1", first=100)
    counting = Counting(access)
    done = push(counting, JobLog(job.root), "default", **SILENT)
    assert counting.sent == [(0, 100), (200, 400)]
    assert sorted(leaves(access)) == list(enumerate(job.entries))
    assert done.ranges == [(0, 100, 100), (100, 0, 100), (200, 200, 400)]


def test_other_bytes_in_the_place_of_an_entry_do_not_keep_it_out(access, job):
    forged = [entry(number, message="forged") for number in range(600)]
    access.append_entries("default", forged, origin="job.example/1", first=0)
    done = pushed(access, job)
    assert done.new == 600
    assert done.ranges == [(0, 600, 600)]


def test_large_events_and_attachments_travel_and_only_those_that_are_missing(access, job):
    attached = job.put_blob(b"a screenshot")
    content = event(message="x" * 70_000, attachments=[{"digest": attached, "size": 12}])
    large = job.put_blob(content)
    job.grow(
        graven_entry(1000, blob=(large, len(content))), entry(1001, attachments=[{"digest": attached, "size": 12}])
    )
    assert pushed(access, job).blobs == 2
    assert access.blob("default", large) == content
    assert access.blob("default", attached) == b"a screenshot"
    job.grow(entry(1002, attachments=[{"digest": attached, "size": 12}]))
    assert pushed(access, job).blobs == 0


def test_a_blob_that_the_job_lost_is_named(access, job):
    digest = blob_digest(b"gone")
    job.grow(entry(1000, attachments=[{"digest": digest, "size": 4}]))
    with pytest.raises(CouldNotCheck, match=digest):
        pushed(access, job)


def test_a_blob_with_other_content_is_found(access, job):
    digest = job.put_blob(b"good")
    job.blob_path(digest).write_bytes(b"evil")
    job.grow(entry(1000, attachments=[{"digest": digest, "size": 4}]))
    with pytest.raises(Tampered, match="other content"):
        pushed(access, job)


def test_the_pushed_log_is_proven_there(access, job, tmp_path):
    done = pushed(access, job)
    access.close()
    folder = tmp_path / "data" / "logs" / "default"
    report = verify(DirectorySource(folder), None, workers=0)
    verify_pushed(DirectorySource(folder), report)
    assert [(one.origin, one.size, one.root) for one in report.pushed] == [(done.origin, 600, done.root)]
    assert report.findings == []


def test_a_tampered_log_is_refused_before_anything_is_sent(job):
    tile = job.root / "tile" / "0" / "000"
    tile.write_bytes(bytes(len(tile.read_bytes())))
    with pytest.raises(Tampered, match="was not pushed") as caught:
        JobLog(job.root).require_sound(job.data_dir, **SILENT)
    assert "--no-verify" in caught.value.hint


def test_a_sound_log_is_not_refused(job):
    JobLog(job.root).require_sound(job.data_dir, **SILENT)


def test_a_checkpoint_that_the_key_did_not_sign_is_tampered(job):
    (job.root / "checkpoint").write_bytes(job.checkpoint().replace(b"600", b"601"))
    with pytest.raises(Tampered, match="not signed"):
        JobLog(job.root)


def test_entries_that_changed_after_the_check_are_not_recorded_as_a_push(access, job):
    opened = JobLog(job.root)
    job.entries[5] = entry(5, message="changed")
    job.write()
    (job.root / "checkpoint").write_bytes(opened.note)
    with pytest.raises(Tampered, match="changed meanwhile"):
        push(access, opened, "default", **SILENT)
    assert not any(b'"log.push"' in raw for raw in access.entries("default", 0, access.size("default")))


def test_without_the_check_it_is_recorded_and_verify_finds_it(access, job, tmp_path):
    opened = JobLog(job.root)
    job.entries[5] = entry(5, message="changed")
    job.write()
    (job.root / "checkpoint").write_bytes(opened.note)
    push(access, opened, "default", checked=False, **SILENT)
    access.close()
    folder = tmp_path / "data" / "logs" / "default"
    report = verify(DirectorySource(folder), None, workers=0)
    verify_pushed(DirectorySource(folder), report)
    assert [finding.code for finding in report.findings] == ["pushed_altered"]


def test_a_log_is_not_pushed_into_itself(access, tmp_path):
    access.append("default", event() + b"\n", "application/x-ndjson", key="", wait=False)
    access.checkpoint("default")
    with pytest.raises(InvalidInput, match="itself"):
        push(access, JobLog(tmp_path / "data" / "logs" / "default"), "default", **SILENT)


def test_an_empty_log_leaves_nothing(access, tmp_path):
    empty = make_log(tmp_path / "empty", 0, origin="job.example/2")
    assert pushed(access, empty).record is None
    assert access.size("default") == 0


def test_a_refused_entry_is_named_by_its_index_in_the_job(access, job):
    job.grow(graven_entry(9, data=b'{"action":"a"}'))
    with pytest.raises(InvalidEvent) as caught:
        pushed(access, job)
    assert caught.value.details["errors"][0]["item"] == 600


def test_too_large_a_batch_is_halved(access, job):
    class Small(Counting):
        def append_entries(self, log, entries, *, origin, first):
            if len(entries) > 200:
                raise TooLarge("too many")
            return super().append_entries(log, entries, origin=origin, first=first)

    done = push(Small(access), JobLog(job.root), "default", **SILENT)
    assert done.ranges == [(0, 0, 600)]


def test_an_old_server_is_told_from_a_log_that_is_not_there(access, job):
    class Old(Counting):
        def known_entries(self, log, hashes, *, origin, first):
            raise NotFound("there is no such call", code="not_found")

    with pytest.raises(NotFound, match="does not take pushed logs"):
        push(Old(access), JobLog(job.root), "default", **SILENT)
    with pytest.raises(NotFound, match="there is no log"):
        push(access, JobLog(job.root), "nothing", **SILENT)


def test_the_folder_of_a_log_may_be_named_itself(job):
    assert find_job_log(job.root, "default") == job.root
    assert find_job_log(job.data_dir, "default") == job.root


def test_a_log_of_another_name_is_pointed_at(job):
    with pytest.raises(UsageError) as caught:
        find_job_log(job.data_dir, "ci")
    assert caught.value.hint == "--log default"


def test_a_spool_that_waits_is_told(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "x.ndjson").write_text("")
    with pytest.raises(UsageError) as caught:
        find_job_log(tmp_path, "default")
    assert "spool" in caught.value.why


def test_the_job_is_only_read(access, job):
    before = {path: path.stat().st_mtime_ns for path in job.data_dir.rglob("*")}
    pushed(access, job)
    assert {path: path.stat().st_mtime_ns for path in job.data_dir.rglob("*")} == before
    assert not os.path.lexists(job.root / "lock")
