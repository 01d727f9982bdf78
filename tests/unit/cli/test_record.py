import io

from graven.cli.commands.record import request_bodies

JSON, NDJSON = "application/json", "application/x-ndjson"


class Pipe(io.RawIOBase):
    """A pipe that gives its pieces one by one, as they were written."""

    def __init__(self, *pieces):
        self._pieces = list(pieces)

    def read1(self, size):
        return self._pieces.pop(0) if self._pieces else b""

    def read(self, size=-1):
        rest, self._pieces = b"".join(self._pieces), []
        return rest


def test_one_object_is_one_json_body():
    assert list(request_bodies(io.BytesIO(b'{"a": 1}'))) == [(b'{"a": 1}', JSON)]


def test_an_object_over_several_lines_is_one_json_body():
    text = b'{\n "a": 1\n}\n'
    assert list(request_bodies(io.BytesIO(text))) == [(text, JSON)]


def test_an_array_is_one_json_body():
    text = b'[\n{"a": 1},\n{"a": 2}\n]\n'
    assert list(request_bodies(io.BytesIO(text))) == [(text, JSON)]


def test_lines_are_ndjson():
    assert list(request_bodies(io.BytesIO(b'{"a":1}\n{"a":2}\n'))) == [(b'{"a":1}\n{"a":2}\n', NDJSON)]


def test_a_pipe_is_sent_as_its_lines_arrive():
    pipe = Pipe(b'{"a":1}\n{"a"', b":2}\n", b'{"a":3}')
    assert list(request_bodies(pipe)) == [(b'{"a":1}\n', NDJSON), (b'{"a":2}\n', NDJSON), (b'{"a":3}', NDJSON)]


def test_an_empty_input_gives_no_body():
    assert list(request_bodies(io.BytesIO(b" \n\n"))) == []
