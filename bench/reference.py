"""The physical limit of the same run: hash, write and fdatasync the same bytes, and nothing else.

One thread, one file, no HTTP, no JSON: a leaf hash and a node hash for each event, one write and one
`fdatasync` for each batch.
"""

import hashlib
import os
import tempfile
import time
from pathlib import Path

from bench.corpus import Batch

__all__ = ["reference_rate"]


def reference_rate(pool: list[Batch], directory: Path, seconds: float = 8.0) -> float:
    """Events a second of the bare loop, on the file system of `directory`."""
    sha256 = hashlib.sha256
    bodies = [(batch.fresh(), batch.count) for batch in pool[:16]]
    handle, name = tempfile.mkstemp(dir=directory)
    done = 0
    try:
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            for body, count in bodies:
                leaves = [sha256(b"\0" + line).digest() for line in body.split(b"\n")]
                node = leaves[0]
                for leaf in leaves:
                    node = sha256(b"\1" + node + leaf).digest()
                os.write(handle, body)
                os.fdatasync(handle)
                done += count
        return done / (time.perf_counter() - start)
    finally:
        os.close(handle)
        Path(name).unlink()
