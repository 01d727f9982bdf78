"""The body of a push: a plain entry bundle (C2SP tlog-tiles) of any number of entries."""

from graven.errors import InvalidInput
from graven.event.intake import check_count
from graven.tlog.bundle import decode_bundle

__all__ = ["decode_entries"]


def decode_entries(body: bytes, most: int) -> list[bytes]:
    """The entries of a plain bundle; InvalidInput when it is none or empty, TooLarge for more than `most`."""
    entries = decode_bundle(body)
    if not entries:
        raise InvalidInput("the request holds no entry", code="empty_batch", hint="send at least one")
    check_count(len(entries), most)
    return entries
