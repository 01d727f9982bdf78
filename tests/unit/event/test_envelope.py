"""The entry: one spelling, spliced and decoded strictly."""

import pytest

from graven.errors import InvalidInput
from graven.event.batch import HEAD_SIZE
from graven.event.envelope import decode_entry, entry_head, entry_tail, format_time, parse_time

TIME_NS = 1_795_377_662_123_456_789
GOOD = (
    b'{"v":1,"received":"2026-11-22T20:01:02.123456789Z","by":{"token":"tok","ip":"127.0.0.1"}'
    b',"id":"1","source":"shop","format":"event/1","data":{"action":"a"}}'
)
DIGEST = "sha256:" + "ab" * 32


def tail(**changes) -> bytes:
    members = {"token": "tok", "ip": "127.0.0.1", "id": "1", "source": "shop", "format": "event/1", "data": b"{}"}
    return entry_tail(**{**members, **changes})


def test_an_entry_is_spelled_as_the_design_says():
    assert entry_head(TIME_NS) + tail(data=b'{"action":"a"}') == GOOD


def test_a_decoded_entry_has_all_its_parts():
    entry = decode_entry(GOOD)
    assert entry.received_ns == TIME_NS
    assert (entry.token, entry.ip, entry.id, entry.source) == ("tok", "127.0.0.1", "1", "shop")
    assert (entry.format, entry.data, entry.blob, entry.redacted) == ("event/1", b'{"action":"a"}', None, 0)


@pytest.mark.parametrize("second", [0, 1, 951_782_400, 951_868_799, 4_102_444_800, 253_402_300_799], ids=str)
def test_times_round_trip_and_have_one_length(second):
    for fraction in (0, 1, 999_999_999):
        unix_ns = second * 10**9 + fraction
        assert len(entry_head(unix_ns)) == HEAD_SIZE
        assert parse_time(format_time(unix_ns)) == unix_ns


@pytest.mark.parametrize("unix_ns", [-1, 253_402_300_800 * 10**9])
def test_times_outside_four_digit_years_are_refused(unix_ns):
    with pytest.raises(InvalidInput):
        entry_head(unix_ns)


def test_a_blob_stands_in_for_data():
    entry = decode_entry(entry_head(TIME_NS) + tail(data=None, blob=(DIGEST, 70_000), redacted=3))
    assert (entry.data, entry.blob, entry.redacted) == (None, (DIGEST, 70_000), 3)


def test_only_quarantine_has_data_and_blob():
    both = tail(blob=(DIGEST, 1), format="quarantine/1")
    assert decode_entry(entry_head(TIME_NS) + both).blob == (DIGEST, 1)
    for wrong in (tail(blob=(DIGEST, 1)), tail(format="quarantine/1"), tail(data=None)):
        with pytest.raises(InvalidInput):
            decode_entry(entry_head(TIME_NS) + wrong)


@pytest.mark.parametrize("text", ['"', "\\", "\n", "\x00", "é", "😀", "", '","source":"x"', "\x7f", "/"])
def test_any_text_survives_in_the_envelope(text):
    entry = decode_entry(entry_head(TIME_NS) + tail(id=text, source=text, token=text, ip=text))
    assert (entry.id, entry.source, entry.token, entry.ip) == (text, text, text, text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"v":1', b'{"v":2'),
        (b'{"v":1', b'{ "v":1'),
        (b'{"v":1', b'{"v":01'),
        (b".123456789Z", b".12345678Z"),
        (b".123456789Z", b".123456789z"),
        (b".123456789Z", b".12345678+Z"),
        (b"2026-11-22T", b"2026-11-32T"),
        (b"2026-11-22T", b"2026-11-22 "),
        (b"20:01:02", b"20:01:60"),
        (b"2026", "２０２６".encode()),
        (b'"id":"1"', b'"id":"\\u0031"'),
        (b'"id":"1"', b'"id":"\\/"'),
        (b'"id":"1"', b'"id":1'),
        (b'"id":"1"', b'"id":"\xff"'),
        (b'"id":"1"', b'"id":"\\ud800"'),
        (b'"id":"1",', b""),
        (b'"id":"1","source":"shop"', b'"source":"shop","id":"1"'),
        (b',"data"', b',"redacted":0,"data"'),
        (b',"data"', b',"redacted":01,"data"'),
        (b',"data"', b',"redacted":-1,"data"'),
        (b',"data"', b',"more":1,"data"'),
        (b'"data":{', b'"data": {'),
        (b'"a"}}', b'"a"} }'),
        (b'"a"}}', b'"a"}} '),
        (b'"a"}}', b'"a"}}}'),
        (b'"a"}}', b'"a"},"x":1}'),
        (b'"a"}}', b'"a"}'),
        (b'"data":{"action":"a"}', b'"data":'),
        (b'"data":{"action":"a"}', b'"data":nul'),
        (b',"data":{"action":"a"}', b""),
        (b'"data":{"action":"a"}', b'"blob":{"digest":"sha256:' + b"AB" * 32 + b'","size":1}'),
        (b'"data":{"action":"a"}', b'"blob":{"digest":"sha256:' + b"ab" * 32 + b'","size":01}'),
        (b'"data":{"action":"a"}', b'"blob":{"size":1,"digest":"sha256:' + b"ab" * 32 + b'"}'),
    ],
)
def test_no_other_spelling_is_an_entry(old, new):
    assert GOOD.count(old) >= 1
    with pytest.raises(InvalidInput):
        decode_entry(GOOD.replace(old, new, 1))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\x00" * 50, GOOD[:-10], GOOD * 2])
def test_other_bytes_are_no_entry(data):
    with pytest.raises(InvalidInput):
        decode_entry(data)
