"""Questions about all bytes: the numpy and the plain answers agree."""

import random

import pytest

from graven.event import counting


@pytest.fixture(params=["numpy", "plain"])
def engine(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(counting, "_load", lambda: None)
    elif counting._load() is None:
        pytest.skip("numpy is not installed")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("size", [0, 1, 5_000])
def test_bytes_are_counted(size):
    data = b'a"' * size
    assert counting.count_byte(data, 0x22) == size


@pytest.mark.usefixtures("engine")
def test_items_with_many_opening_brackets_are_found():
    items = [b"x" * 2_000, b"[{" * 33, b"x", b"[" * 64, b"{" * 65 + b"y" * 3_000, b"", b"}]" * 99]
    assert counting.opening_brackets_over(64, b"\n".join(items), items) == [1, 4]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("offset", range(9))
@pytest.mark.parametrize("length", [14, 15, 16, 19, 40])
def test_every_run_of_fourteen_digits_is_found(offset, length):
    rng = random.Random(offset * 100 + length)
    digits = "".join(rng.choice("0123456789") for _ in range(length)).encode()
    for lead in (b"", b"a" * 4_100):
        for trail in (b"", b"}", b"b" * 4_099):
            data = lead + b"x" * offset + digits + trail
            start = len(lead) + offset
            found = counting.digit_runs(data)
            assert any(start <= at < start + length for at in found), (lead[:1], trail[:1])


@pytest.mark.usefixtures("engine")
def test_eleven_digits_are_no_run():
    assert counting.digit_runs((b"a" * 5_000 + b"12345678901") * 3 + b"a" * 9) == []
