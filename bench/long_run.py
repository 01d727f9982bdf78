"""A long log: memory while millions are appended, then start and full verification on that log."""

import tempfile
import threading
from pathlib import Path

from bench.appends import stored_bytes, wait_until_published
from bench.load import run_load
from bench.machine import resident_mib, row
from bench.service import serving
from bench.verification import verify_rate

__all__ = ["long_run"]


def _watch(pid: int, stop: threading.Event, samples: list[float]) -> None:
    while not stop.wait(0.5):
        samples.append(resident_mib(pid))


def long_run(directory: Path, total: int = 20_000_000) -> None:
    """Append `total` events, watch the server's memory, then start and verify at half and at the end."""
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        base = Path(scratch)
        samples: list[float] = []
        sent = 0
        for part in (total // 2, total - total // 2):
            with serving(base / "data") as service:
                ready = service.ready_s
                stop = threading.Event()
                half: list[float] = []
                watcher = threading.Thread(target=_watch, args=(service.pid, stop, half))
                watcher.start()
                try:
                    result = run_load(service.host, service.port, service.token, limit=part)
                    wait_until_published(service, result.last_index + 1)
                finally:
                    stop.set()
                    watcher.join()
                samples += half
                sent += result.events
                rate = result.rate
            if sent > part:
                row(
                    f"start with {sent - part:,} entries",
                    f"{ready:.2f} s until /readyz",
                    "<= 2 s",
                    "clean stop before",
                )
        quarter = len(samples) // 4 or 1
        early, late = max(samples[:quarter]), max(samples[-quarter:])
        row(
            f"resident memory of the server and its parsers while {sent:,} events are appended",
            f"max {max(samples):.0f} MiB",
            "<= 400 MiB, flat",
            f"max of the first quarter {early:.0f}, of the last {late:.0f}; {rate:,.0f} events/s in the second half",
        )
        size, seconds = verify_rate(base / "data" / "logs" / "default", base)
        row(
            "full verification, two processes",
            f"{size / seconds:,.0f} entries/s",
            ">= 500,000 (aim 1,000,000)",
            f"{size:,} entries in {seconds:.1f} s, start of the program included; log of "
            f"{stored_bytes(base / 'data') / 2**30:.2f} GiB",
        )
