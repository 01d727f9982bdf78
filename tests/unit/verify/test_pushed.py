"""Logs inside a log: whoever holds the key of the outer one still cannot change what was pushed unseen."""

import json
from hashlib import sha256

import pytest
from tests.support.verify_logs import SmallLog, graven_entry, make_log

from graven.event.push_record import PushRecord, push_event
from graven.event.pushed import wrap
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.encoding import encode_base64
from graven.tlog.merkle import CompactRange, leaf_hashes
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.pushed import verify_pushed
from graven.verify.report import Kind, Report, Verdict

ORIGIN = "job.example/1"


@pytest.fixture
def job(tmp_path) -> SmallLog:
    return make_log(tmp_path / "job", 300, origin=ORIGIN)


@pytest.fixture
def outer(tmp_path) -> SmallLog:
    return make_log(tmp_path / "outer", 3)


def wrapped(job: SmallLog, index: int, *, redacted: int = 0) -> bytes:
    entry = graven_entry(index, data=wrap(job.signer.name, index, job.entries[index]), form="graven.entry/1")
    return entry.replace(b'"graven.entry/1"', b'"graven.entry/1","redacted":%d' % redacted) if redacted else entry


def root(job: SmallLog, size: int) -> str:
    tree = CompactRange()
    tree.extend(leaf_hashes(job.entries[:size]))
    return encode_base64(tree.root())


def record(job: SmallLog, ranges: list[tuple[int, int, int]], **changed) -> bytes:
    size = sum(count for _, _, count in ranges)
    members = {
        "origin": job.signer.name,
        "size": size,
        "root": root(job, size),
        "vkey": job.key.text,
        "checkpoint": job.checkpoint(size).decode(),
        "ranges": ranges,
    } | changed
    return graven_entry(999, data=push_event(PushRecord(**members)))


def pushed_into(outer: SmallLog, job: SmallLog, size: int = 300) -> None:
    start = len(outer.entries)
    outer.grow(*(wrapped(job, index) for index in range(size)))
    outer.grow(record(job, [(0, start, size)]))


def checked(log: SmallLog) -> Report:
    report = verify(DirectorySource(log.root), log.key, workers=0)
    assert report.verdict is Verdict.FINE, "the outer log by itself shows nothing"
    verify_pushed(DirectorySource(log.root), report)
    return report


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_a_pushed_log_is_named_with_its_root(outer, job):
    pushed_into(outer, job)
    report = checked(outer)
    assert report.verdict is Verdict.FINE
    (one,) = report.pushed
    assert (one.origin, one.size, one.root, one.key, one.index) == (ORIGIN, 300, root(job, 300), job.key.text, 303)


def test_one_altered_entry_is_found_although_the_outer_log_was_signed_again(outer, job):
    pushed_into(outer, job)
    assert b'"alice"' in outer.entries[3 + 77]
    outer.entries[3 + 77] = outer.entries[3 + 77].replace(b'"alice"', b'"mallo"')
    outer.write()
    report = checked(outer)
    assert codes(report) == ["pushed_altered"]
    assert report.verdict is Verdict.TAMPERED
    assert report.findings[0].evidence == (job.checkpoint().decode(),)
    assert report.pushed == []


def test_a_changed_time_of_receipt_of_the_job_is_found(outer, job):
    pushed_into(outer, job)
    at = 3 + 5
    inner = job.entries[5]
    outer.entries[at] = outer.entries[at].replace(inner, inner.replace(b"2025", b"2024", 1))
    outer.write()
    assert codes(checked(outer)) == ["pushed_altered"]


def test_an_entry_that_was_taken_out_is_found(outer, job):
    pushed_into(outer, job)
    outer.entries[3 + 77] = graven_entry(1)
    outer.write()
    assert codes(checked(outer)) == ["pushed_missing", "pushed_unsigned"]


def test_two_entries_in_each_others_place_are_found(outer, job):
    pushed_into(outer, job)
    outer.entries[10], outer.entries[11] = outer.entries[11], outer.entries[10]
    outer.write()
    assert "pushed_missing" in codes(checked(outer))


def test_a_checkpoint_of_another_key_is_found(outer, job, tmp_path):
    other = make_log(tmp_path / "other", 1, origin=ORIGIN + "b")
    outer.grow(*(wrapped(job, index) for index in range(300)))
    outer.grow(record(job, [(0, 3, 300)], vkey=other.key.text))
    report = checked(outer)
    assert codes(report) == ["pushed_checkpoint", "pushed_unsigned"]
    assert report.verdict is Verdict.TAMPERED


def test_a_record_that_contradicts_its_checkpoint_is_found(outer, job):
    outer.grow(*(wrapped(job, index) for index in range(300)))
    outer.grow(record(job, [(0, 3, 300)], root=root(job, 299)))
    assert "pushed_checkpoint" in codes(checked(outer))


def test_a_growing_log_is_one_history(outer, job):
    outer.grow(*(wrapped(job, index) for index in range(100)))
    outer.grow(record(job, [(0, 3, 100)]))
    outer.grow(*(wrapped(job, index) for index in range(100, 300)))
    outer.grow(record(job, [(0, 3, 100), (100, 104, 200)]))
    report = checked(outer)
    assert report.verdict is Verdict.FINE
    assert [one.size for one in report.pushed] == [100, 300]


def test_two_histories_of_one_log_are_a_fork_and_both_notes_are_kept(outer, job, tmp_path):
    twin = make_log(tmp_path / "twin", [*job.entries[:100], graven_entry(1000)], origin=ORIGIN)
    pushed_into(outer, job, 101)
    start = len(outer.entries)
    outer.grow(wrapped(twin, 100), record(twin, [(0, 3, 100), (100, start, 1)]))
    report = checked(outer)
    assert codes(report) == ["pushed_fork"]
    assert set(report.findings[0].evidence) == {job.checkpoint(101).decode(), twin.checkpoint().decode()}


def test_entries_under_no_checkpoint_could_not_be_checked(outer, job):
    outer.grow(*(wrapped(job, index) for index in range(5)))
    report = checked(outer)
    assert codes(report) == ["pushed_unsigned"]
    assert report.verdict is Verdict.COULD_NOT_CHECK


def test_what_was_redacted_here_could_not_be_checked(outer, job):
    outer.grow(*(wrapped(job, index, redacted=index == 2) for index in range(5)))
    outer.grow(record(job, [(0, 3, 5)]))
    report = checked(outer)
    assert codes(report) == ["pushed_redacted"]
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert "entries 5" in report.findings[0].message


def test_a_record_that_is_none_could_not_be_checked(outer):
    outer.grow(graven_entry(1, data=b'{"action":"log.push","actor":{"id":"x"},"attributes":{}}'))
    assert codes(checked(outer)) == ["push_malformed"]


def test_wrappers_and_records_are_read_in_blobs(outer, job):
    entries = []
    for index in range(5):
        data = wrap(ORIGIN, index, job.entries[index])
        entries.append(graven_entry(index, blob=(outer.put_blob(data), len(data)), form="graven.entry/1"))
    outer.grow(*entries)
    event = record(job, [(0, 3, 5)])
    data = json.dumps(json.loads(event)["data"]).encode()
    outer.grow(graven_entry(9, blob=(outer.put_blob(data), len(data))))
    assert [one.size for one in checked(outer).pushed] == [5]


def test_an_altered_blob_is_not_taken_for_the_entry(outer, job):
    data = wrap(ORIGIN, 0, job.entries[0])
    digest = outer.put_blob(data)
    outer.grow(graven_entry(0, blob=(digest, len(data)), form="graven.entry/1"))
    outer.grow(record(job, [(0, 3, 1)]))
    outer.blob_path(digest).write_bytes(data.replace(b"alice", b"mallo"))
    report = verify(DirectorySource(outer.root), outer.key, workers=0)
    verify_pushed(DirectorySource(outer.root), report)
    assert "pushed_unreadable" in codes(report)
    assert report.pushed == []


def test_without_a_checkpoint_it_says_that_nothing_was_checked(outer, job):
    pushed_into(outer, job)
    report = Report(target="x")
    verify_pushed(DirectorySource(outer.root), report)
    assert report.notes == ["pushed logs were not checked: there is no checkpoint to go by"]
    assert report.verdict is Verdict.COULD_NOT_CHECK


def test_entries_that_changed_since_they_were_verified_are_not_judged(outer, job):
    pushed_into(outer, job)
    report = verify(DirectorySource(outer.root), outer.key, workers=0)
    outer.entries[0] = graven_entry(5)
    outer.write()
    verify_pushed(DirectorySource(outer.root), report)
    assert report.pushed == []
    assert report.verdict is not Verdict.FINE


def test_a_finding_names_who_recorded_the_push(outer, job):
    outer.grow(wrapped(job, 0))
    outer.grow(record(job, [(0, 3, 1)], checkpoint=job.checkpoint(2).decode()))
    finding = next(one for one in checked(outer).findings if one.kind is Kind.TAMPERED)
    assert "token abcdefghijkl" in finding.why
    assert sha256(job.checkpoint(2)).hexdigest() == sha256(finding.evidence[0].encode()).hexdigest()


def test_a_record_of_more_entries_than_there_can_be_is_not_believed(outer, job):
    size, claimed = 2**62, encode_base64(b"r" * 32)
    note = sign_checkpoint(Checkpoint(ORIGIN, size, b"r" * 32), job.signer).decode()
    outer.grow(wrapped(job, 0))
    outer.grow(record(job, [(0, 3, size)], root=claimed, checkpoint=note))
    assert codes(checked(outer)) == ["pushed_missing", "pushed_unsigned"]
