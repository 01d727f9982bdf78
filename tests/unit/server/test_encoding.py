"""Compressed bodies: bounded, complete, and nothing after the end."""

import contextlib
import gzip

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from graven.errors import InvalidInput, TooLarge, UnsupportedMediaType
from graven.server.encoding import decompress

LIMIT = 1 << 20


def pack(coding: str, data: bytes) -> bytes:
    return gzip.compress(data) if coding == "gzip" else zstandard.compress(data)


@given(st.binary(max_size=5000), st.sampled_from(["gzip", "zstd"]))
def test_what_was_packed_comes_back(data: bytes, coding: str) -> None:
    assert decompress(pack(coding, data), coding, limit=LIMIT) == data


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "zstd"]), st.data())
def test_a_cut_body_is_never_taken(data: bytes, coding: str, draw: st.DataObject) -> None:
    packed = pack(coding, data)
    cut = packed[: draw.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(InvalidInput):
        decompress(cut, coding, limit=LIMIT)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "zstd"]))
def test_any_bytes_are_decoded_or_refused(data: bytes, coding: str) -> None:
    with contextlib.suppress(InvalidInput, TooLarge):
        decompress(data, coding, limit=LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_is_whole(coding: str) -> None:
    steps: list[int] = []
    with pytest.raises(TooLarge):
        decompress(pack(coding, b" " * (64 * LIMIT)), coding, limit=LIMIT, account=steps.append)
    assert sum(steps) <= LIMIT


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_the_limit_itself_is_allowed(coding: str) -> None:
    assert len(decompress(pack(coding, b"x" * LIMIT), coding, limit=LIMIT)) == LIMIT


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_two_members_are_one_body(coding: str) -> None:
    assert decompress(pack(coding, b"one") + pack(coding, b"two"), coding, limit=LIMIT) == b"onetwo"


def test_more_members_than_anybody_needs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="512 members"):  # time grows with their square
        decompress(gzip.compress(b"") * 1000, "gzip", limit=LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_junk_after_the_end_is_refused(coding: str) -> None:
    with pytest.raises(InvalidInput):
        decompress(pack(coding, b"one") + b"junk", coding, limit=LIMIT)


def test_another_coding_is_not_taken() -> None:
    with pytest.raises(UnsupportedMediaType):
        decompress(b"", "br", limit=LIMIT)
