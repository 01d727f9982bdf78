from hashlib import sha256

import pytest
from tests.support.tlog_samples import KEYS, LOG, LOG_KEY, WITNESS, WITNESS_KEY

from graven.errors import InvalidInput
from graven.tlog.encoding import encode_base64
from graven.tlog.keys import (
    COSIGNATURE_V1,
    ED25519,
    Signer,
    VerifierKey,
    check_key_name,
    cosigned_message,
    split_cosignature,
)

# the example of the signed-note specification
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


@pytest.mark.parametrize("text", [FOO, KEYS["log_vkey"], KEYS["w1_vkey"]])
def test_a_verifier_key_comes_back_as_it_was_written(text: str) -> None:
    assert VerifierKey.parse(text).text == text


def test_the_id_is_computed_from_name_algorithm_and_key() -> None:
    key = VerifierKey.of("a", b"k" * 32, COSIGNATURE_V1)
    assert key.key_id == sha256(b"a\n\x04" + b"k" * 32).digest()[:4]
    assert VerifierKey.of("a", b"k" * 32, ED25519).key_id != key.key_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+530d903a",
        FOO + "\n",
        " " + FOO,
        FOO + "=",
        FOO.replace("530d903a", "530D903A"),
        FOO.replace("530d903a", "530d903b"),
        FOO.replace("530d903a", "530d903"),
        FOO.replace("example.com/foo", "example.com/bar"),
        FOO.replace("example.com/foo", "example.com/f o"),
        FOO.replace("example.com/foo", ""),
        FOO.replace("example.com/foo", "\ud800"),
        FOO.replace("+Aek", "+ Aek"),
        FOO[:-4],
        "example.com/foo+530d903a+",
    ],
)
def test_every_other_spelling_of_a_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        VerifierKey.parse(text)


def test_base64_of_a_key_may_hold_a_plus() -> None:
    key = VerifierKey.of("a", b"\xef\xbe" + b"\xfb\xef\xbe" * 10, ED25519)
    assert "+" in key.text.split("+", 2)[2]
    assert VerifierKey.parse(key.text) == key


@pytest.mark.parametrize("algorithm", [0x00, 0x02, 0x05, 0x06, 0xFF])
def test_keys_of_other_algorithms_are_named_as_such(algorithm: int) -> None:
    public = bytes(1312)
    key_id = sha256(b"w\n%c%b" % (algorithm, public)).hexdigest()[:8]
    with pytest.raises(InvalidInput) as caught:
        VerifierKey.parse(f"w+{key_id}+{encode_base64(bytes([algorithm]) + public)}")
    assert caught.value.code == "unknown_algorithm"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_public_key_has_32_bytes(size: int) -> None:
    with pytest.raises(InvalidInput):
        VerifierKey.of("a", bytes(size))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u3000b", "a\nb", "a\x00", "\ud800"])
def test_names_without_spaces_and_plus_only(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_key_name(name)
    with pytest.raises(InvalidInput):
        Signer(name, bytes(32))


def test_names_may_be_in_any_script() -> None:
    check_key_name("журнал.example/日志")


def test_a_signature_verifies_under_its_key_and_message_only() -> None:
    signature = LOG.sign(b"text\n")
    assert LOG_KEY.verify(b"text\n", signature)
    assert not LOG_KEY.verify(b"text", signature)
    assert not LOG_KEY.verify(b"text\n", signature[:-1])
    assert not LOG_KEY.verify(b"text\n", signature + b"\0")
    assert not LOG_KEY.verify(b"text\n", b"")
    assert not Signer("other", bytes(32)).verifier.verify(b"text\n", signature)


def test_every_flipped_bit_spoils_a_signature() -> None:
    signature = LOG.sign(b"text\n")
    for bit in range(512):
        spoiled = bytearray(signature)
        spoiled[bit // 8] ^= 1 << bit % 8
        assert not LOG_KEY.verify(b"text\n", bytes(spoiled))


def test_a_signature_with_a_larger_scalar_is_refused() -> None:
    # s and s + group order satisfy the same equation: two spellings of one signature
    order = 2**252 + 27742317777372353535851937790883648493
    signature = LOG.sign(b"text\n")
    scalar = int.from_bytes(signature[32:], "little") + order
    assert not LOG_KEY.verify(b"text\n", signature[:32] + scalar.to_bytes(32, "little"))


def test_a_public_key_that_is_no_point_verifies_nothing() -> None:
    key = VerifierKey.of("a", b"\x02" + bytes(31))
    assert not key.verify(b"text\n", bytes(64))


def test_a_cosignature_covers_its_time() -> None:
    payload = WITNESS.cosign("text\n", 7).signature
    assert split_cosignature(payload) == (7, payload[8:])
    assert WITNESS_KEY.verify(b"text\n", payload)
    assert not WITNESS_KEY.verify(b"text\n", (8).to_bytes(8, "big") + payload[8:])
    assert not WITNESS_KEY.verify(b"text\n", payload[8:])


def test_what_a_witness_signs_begins_with_the_time() -> None:
    assert cosigned_message(b"a\n1\nb\n", 1679315147) == b"cosignature/v1\ntime 1679315147\na\n1\nb\n"


@pytest.mark.parametrize("payload", [b"", bytes(71), bytes(73), b"\x80" + bytes(71)])
def test_a_cosignature_is_72_bytes_with_a_63_bit_time(payload: bytes) -> None:
    with pytest.raises(InvalidInput):
        split_cosignature(payload)
    assert not WITNESS_KEY.verify(b"text\n", payload)


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(InvalidInput):
        Signer("a", bytes(31))


def test_the_seed_is_not_shown() -> None:
    assert repr(LOG) == f"Signer({KEYS['log_vkey']!r})"
    assert "private" not in repr(WITNESS).lower()
