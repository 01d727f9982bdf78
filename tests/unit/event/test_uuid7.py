"""UUIDv7: layout of RFC 9562 section 5.7."""

import pytest

from graven.errors import InvalidInput
from graven.event.uuid7 import make, make_many


def test_the_layout_is_the_specifications():
    # RFC 9562 appendix A.6: time 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F
    noise = ((0xCC3 << 62) | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert make(0x017F22E279B0 * 10**6, lambda size: noise) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_of_one_call_differ():
    made = make_many(10**18, lambda size: bytes(index % 251 for index in range(size)), 20)
    assert len(set(made)) == 20


def test_ids_sort_by_time():
    assert make(10**18, lambda size: b"\xff" * size) < make(10**18 + 10**6, lambda size: b"\x00" * size)


@pytest.mark.parametrize("now_ns", [-1, 2**48 * 10**6])
def test_a_time_that_does_not_fit_is_refused(now_ns):
    with pytest.raises(InvalidInput):
        make(now_ns, bytes)
