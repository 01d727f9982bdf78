import io

import msgspec
import pytest

from graven.tlog.tiles import TilePath
from graven.verify.checker import Outcome, Task
from graven.verify.report import Finding, Kind
from graven.verify.wire import Failure, read_frame, write_frame

OUTCOME = Outcome(
    roots=[bytes(32), None],
    claimed={1: b"\1" * 32},
    findings=[Finding(kind=Kind.TAMPERED, code="c", message="m", evidence=("e",))],
    entries=3,
)


@pytest.mark.parametrize(
    "value", [Task(300, 1, 2, (TilePath(-1, 5, 7),)), OUTCOME, Failure("m", "c", "h")], ids=lambda v: type(v).__name__
)
def test_what_is_written_is_read(value):
    stream = io.BytesIO()
    write_frame(stream, value, tag=b"V")
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    assert frame[0] == b"V"
    assert msgspec.msgpack.decode(frame[1], type=type(value)) == value
    assert read_frame(stream) is None


@pytest.mark.parametrize("cut", [1, 3, 5, 10])
def test_a_frame_that_was_cut_is_no_end_of_stream(cut: int):
    stream = io.BytesIO()
    write_frame(stream, Failure("m", "c", "h"), tag=b"F")
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(stream.getvalue()[:cut]))
