"""One value, one spelling; and whatever comes in is parsed or refused with InvalidInput, nothing else.

Each target is a parser with its encoder. The law for any input at all: either the parser raises
InvalidInput, or encoding what it understood gives the input back, byte for byte. A parser that forgave a
space, a sign or an unused bit would break it. Any other exception fails the test by itself.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tlog_samples import KEYS, TLOG300, WITNESS_KEY, checkpoint_notes, mutated, quick, soak

from graven.errors import InvalidInput
from graven.tlog.bundle import decode_bundle, encode_bundle
from graven.tlog.checkpoint import parse_checkpoint_text
from graven.tlog.encoding import decode_base64, decode_decimal, decode_hex, encode_base64
from graven.tlog.keys import VerifierKey, split_cosignature
from graven.tlog.note import parse_note, parse_signatures
from graven.tlog.policy import parse_policy
from graven.tlog.proof import format_proof, parse_proof
from graven.tlog.tiles import parse_tile_path
from graven.tlog.witness_body import format_add_checkpoint, parse_add_checkpoint


def text_of(data: bytes) -> str:
    """Any bytes as text; what is not UTF-8 becomes lone surrogates, which a str can hold."""
    return data.decode("utf-8", "surrogateescape")


class Target(NamedTuple):
    rewrite: Callable[[bytes], bytes | str]
    """Parse, then encode."""
    originals: st.SearchStrategy[bytes]
    textual: bool = False


def vectors(*names: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from([(TLOG300 / name).read_bytes() for name in names])


NOTES = vectors("checkpoint", "checkpoint.200", "fork300") | checkpoint_notes()
COSIGNATURE = (TLOG300 / "checkpoint").read_bytes().split(b"\n\n")[1]


def rewrite_cosignature(payload: bytes) -> bytes:
    time_s, signature = split_cosignature(payload)
    return time_s.to_bytes(8, "big") + signature


TARGETS = {
    "note": Target(lambda data: parse_note(data).encode(), NOTES),
    "note with ML-DSA": Target(lambda data: parse_note(data).encode(), vectors("checkpoint.300.all")),
    "signature lines": Target(
        lambda data: "".join(one.line for one in parse_signatures(data)).encode(), st.just(COSIGNATURE)
    ),
    "checkpoint": Target(
        lambda data: parse_checkpoint_text(text_of(data)).text,
        NOTES.map(lambda note: note.split(b"\n\n")[0] + b"\n"),
        textual=True,
    ),
    "proof": Target(
        lambda data: format_proof(parse_proof(data)),
        vectors("entry257.tlog-proof")
        | st.just((TLOG300 / "entry257.tlog-proof").read_bytes().replace(b"index", b"extra YWI=\nindex", 1)),
    ),
    "add-checkpoint": Target(
        lambda data: format_add_checkpoint(parse_add_checkpoint(data)),
        vectors("add-checkpoint.0to200", "add-checkpoint.200to300"),
    ),
    "bundle": Target(
        lambda data: encode_bundle(decode_bundle(data)), vectors("tile/entries/000", "tile/entries/001.p/44")
    ),
    "tile path": Target(
        lambda data: parse_tile_path(text_of(data)).path(),
        st.sampled_from([b"tile/0/x001/x234/067", b"tile/entries/001.p/44", b"tile/63/000.p/1"]),
        textual=True,
    ),
    "verifier key": Target(
        lambda data: VerifierKey.parse(text_of(data)).text,
        st.sampled_from([KEYS["log_vkey"].encode(), WITNESS_KEY.text.encode()]),
        textual=True,
    ),
    "cosignature": Target(rewrite_cosignature, st.just(bytes(range(72)))),
    "decimal": Target(
        lambda data: str(decode_decimal(text_of(data))), st.sampled_from([b"0", b"1234567"]), textual=True
    ),
    "base64": Target(
        lambda data: encode_base64(decode_base64(text_of(data))),
        st.sampled_from([b"YWJj", b"YWI=", b"YQ=="]),
        textual=True,
    ),
    "hex": Target(lambda data: decode_hex(text_of(data)).hex(), st.just(b"00ff10ab"), textual=True),
}
each_target = pytest.mark.parametrize("name", TARGETS)


def obeys(target: Target, data: bytes) -> bool:
    """Check the law; tell whether the input was accepted."""
    expected: Any = text_of(data) if target.textual else data
    try:
        again = target.rewrite(data)
    except InvalidInput:
        return False
    assert again == expected
    return True


@each_target
@quick
@given(data=st.data())
def test_valid_documents_come_back_as_they_were(name: str, data: st.DataObject) -> None:
    assert obeys(TARGETS[name], data.draw(TARGETS[name].originals))


@each_target
@quick
@given(data=st.data())
def test_a_changed_document_is_refused_or_is_another_value(name: str, data: st.DataObject) -> None:
    obeys(TARGETS[name], data.draw(mutated(TARGETS[name].originals)))


@each_target
@quick
@given(data=st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(name: str, data: bytes) -> None:
    obeys(TARGETS[name], data)


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in ("bundle", "cosignature")])
@quick
@given(data=st.data())
def test_a_space_anywhere_is_never_ignored(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    original = data.draw(target.originals)
    at = data.draw(st.integers(0, len(original)))
    space = data.draw(st.sampled_from([b" ", b"\t", b"\r", b"\n", b"\0", b"\x0b", "\u00a0".encode(), b"\xef\xbb\xbf"]))
    obeys(target, original[:at] + space + original[at:])


POLICY = f"# demo\nlog {KEYS['log_vkey']} https://l\nwitness w {KEYS['w1_vkey']}\ngroup g 1 w\nquorum g\n".encode()
POLICIES = mutated(st.just(POLICY)) | st.binary(max_size=200)


@quick
@given(POLICIES)
def test_any_policy_is_parsed_or_refused(data: bytes) -> None:
    refuses_or_means_something(data)


def refuses_or_means_something(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except InvalidInput:
        return
    assert policy.quorum in {"none", *policy.witnesses, *policy.groups}
    assert parse_policy(text_of(data)) == policy


@pytest.mark.soak
@each_target
@soak
@given(data=st.data())
def test_fuzz_each_parser(name: str, data: st.DataObject) -> None:
    obeys(TARGETS[name], data.draw(mutated(TARGETS[name].originals) | st.binary()))


@pytest.mark.soak
@soak
@given(POLICIES)
def test_fuzz_policies(data: bytes) -> None:
    refuses_or_means_something(data)


def test_every_single_byte_of_a_signed_checkpoint_matters() -> None:
    original = (TLOG300 / "checkpoint.200").read_bytes()
    target = TARGETS["note"]
    for at in range(len(original)):
        for replacement in (b"", b" ", b"\n", b"=", b"A", b"\xff"):
            obeys(target, original[:at] + replacement + original[at + 1 :])
