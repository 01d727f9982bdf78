import zlib

import pytest
from tests.support.verify_logs import GZIP_HEADER, rest_compressed

from graven.errors import InvalidInput
from graven.tlog.bundle import encode_bundle
from graven.verify.compressed import MAX_BUNDLE_SIZE, gunzip, plain_bundle

PLAIN = encode_bundle([b'{"n":%d}' % n for n in range(9)])
PACKED = rest_compressed(PLAIN)


def test_a_plain_and_a_compressed_bundle_are_the_same_bundle():
    assert plain_bundle(PLAIN, 9) == plain_bundle(PACKED, 9) == PLAIN


@pytest.mark.parametrize("position", range(10))
def test_every_other_header_is_refused(position: int):
    altered = bytearray(PACKED)
    altered[position] ^= 0x40
    with pytest.raises(InvalidInput):
        gunzip(bytes(altered), limit=1000)


def test_a_name_in_the_header_is_refused():
    named = GZIP_HEADER[:3] + b"\x08" + GZIP_HEADER[4:] + b"name\0" + PACKED[10:]
    with pytest.raises(InvalidInput, match="gzip header"):
        plain_bundle(named, 9)


@pytest.mark.parametrize("junk", [b"\0", b"junk", PACKED[-8:], PACKED])
def test_nothing_may_follow_the_member(junk: bytes):
    with pytest.raises(InvalidInput):
        plain_bundle(PACKED + junk, 9)


@pytest.mark.parametrize("cut", range(1, len(PACKED)))
def test_a_cut_member_is_refused(cut: int):
    with pytest.raises(InvalidInput):
        gunzip(PACKED[:-cut], limit=1000)


@pytest.mark.parametrize("position", range(-8, 0))
def test_a_wrong_trailer_is_refused(position: int):
    altered = bytearray(PACKED)
    altered[position] ^= 1
    with pytest.raises(InvalidInput):
        gunzip(bytes(altered), limit=1 << 30)


def test_two_members_are_refused_even_when_together_they_are_the_bundle():
    half = len(PLAIN) // 2
    with pytest.raises(InvalidInput):
        plain_bundle(rest_compressed(PLAIN[:half]) + rest_compressed(PLAIN[half:]), 9)


def test_no_more_is_inflated_than_a_bundle_can_hold():
    bomb = rest_compressed(bytes(MAX_BUNDLE_SIZE + 1))
    with pytest.raises(InvalidInput, match="at most"):
        plain_bundle(bomb, 256)
    lying = bomb[:-4] + (100).to_bytes(4, "little")
    with pytest.raises(InvalidInput, match="more than the 100 bytes"):
        plain_bundle(lying, 256)


def test_a_member_with_its_length_modulo_2_32_is_bounded():
    with pytest.raises(InvalidInput):
        gunzip(GZIP_HEADER + zlib.compress(b"")[2:-4] + bytes(4) + b"\xff\xff\xff\xff", limit=1000)


@pytest.mark.parametrize("begin", [b"\x08\0\0\0\0\0\0\xff", b"\x08\x01", b"\x08"])
def test_a_plain_bundle_that_looks_like_gzip_is_told_apart_by_its_lengths(begin: bytes):
    foreign = encode_bundle([begin.ljust(8075, b"x"), b"second"])
    assert foreign[:3] == GZIP_HEADER[:3]
    assert plain_bundle(foreign, 2) == foreign
    with pytest.raises(InvalidInput):
        plain_bundle(foreign + b"x", 2)
