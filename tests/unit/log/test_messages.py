import pytest

from graven.errors import InvalidInput
from graven.log.messages import Appended, decode_answer, encode_answer


def test_a_kept_answer_comes_back_marked_as_replayed() -> None:
    answer = Appended(7, 2, {1: 3}, {0: "made"})
    assert decode_answer(encode_answer(answer)) == Appended(7, 2, {1: 3}, {0: "made"}, replayed=True)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"first":null,"count":0,"duplicates":{},"ids":{},"x":1}'])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_answer(data)
