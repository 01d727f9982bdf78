"""The tee: the same members for any chunking, and a bound."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from graven.pytest_plugin.io.body import KEPT_BYTES, Tee, body_members


@given(st.lists(st.binary(max_size=50)))
def test_any_chunking_gives_the_same_members(chunks):
    tee = Tee()
    for chunk in chunks:
        tee.feed(chunk)
    whole = b"".join(chunks)
    assert body_members(tee) == body_members(Tee(whole))
    assert body_members(tee)["body_sha256"] == hashlib.sha256(whole).hexdigest()


def test_a_cut_inside_a_character_still_shows_text():
    members = body_members(Tee(b"x" + "é".encode() * KEPT_BYTES))
    assert members["body"] == "x" + "é" * ((KEPT_BYTES - 1) // 2)
    assert members["body_cut"] is True


def test_a_body_that_is_not_gzip_as_it_claims_is_shown_as_it_passed():
    assert body_members(Tee(b"plain"), "gzip")["body"] == "plain"


def test_a_gzip_bomb_is_unpacked_to_the_bound_only():
    import gzip

    members = body_members(Tee(gzip.compress(b"0" * (4 * KEPT_BYTES))), "gzip")
    assert len(members["body"]) == KEPT_BYTES
    assert members["body_cut"] is True


def test_bytes_that_are_no_text_stay_bytes():
    assert body_members(Tee(b"\xff\x00"))["body"] == b"\xff\x00"
