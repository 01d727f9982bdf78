import gzip
import json
import random
import zlib

import pytest

from graven.errors import Tampered
from graven.log import compress
from graven.log.compress import RESTART_ENTRIES, compress_bundle, decompress_bundle, some_of_bundle
from graven.tlog.bundle import encode_bundle
from graven.verify.compressed import GZIP_HEADER

PLAIN = b"\x00\x03{1}" * 256
RESTART = b"\x00\x00\xff\xff"


def made(count: int, seed: int = 1) -> list[bytes]:
    rng = random.Random(seed)
    return [json.dumps({"n": n, "text": "lamp " * rng.randrange(300)}).encode() for n in range(count)]


@pytest.mark.parametrize("engine", [None, zlib])
def test_a_bundle_is_one_gzip_member_with_the_fixed_header(monkeypatch, engine) -> None:
    if engine is not None:
        monkeypatch.setattr(compress, "_engine", engine)
    packed = compress_bundle(PLAIN)
    assert packed.startswith(GZIP_HEADER)
    assert gzip.decompress(packed) == PLAIN
    assert decompress_bundle(packed, 256) == PLAIN


def test_a_plain_bundle_stays_as_it_is() -> None:
    assert decompress_bundle(PLAIN, 256) == PLAIN


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"x",
        lambda data: data[:-1],
        lambda data: data[:4] + b"\x01" + data[5:],
        lambda data: data[:20] + bytes([data[20] ^ 4]) + data[21:],
        lambda data: data + data,
    ],
)
def test_a_damaged_bundle_is_tampered(change) -> None:
    with pytest.raises(Tampered):
        decompress_bundle(change(compress_bundle(PLAIN)), 256)


@pytest.mark.parametrize("engine", [None, zlib])
@pytest.mark.parametrize(("count", "restarts"), [(1, 0), (32, 0), (33, 1), (64, 1), (256, 7)])
def test_a_restart_point_stands_after_every_32_entries_that_more_follow(monkeypatch, engine, count, restarts) -> None:
    if engine is not None:
        monkeypatch.setattr(compress, "_engine", engine)
    assert compress_bundle(encode_bundle(made(count))).count(RESTART) == restarts


def test_what_follows_a_restart_point_is_read_without_what_came_before() -> None:
    packed = compress_bundle(encode_bundle(made(256)))
    behind = packed.rindex(RESTART) + len(RESTART)
    plain = zlib.decompressobj(-15).decompress(packed[behind:])
    assert plain == encode_bundle(made(256)[7 * RESTART_ENTRIES :])


@pytest.mark.parametrize("count", [1, 31, 32, 33, 200, 256])
def test_every_entry_of_a_bundle_is_found_alone(count) -> None:
    entries = made(count)
    packed = compress_bundle(encode_bundle(entries))
    assert [some_of_bundle(packed, [position], count)[0] for position in range(count)] == entries


def test_some_entries_are_found_together() -> None:
    entries = made(256)
    wanted = [0, 1, 31, 32, 130, 255]
    assert some_of_bundle(compress_bundle(encode_bundle(entries)), wanted, 256) == [entries[n] for n in wanted]


def test_a_bundle_without_restart_points_is_read_from_its_beginning() -> None:
    entries = made(256)
    plain = encode_bundle(entries)
    packed = GZIP_HEADER + gzip.compress(plain, 6)[len(GZIP_HEADER) :]
    assert RESTART not in packed
    assert some_of_bundle(packed, [70, 255], 256) == [entries[70], entries[255]]


def test_four_bytes_that_only_look_like_a_restart_point_are_not_believed() -> None:
    stream = zlib.compressobj(0, zlib.DEFLATED, 31)  # stored: the content's bytes stand in the stream
    entries = [b'{"a":"%b"}' % RESTART, *made(255)]
    data = stream.compress(encode_bundle(entries)) + stream.flush()
    packed = GZIP_HEADER + data[len(GZIP_HEADER) :]
    assert RESTART in packed
    assert some_of_bundle(packed, [0, 200], 256) == [entries[0], entries[200]]


def test_a_cut_bundle_is_tampered_where_its_entries_are_gone() -> None:
    packed = compress_bundle(encode_bundle(made(256)))
    with pytest.raises(Tampered):
        some_of_bundle(packed[: len(packed) // 3], [255], 256)


def test_an_entry_beyond_the_bundle_is_tampered() -> None:
    with pytest.raises(Tampered, match="has none at 100"):
        some_of_bundle(compress_bundle(encode_bundle(made(100))), [100], 100)


def test_a_plain_bundle_that_ends_early_is_tampered() -> None:
    with pytest.raises(Tampered, match="before the entry"):
        some_of_bundle(encode_bundle(made(100)), [150], 256)
