import pytest

from graven.errors import InvalidInput, TooLarge
from graven.tlog.bundle import MAX_ENTRY_SIZE, decode_bundle, encode_bundle, encode_records

ENTRIES = [b"a", b"", b"bcd" * 100, b"x" * MAX_ENTRY_SIZE]


def test_each_entry_follows_its_big_endian_length() -> None:
    assert encode_bundle([b"a", b"b" * 258]) == b"\x00\x01a\x01\x02" + b"b" * 258


def test_records_are_the_bundle_in_pieces() -> None:
    assert b"".join(encode_records(ENTRIES)) == encode_bundle(ENTRIES)
    assert encode_records([]) == []


def test_entries_come_back() -> None:
    assert decode_bundle(encode_bundle(ENTRIES), len(ENTRIES)) == ENTRIES
    assert decode_bundle(b"", 0) == []


def test_an_entry_of_65536_bytes_does_not_fit() -> None:
    with pytest.raises(TooLarge, match="65536 bytes"):
        encode_bundle([b"", b"x" * (MAX_ENTRY_SIZE + 1)])


@pytest.mark.parametrize("cut", range(1, 10))
def test_a_cut_bundle_is_refused(cut: int) -> None:
    data = encode_bundle([b"abc", b"defg"])
    with pytest.raises(InvalidInput):
        decode_bundle(data[:-cut], 2)


def test_a_bundle_cut_at_an_entry_boundary_is_caught_by_its_count() -> None:
    data = encode_bundle([b"abc", b"defg"])
    assert decode_bundle(data[:5]) == [b"abc"]
    with pytest.raises(InvalidInput, match="1 entries where 2"):
        decode_bundle(data[:5], 2)


@pytest.mark.parametrize("junk", [b"\x00", b"\x00\x00", b"\x00\x05abc", b"\xff\xff"])
def test_trailing_bytes_are_refused(junk: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_bundle(encode_bundle([b"abc"]) + junk, 1)
