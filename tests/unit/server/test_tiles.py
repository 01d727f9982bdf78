"""Content negotiation of bundles."""

import pytest

from graven.server.tiles import accepts_gzip


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        (b"", False),
        (b"identity", False),
        (b"gzip", True),
        (b"GZIP", True),
        (b"br, gzip;q=0.5", True),
        (b"gzip;q=0", False),
        (b"gzip;q=0.000", False),
        (b"*", True),
        (b"x-gzip", True),
        (b"gzipped", False),
    ],
)
def test_gzip_is_sent_only_to_who_names_it(header: bytes | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted
