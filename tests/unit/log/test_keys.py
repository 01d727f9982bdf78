import pytest

from graven.errors import InvalidInput
from graven.log.keys import check_origin, format_key, parse_key


def test_a_key_line_comes_back() -> None:
    line = format_key("example.com/log", bytes(range(32)))
    assert line == b"graven-ed25519-seed-1 example.com/log AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert parse_key(line) == ("example.com/log", bytes(range(32)))


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "https://a/b", "a\n", "x" * 256, "a\u2028b"])
def test_an_origin_that_cannot_name_a_key_is_refused(origin: str) -> None:
    with pytest.raises(InvalidInput):
        check_origin(origin)
