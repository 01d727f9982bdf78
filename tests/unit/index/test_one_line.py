"""JSON on one line says what it said."""

import json

from graven.index.one_line import one_line


def test_every_byte_of_a_line_break_is_a_space() -> None:
    assert one_line(b'{\r\n"a":\r1,\n"b":2}') == b'{  "a": 1, "b":2}'


def test_the_value_is_the_same_and_so_is_its_length() -> None:
    value = {"text": "two\nlines\r\n", "list": [1, {"deep": None}]}
    spelled = json.dumps(value, indent=2).encode()
    line = one_line(spelled)
    assert (json.loads(line), len(line), line.splitlines()) == (value, len(spelled), [line])
