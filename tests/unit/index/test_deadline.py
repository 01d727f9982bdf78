import pytest

from graven.errors import TimedOut
from graven.index.deadline import Deadline


def test_it_raises_only_when_the_time_is_over():
    now = [10.0]
    check = Deadline(2.0, clock=lambda: now[0])
    now[0] = 12.0
    check()
    now[0] = 12.1
    with pytest.raises(TimedOut, match="longer than 2 s") as caught:
        check()
    assert caught.value.code == "query_too_slow"
    assert caught.value.hint
