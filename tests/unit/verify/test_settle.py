from pathlib import Path

import pytest
from tests.support.verify_logs import SmallLog, graven_entry, make_log, rest_compressed

from graven.tlog.bundle import encode_bundle
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.report import Finding


@pytest.fixture
def log(tmp_path: Path) -> SmallLog:
    """600 entries, with the partials of four smaller sizes."""
    made = make_log(tmp_path, 515)
    for number in (520, 530, 560, 600):
        made.grow(*[graven_entry(n) for n in range(len(made.entries), number)])
    return made


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def findings(log: SmallLog) -> list[Finding]:
    return verify(DirectorySource(log.root), log.key, workers=0).findings


def test_a_changed_tile_is_named_and_not_the_bundle(log: SmallLog):
    flip(log.root / "tile/0/001", 100)
    (finding,) = findings(log)
    assert (finding.code, finding.path, finding.index) == ("entry_mismatch", "tile/0/001", 259)
    assert "the tile was changed" in finding.why


def test_a_changed_entry_is_named_and_not_the_tile(log: SmallLog):
    altered = [*log.entries[256:300], graven_entry(9999), *log.entries[301:512]]
    (log.root / "tile/entries/001").write_bytes(rest_compressed(encode_bundle(altered)))
    (finding,) = findings(log)
    assert (finding.path, finding.index) == ("tile/entries/001", 300)
    assert "the entry was changed" in finding.why


def test_obsolete_partials_of_a_changed_tile_are_one_finding_at_the_end(log: SmallLog):
    flip(log.root / "tile/0/002.p/88", 0)
    first, last = findings(log)
    assert (first.path, first.index) == ("tile/0/002.p/88", 512)
    assert last.code == "not_a_prefix"
    assert all(f"tile/0/002.p/{width}" in last.message for width in (3, 8, 18, 48))


def test_partials_that_were_changed_themselves_are_named_one_by_one_and_in_order(log: SmallLog):
    for width in (48, 3, 18):
        flip(log.root / f"tile/0/002.p/{width}", 0)
    assert [one.path for one in findings(log)] == [f"tile/0/002.p/{width}" for width in (3, 18, 48)]


def test_where_nothing_leads_to_the_root_nobody_is_accused(log: SmallLog):
    flip(log.root / "tile/0/001", 100)
    flip(log.root / "tile/1/000.p/2", 0)
    (mismatch,) = [one for one in findings(log) if one.code == "entry_mismatch"]
    assert mismatch.path == "tile/entries/001"
    assert "entry or the tile" in mismatch.why
