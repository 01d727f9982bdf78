from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.tiles import TilePath
from graven.verify import faults
from graven.verify.attachments import BlobReference
from graven.verify.report import Kind

TILE, BUNDLE = TilePath(0, 2, 256), TilePath(-1, 2, 256)


def test_what_contradicts_the_record_is_tampering_and_what_is_out_of_reach_is_not():
    reference = BlobReference("sha256:" + "0" * 64, 5)
    kinds = {
        faults.missing(TILE).kind,
        faults.damaged(TILE, InvalidInput("bad")).kind,
        faults.unexpected("tile/x").kind,
        faults.blob_altered(1, reference, "sha256:x", 4).kind,
    }
    assert kinds == {Kind.TAMPERED}
    assert faults.unreadable(TILE, CouldNotCheck("no")).kind is Kind.COULD_NOT_CHECK
    assert faults.blob_absent(1, reference, "is absent").kind is Kind.COULD_NOT_CHECK


def test_a_mismatch_counts_the_entries_and_names_the_first():
    hashes, claimed = bytes(256 * 32), bytearray(256 * 32)
    claimed[32 * 7] = claimed[32 * 9] = 1
    finding = faults.entry_mismatch(BUNDLE, TILE, hashes, bytes(claimed))
    assert finding.index == 2 * 256 + 7
    assert "the first of 2" in finding.message


def test_a_node_is_named_by_the_first_entry_below_it():
    finding = faults.node_mismatch(TilePath(2, 1, 256), 3, bytes(32), b"\1" * 32)
    assert finding.index == (256 + 3) * 65536
    assert "tile/1/259" in finding.message
