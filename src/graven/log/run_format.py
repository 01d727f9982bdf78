"""What both drivers of sorted runs share: the header of the file (see `runs`) and what a lookup answers."""

import struct
from typing import NamedTuple

from graven.event.batch import DIGEST_SIZE

__all__ = ["HEADER", "MAGIC", "ROW_BYTES", "RUN_ENTRIES", "Known"]

RUN_ENTRIES = 65_536
HEADER = struct.Struct("<16sQQ32s")
MAGIC = b"graven-run-1\n".ljust(16, b"\0")
ROW_BYTES = 8 + 8 + DIGEST_SIZE + 4


class Known(NamedTuple):
    """Where a key was seen first, and the digest of the data it came with."""

    index: int  # type: ignore[assignment]  # tuple.index is not missed
    digest: bytes
