from pathlib import Path

import pytest
from tests.support.verify_logs import MemorySource, graven_entry, make_log

from graven.errors import CouldNotCheck, NotFound, Tampered
from graven.evidence.reader import LogReader, read_tile
from graven.tlog.note import Signer
from graven.tlog.proof import parse_proof, verify_proof
from graven.tlog.tiles import TilePath


def test_entries_and_proofs_are_those_of_the_checkpoint_even_when_the_log_grows(tmp_path: Path):
    log = make_log(tmp_path, 300)
    source = MemorySource(log.root)
    reader = LogReader(source, log.key)
    log.grow(*map(graven_entry, range(300, 520)))
    source.files = MemorySource(log.root).files
    for index in (0, 255, 256, 299, 3):
        proof = parse_proof(reader.proof(index))
        assert verify_proof(proof, reader.entry(index), log.key).size == 300
    with pytest.raises(NotFound):
        reader.entry(300)


def test_neighbouring_entries_read_their_bundle_once(tmp_path: Path):
    log = make_log(tmp_path, 300)
    source = MemorySource(log.root)
    reader = LogReader(source, log.key)
    for index in range(256):
        reader.proof(index)
    assert sorted(source.fetched) == ["tile/0/000", "tile/0/001.p/44", "tile/entries/000"]


def test_a_log_that_cannot_be_built_on_is_refused(tmp_path: Path):
    log = make_log(tmp_path, 3)
    with pytest.raises(Tampered, match="not signed by"):
        LogReader(MemorySource(log.root), Signer(log.key.name, bytes(32)).verifier)
    with pytest.raises(CouldNotCheck, match="no checkpoint"):
        LogReader(MemorySource(), log.key)


def test_a_missing_or_malformed_tile_is_tampering(tmp_path: Path):
    source = MemorySource(make_log(tmp_path, 3).root)
    with pytest.raises(Tampered, match="missing"):
        read_tile(source, TilePath(0, 1, 5))
    source.files["tile/0/000.p/3"] = b"short"
    with pytest.raises(Tampered, match="5 bytes"):
        read_tile(source, TilePath(0, 0, 3))
    source.files["tile/entries/000.p/3"] = b"\0\1x"
    with pytest.raises(Tampered):
        LogReader(source, make_log(tmp_path / "again", 3).key).entry(0)
