import pytest

from graven.errors import InvalidInput
from graven.tlog.bundle import encode_bundle
from graven.tlog.merkle import leaf_hash
from graven.verify.leaves import first_difference, leaf_hashes_of, prefix_of

ENTRIES = [b"", b"a", b"b" * 300, b"c" * 65_535]
BUNDLE = encode_bundle(ENTRIES)


def test_the_hashes_are_those_of_the_entries():
    assert leaf_hashes_of(BUNDLE, 4) == b"".join(map(leaf_hash, ENTRIES))


@pytest.mark.parametrize("count", [0, 1, 3, 5, 256])
def test_another_number_of_entries_is_refused(count: int):
    with pytest.raises(InvalidInput):
        leaf_hashes_of(BUNDLE, count)


@pytest.mark.parametrize("change", [BUNDLE[:-1], BUNDLE[:-65_536], BUNDLE + b"\0", BUNDLE + b"\0\0"])
def test_a_cut_or_longer_bundle_is_refused(change: bytes):
    with pytest.raises(InvalidInput):
        leaf_hashes_of(change, 4)


def test_a_prefix_is_the_bundle_of_the_first_entries():
    assert [prefix_of(BUNDLE, n) for n in range(5)] == [encode_bundle(ENTRIES[:n]) for n in range(5)]


def test_a_prefix_of_more_entries_than_there_are_is_refused():
    with pytest.raises(InvalidInput, match="holds 4 entries"):
        prefix_of(BUNDLE, 5)
    with pytest.raises(InvalidInput, match="inside its entry 3"):
        prefix_of(BUNDLE[:-1], 4)


def test_the_first_difference_is_counted_in_hashes():
    assert first_difference(bytes(96), bytes(64) + b"\1" + bytes(31)) == 2
    with pytest.raises(ValueError, match="equal"):
        first_difference(bytes(32), bytes(32))
