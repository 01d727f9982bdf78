from pathlib import Path

import pytest
from tests.support.verify_logs import MemorySource, graven_entry, make_log

from graven.errors import CouldNotCheck
from graven.tlog.tiles import TilePath
from graven.verify.checker import Checker, Task
from graven.verify.directory import DirectorySource
from graven.verify.report import Kind
from graven.verify.source import UNREACHABLE


def test_a_bundle_and_its_tile_give_the_root(tmp_path: Path):
    log = make_log(tmp_path, 300)
    outcome = Checker(DirectorySource(log.root)).run(Task(300, 0, 2))
    assert outcome.roots == [log.node(8, 0)]
    assert outcome.edge == outcome.edge_claimed == log.tile(TilePath(0, 1, 44))
    assert (outcome.entries, outcome.files, outcome.findings, outcome.claimed) == (300, 4, [], {})
    assert outcome.entry_bytes == sum(map(len, log.entries))


def test_a_lost_bundle_leaves_the_root_that_the_tile_claims(tmp_path: Path):
    log = make_log(tmp_path, 256)
    (log.root / "tile/entries/000").unlink()
    outcome = Checker(DirectorySource(log.root)).run(Task(256, 0, 1))
    assert outcome.roots == [log.node(8, 0)]
    assert [finding.code for finding in outcome.findings] == ["missing"]
    assert outcome.entries == 0


def test_where_nothing_can_be_read_the_root_is_unknown():
    outcome = Checker(MemorySource()).run(Task(256, 0, 1))
    assert outcome.roots == [None]


def test_a_file_that_cannot_be_read_does_not_end_the_task(tmp_path: Path):
    class Sick(MemorySource):
        def fetch(self, tile: TilePath) -> bytes | None:
            if tile == TilePath(-1, 0, 256):
                raise CouldNotCheck("input/output error")
            return super().fetch(tile)

    outcome = Checker(Sick(make_log(tmp_path, 300).root)).run(Task(300, 0, 2))
    assert [(finding.kind, finding.path) for finding in outcome.findings] == [
        (Kind.COULD_NOT_CHECK, "tile/entries/000")
    ]
    assert outcome.entries == 44


def test_a_place_that_stops_answering_ends_the_task():
    class Gone(MemorySource):
        def fetch(self, tile: TilePath) -> bytes | None:
            raise CouldNotCheck("gone", code=UNREACHABLE)

    for task in (Task(256, 0, 1), Task(256, partials=(TilePath(0, 0, 5),))):
        with pytest.raises(CouldNotCheck, match="gone"):
            Checker(Gone()).run(task)


@pytest.mark.parametrize("level", [-1, 0])
def test_an_obsolete_partial_must_be_a_prefix(tmp_path: Path, level: int):
    log = make_log(tmp_path, 5)
    log.grow(*map(graven_entry, range(5, 300)))
    partial = TilePath(level, 0, 5)
    source = MemorySource(log.root)
    assert Checker(source).run(Task(300, partials=(partial,))).findings == []
    source.files[partial.path()] = log.tile(TilePath(level, 0, 4)) + log.tile(partial)[-40:]
    findings = Checker(source).run(Task(300, partials=(partial,))).findings
    assert [finding.path for finding in findings] == [partial.path()]


def test_a_blob_is_read_once_however_often_it_is_named(tmp_path: Path):
    log = make_log(tmp_path, 0)
    digest = log.put_blob(b"content")
    entries = [graven_entry(n, blob=(digest, 7)) for n in range(300)]
    log.grow(*entries)
    outcome = Checker(DirectorySource(log.root)).run(Task(300, 0, 2))
    assert (outcome.blobs, outcome.blob_bytes) == (1, 7)


def test_a_blob_of_another_size_than_stated_is_tampering(tmp_path: Path):
    log = make_log(tmp_path, 0)
    log.grow(graven_entry(0, blob=(log.put_blob(b"content"), 8)))
    outcome = Checker(DirectorySource(log.root)).run(Task(1, 0, 1))
    assert [finding.code for finding in outcome.findings] == ["blob_altered"]


def test_a_blob_that_holds_an_event_leads_to_its_attachments(tmp_path: Path):
    log = make_log(tmp_path, 0)
    inner = log.put_blob(b"trace.zip")
    event = b'{"action":"a","actor":{"id":"b"},"attachments":[{"digest":"%b","size":9}]}' % inner.encode()
    log.grow(graven_entry(0, blob=(log.put_blob(event), len(event))))
    assert Checker(DirectorySource(log.root)).run(Task(1, 0, 1)).blobs == 2
    log.blob_path(inner).unlink()
    outcome = Checker(DirectorySource(log.root)).run(Task(1, 0, 1))
    assert [(finding.code, finding.expected) for finding in outcome.findings] == [("blob_absent", inner)]
