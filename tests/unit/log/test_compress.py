import gzip
import zlib

import pytest

from graven.errors import Tampered
from graven.log import compress
from graven.log.compress import compress_bundle, decompress_bundle
from graven.verify.compressed import GZIP_HEADER

PLAIN = b"\x00\x03{1}" * 256


@pytest.mark.parametrize("engine", [None, zlib.compress])
def test_a_bundle_is_one_gzip_member_with_the_fixed_header(monkeypatch, engine) -> None:
    if engine is not None:
        monkeypatch.setattr(compress, "_compress", engine)
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
