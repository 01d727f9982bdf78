"""`<data>/server.address`: where the server that holds a data directory can be reached.

Commands that find the directory locked read it. It is a hint and no evidence: a server that was killed
leaves it behind, so a reader also looks at the lock and at the key that the address shows.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ADDRESS_FILE", "announced_address", "reachable_url"]

ADDRESS_FILE = "server.address"

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on


def reachable_url(scheme: str, host: str, port: int) -> str:
    """The URL for a client on this machine; an address that means "all" becomes loopback."""
    host = _EVERYWHERE.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@contextlib.contextmanager
def announced_address(data_dir: Path, url: str) -> Iterator[None]:
    """Keep the file while the block runs; a disk that refuses it is no reason not to serve."""
    path = data_dir / ADDRESS_FILE
    fresh = path.with_name(f".{ADDRESS_FILE}.{os.getpid()}")
    with contextlib.suppress(OSError):
        fresh.write_text(f"{url}\n", encoding="ascii")
        fresh.replace(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
