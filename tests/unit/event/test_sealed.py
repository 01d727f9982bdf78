"""Sealed values: vectors, one spelling, nothing moves between subjects or keys."""

import json
from pathlib import Path

import pytest

from graven.errors import InvalidInput
from graven.event.sealed import Sealed, decode_sealed, encode_sealed, open_sealed, seal

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "event" / "sealed.json").read_text())
KEY = bytes(range(32))


@pytest.mark.parametrize("vector", VECTORS["sealed"], ids=lambda vector: vector["name"])
def test_a_value_is_sealed_to_exactly_the_bytes_of_the_vector(vector):
    nonce = bytes.fromhex(vector["nonce"])
    sealed = seal(
        vector["value"], subject=vector["subject"], key=bytes.fromhex(vector["key"]), random=lambda size: nonce
    )
    assert encode_sealed(sealed).decode() == vector["spelled"]


@pytest.mark.parametrize("vector", VECTORS["sealed"], ids=lambda vector: vector["name"])
def test_the_bytes_of_the_vector_open_to_the_value(vector):
    assert open_sealed(decode_sealed(vector["spelled"].encode()), bytes.fromhex(vector["key"])) == vector["value"]


@pytest.mark.parametrize("spelled", VECTORS["refused"])
def test_another_spelling_is_refused(spelled):
    with pytest.raises(InvalidInput):
        decode_sealed(spelled.encode())


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "other"},
        {"nonce": b"\x01" * 12},
        {"ct": b"\x00" * 40},
    ],
)
def test_altered_parts_do_not_open(change):
    sealed = seal("alice@example.com", subject="alice", key=KEY, random=bytes)
    altered = Sealed(**{"subject": sealed.subject, "nonce": sealed.nonce, "ct": sealed.ct, **change})
    with pytest.raises(InvalidInput) as caught:
        open_sealed(altered, KEY)
    assert caught.value.code == "cannot_open"


def test_another_key_does_not_open():
    sealed = seal(1, subject="alice", key=KEY, random=bytes)
    with pytest.raises(InvalidInput):
        open_sealed(sealed, b"\x00" * 32)


@pytest.mark.parametrize("key", [b"", b"x" * 16, b"x" * 33])
def test_a_key_has_32_bytes(key):
    with pytest.raises(InvalidInput):
        seal(1, subject="alice", key=key, random=bytes)


@pytest.mark.parametrize("subject", ["", "a b", "é", "-a", "x" * 129])
def test_a_subject_is_a_plain_name(subject):
    with pytest.raises(InvalidInput):
        seal(1, subject=subject, key=KEY, random=bytes)
