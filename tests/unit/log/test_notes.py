import pytest

from graven.errors import InvalidInput
from graven.log.notes import FrameNote, KeptRequest, decode_note, encode_note

NOTE = FrameNote(b"k" * 32, b"d" * 32, [KeptRequest("ключ", b"b" * 32, 2**60, b'{"first":1}')])


def test_a_note_comes_back_as_it_was() -> None:
    assert decode_note(encode_note(NOTE)) == NOTE
    assert decode_note(encode_note(FrameNote(b"", b"", []))) == FrameNote(b"", b"", [])


def test_a_note_cut_anywhere_is_refused() -> None:
    data = encode_note(NOTE)
    for size in range(len(data)):
        with pytest.raises(InvalidInput):
            decode_note(data[:size])


@pytest.mark.parametrize(
    "change", [lambda d: d + b"\0", lambda d: b"\x02" + d[1:], lambda d: d.replace("к".encode(), b"\xff\xff")]
)
def test_trailing_bytes_other_versions_and_bad_text_are_refused(change) -> None:
    with pytest.raises(InvalidInput):
        decode_note(change(encode_note(NOTE)))
