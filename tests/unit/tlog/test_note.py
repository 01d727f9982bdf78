import pytest

from graven.errors import InvalidInput
from graven.tlog.keys import Signer, VerifierKey
from graven.tlog.note import (
    MAX_NOTE_SIZE,
    MAX_SIGNATURES,
    Note,
    Signature,
    add_signatures,
    open_note,
    parse_note,
    parse_signatures,
    sign_note,
)

# the example of the signed-note specification
EXAMPLE_KEY = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
EXAMPLE = (
    "This is an example message.\n\n\N{EM DASH} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ON"
    "ncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
ALICE = Signer("alice", b"a" * 32)
BOB = Signer("bob", b"b" * 32)
NOTE = sign_note("one\ntwo\n", ALICE, BOB)


def test_the_example_of_the_specification_opens() -> None:
    note, verified = open_note(EXAMPLE, [EXAMPLE_KEY])
    assert note.text == "This is an example message.\n"
    assert verified == [EXAMPLE_KEY]
    assert note.encode() == EXAMPLE


def test_the_text_is_split_off_at_the_last_blank_line() -> None:
    data = sign_note("a\n\nb\n\n\nc\n", ALICE)
    assert parse_note(data).text == "a\n\nb\n\n\nc\n"


def test_a_text_that_looks_like_signatures_is_text() -> None:
    text = parse_note(NOTE).encode().decode()
    assert parse_note(sign_note(text, BOB)).text == text


def test_line_separators_of_other_alphabets_are_text() -> None:
    text = "a\u2028b\x85c\u2029d\n"
    note, _ = open_note(sign_note(text, ALICE), [ALICE.verifier])
    assert note.text == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n\n", "\n"),
        ("\n\n", "\n \n"),
        ("\n\n", "\r\n\r\n"),
        ("\N{EM DASH} alice", "\N{EN DASH} alice"),
        ("\N{EM DASH} alice", "- alice"),
        ("\N{EM DASH} alice", "\N{EM DASH}alice"),
        ("\N{EM DASH} alice", "\N{EM DASH}  alice"),
        ("\N{EM DASH} alice", " \N{EM DASH} alice"),
        ("\N{EM DASH} alice", "\N{EM DASH} al+ice"),
        ("\N{EM DASH} alice", "\N{EM DASH} al\u00a0ice"),
        ("\N{EM DASH} alice ", "\N{EM DASH}  "),
        ("\N{EM DASH} alice ", "\N{EM DASH} "),
        ("\N{EM DASH} alice ", "\N{EM DASH} alice  "),
        ("\N{EM DASH} bob", "\n\N{EM DASH} bob"),
        ("=\n\N{EM DASH} bob", "\n\N{EM DASH} bob"),
        ("=\n\N{EM DASH} bob", " =\n\N{EM DASH} bob"),
        ("=\n\N{EM DASH} bob", "= \n\N{EM DASH} bob"),
        ("two", "t\x00wo"),
        ("two", "t\two"),
        ("two", "two\r"),
    ],
)
def test_other_spellings_are_refused(old: str, new: str) -> None:
    text = NOTE.decode()
    assert old in text
    with pytest.raises(InvalidInput):
        open_note(text.replace(old, new, 1).encode(), [ALICE.verifier, BOB.verifier])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + b"x",
        b"\xff" + NOTE,
        "text\n\n\N{EM DASH} a AAAAAA==\n".encode(),  # an id and no signature
        "text\n\n\N{EM DASH} a AAA=\n".encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_note(data)


def test_a_byte_order_mark_is_part_of_the_text_and_spoils_the_signature() -> None:
    with pytest.raises(InvalidInput, match="does not verify"):
        open_note(b"\xef\xbb\xbf" + NOTE, [ALICE.verifier])


def test_signatures_of_unknown_keys_are_ignored() -> None:
    note, verified = open_note(NOTE, [BOB.verifier])
    assert verified == [BOB.verifier]
    assert [one.name for one in note.signatures] == ["alice", "bob"]


@pytest.mark.parametrize("payload", [b"x", bytes(64), bytes(2428), bytes(5000)])
def test_signatures_of_unknown_keys_may_be_anything(payload: bytes) -> None:
    data = add_signatures(NOTE, [Signature("pq", b"1234", payload)])
    assert open_note(data, [ALICE.verifier])[1] == [ALICE.verifier]


def test_a_shared_name_or_a_shared_id_alone_is_an_unknown_key() -> None:
    key = ALICE.verifier
    strangers = [Signature("alice", b"1234", b"x"), Signature("eve", key.key_id, b"x")]
    assert open_note(add_signatures(NOTE, strangers), [key])[1] == [key]


def test_one_bad_signature_of_a_known_key_condemns_the_note() -> None:
    note = parse_note(NOTE)
    bad = Signature("bob", BOB.verifier.key_id, bytes(64))
    data = Note(note.text, (note.signatures[0], bad)).encode()
    assert open_note(data, [ALICE.verifier])[1] == [ALICE.verifier]
    with pytest.raises(InvalidInput) as caught:
        open_note(data, [ALICE.verifier, BOB.verifier])
    assert caught.value.code == "invalid_signature"


def test_a_bad_second_signature_of_a_known_key_condemns_the_note() -> None:
    data = add_signatures(NOTE, [Signature("alice", ALICE.verifier.key_id, bytes(64))])
    with pytest.raises(InvalidInput, match="does not verify"):
        open_note(data, [ALICE.verifier])


def test_a_note_that_no_known_key_signed_does_not_open() -> None:
    for keys in ([], [EXAMPLE_KEY]):
        with pytest.raises(InvalidInput) as caught:
            open_note(NOTE, keys)
        assert caught.value.code == "no_known_signature"


def test_a_changed_text_does_not_open() -> None:
    with pytest.raises(InvalidInput, match="does not verify"):
        open_note(NOTE.replace(b"two", b"tow"), [ALICE.verifier])


def test_a_known_key_is_listed_once_however_often_it_is_given() -> None:
    assert open_note(NOTE, [BOB.verifier, ALICE.verifier, BOB.verifier])[1] == [ALICE.verifier, BOB.verifier]


def test_a_key_that_signed_twice_is_listed_once() -> None:
    twice = NOTE + parse_note(NOTE).signatures[0].line.encode()
    note, verified = open_note(twice, [ALICE.verifier])
    assert (len(note.signatures), verified) == (3, [ALICE.verifier])


def test_sixteen_signatures_are_accepted_and_a_flood_is_not() -> None:
    extra = [Signature(f"s{number}", b"1234", b"x") for number in range(MAX_SIGNATURES + 1)]
    assert len(parse_note(add_signatures(NOTE, extra[:14])).signatures) == 16
    flood = NOTE + "".join(one.line for one in extra).encode()
    with pytest.raises(InvalidInput):
        parse_note(flood)
    with pytest.raises(InvalidInput):
        add_signatures(NOTE, extra)


def test_a_note_of_more_than_a_megabyte_is_not_read() -> None:
    data = sign_note("x" * MAX_NOTE_SIZE + "\n", ALICE)
    with pytest.raises(InvalidInput, match="at most"):
        parse_note(data)
    with pytest.raises(InvalidInput, match="at most"):
        parse_signatures(data)


def test_adding_a_signature_twice_adds_it_once() -> None:
    note = parse_note(NOTE)
    assert add_signatures(NOTE, note.signatures) == NOTE


def test_signature_lines_alone_are_what_a_witness_answers() -> None:
    note = parse_note(NOTE)
    body = "".join(one.line for one in note.signatures).encode()
    assert parse_signatures(body) == note.signatures
    for bad in (b"", b"\n", body[:-1], body + b"\n", b"text\n" + body):
        with pytest.raises(InvalidInput):
            parse_signatures(bad)


@pytest.mark.parametrize("text", ["", "no newline", "a\x00\n", "a\r\n", "a\tb\n", "\ud800\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(InvalidInput):
        sign_note(text, ALICE)


def test_a_note_has_at_least_one_signature() -> None:
    with pytest.raises(InvalidInput):
        sign_note("text\n")
