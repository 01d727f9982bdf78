from pathlib import Path

import pytest
from tests.support.verify_archives import export, full_log, unpack
from tests.support.verify_logs import VECTOR, VECTOR_KEY, MemorySource, make_log

from graven.errors import CouldNotCheck, InvalidInput, NotFound, Tampered
from graven.evidence.archive import export_proof
from graven.tlog.note import Signer
from graven.verify.archive import verify_archive
from graven.verify.directory import DirectorySource
from graven.verify.report import Verdict


def test_an_archive_holds_entries_proofs_blobs_and_a_verifier(tmp_path: Path):
    files = unpack(export(full_log(tmp_path), tmp_path / "e.tar.gz"))
    assert list(files)[:5] == ["manifest.json", "README.txt", "verify.py", "log.vkey", "checkpoint"]
    assert [name for name in files if name.startswith("entries/")] == [f"entries/{n}.json" for n in (7, 8, 9, 257)]
    assert len([name for name in files if name.startswith("blobs/")]) == 3
    assert b"7 to 9, 257" in files["README.txt"]


def test_the_same_export_gives_the_same_bytes(tmp_path: Path):
    log = full_log(tmp_path)
    assert export(log, tmp_path / "a").read_bytes() == export(log, tmp_path / "b").read_bytes()


def test_indexes_may_come_in_any_order_and_overlap(tmp_path: Path):
    log = make_log(tmp_path, 20)
    made = export_proof(DirectorySource(log.root), [5, range(3, 7), 7, 1, range(0)], tmp_path / "e")
    assert made.entries == 6
    other = export_proof(DirectorySource(log.root), [range(3, 8), range(1, 2)], tmp_path / "f")
    assert other == made
    assert (tmp_path / "e").read_bytes() == (tmp_path / "f").read_bytes()


@pytest.mark.parametrize("indexes", [[], [-1], [range(5, 5)], [range(-3, 2)]])
def test_nothing_to_export_is_refused(tmp_path: Path, indexes):
    log = make_log(tmp_path, 20)
    with pytest.raises(InvalidInput):
        export_proof(DirectorySource(log.root), indexes, tmp_path / "e")


def test_an_entry_that_is_not_published_cannot_be_proven(tmp_path: Path):
    log = make_log(tmp_path, 20)
    with pytest.raises(NotFound, match="20 entries"):
        export_proof(DirectorySource(log.root), [20], tmp_path / "e")


def test_a_failed_export_leaves_an_older_archive_and_no_litter(tmp_path: Path):
    log = make_log(tmp_path / "data", 20)
    target = tmp_path / "out" / "e.tar.gz"
    export_proof(DirectorySource(log.root), [3], target)
    before = target.read_bytes()
    tile = log.root / "tile/0/000.p/20"
    tile.write_bytes(bytes(640))
    with pytest.raises(Tampered, match="do not prove entry 4"):
        export_proof(DirectorySource(log.root), [4], target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["e.tar.gz"]


def test_an_absent_blob_is_named_and_the_archive_says_so_when_checked(tmp_path: Path):
    log = full_log(tmp_path)
    digest = log.put_blob(b"a trace")
    log.blob_path(digest).unlink()
    made = export_proof(DirectorySource(log.root), [7], tmp_path / "e")
    assert made.absent == (digest,)
    assert verify_archive(tmp_path / "e", log.key).verdict is Verdict.COULD_NOT_CHECK


def test_an_altered_blob_is_not_exported(tmp_path: Path):
    log = full_log(tmp_path)
    log.blob_path(log.put_blob(b"a trace")).write_bytes(b"a Trace")
    with pytest.raises(Tampered, match="was changed"):
        export_proof(DirectorySource(log.root), [7], tmp_path / "e")


def test_a_foreign_log_is_exported_with_the_key_that_is_given(tmp_path: Path):
    export_proof(DirectorySource(VECTOR), [257], tmp_path / "e", key=VECTOR_KEY)
    report = verify_archive(tmp_path / "e", VECTOR_KEY)
    assert report.verdict is Verdict.FINE
    with pytest.raises(CouldNotCheck, match=r"no log\.vkey"):
        export_proof(DirectorySource(VECTOR), [257], tmp_path / "e")


def test_another_key_than_the_logs_is_refused(tmp_path: Path):
    log = make_log(tmp_path, 2)
    with pytest.raises(Tampered):
        export_proof(DirectorySource(log.root), [0], tmp_path / "e", key=Signer(log.key.name, bytes(32)).verifier)
    (log.root / "log.vkey").write_text("junk\n")
    with pytest.raises(Tampered, match="malformed"):
        export_proof(DirectorySource(log.root), [0], tmp_path / "e")


def test_the_source_is_closed(tmp_path: Path):
    source = MemorySource(make_log(tmp_path, 2).root)
    export_proof(source, [0], tmp_path / "e")
    assert source.closed
