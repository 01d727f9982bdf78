"""Durable appends over HTTP: batches for a minute, then single events with 32 connections and with one.

Integration is inside the measured time: the clock stops only when the published checkpoint covers the
last acknowledged entry.
"""

import http.client
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench.corpus import batches, events
from bench.load import run_load
from bench.machine import resident_mib, row
from bench.reference import reference_rate
from bench.service import Service, serving

__all__ = ["append_batches", "append_single"]


def _published(service: Service) -> int:
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30)
    connection.request("GET", "/logs/default/checkpoint", headers={"Authorization": f"Bearer {service.token}"})
    return int(connection.getresponse().read().split(b"\n")[1])


def wait_until_published(service: Service, size: int) -> None:
    while _published(service) < size:
        time.sleep(0.02)


def stored_bytes(data: Path, log: str = "default") -> int:
    """Bytes of all tiles and bundles, as their files' lengths."""
    return sum(p.stat().st_size for p in (data / "logs" / log / "tile").rglob("*") if p.is_file())


def append_batches(directory: Path, seconds: float = 60.0) -> None:
    """NDJSON batches of 1,000, four connections, one client process."""
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        base = Path(scratch)
        before = reference_rate(batches(16), base)
        with serving(base / "data") as service:
            start = time.perf_counter()
            result = run_load(service.host, service.port, service.token, seconds=seconds)
            acknowledged = time.perf_counter()
            wait_until_published(service, result.last_index + 1)
            published = time.perf_counter()
            lag = published - acknowledged
            rate = result.events / (result.seconds + lag)
            memory = resident_mib(service.pid)
        after = reference_rate(batches(16), base)
        limit = (before + after) / 2
        row(
            "durable append, NDJSON batches of 1,000, 4 connections",
            f"{rate:,.0f} events/s for {published - start:.0f} s",
            ">= 60,000 (aim 100,000)",
            f"{rate / limit:.2f} x of hash+write+fdatasync ({limit:,.0f}/s); published {lag:.2f} s after the last"
            f" answer; {result.bytes / result.events:.0f} B an event; server {memory:.0f} MiB",
        )
        ratio = stored_bytes(base / "data") / result.bytes
        row("stored log / raw JSON", f"{ratio:.3f}", "<= 0.35", "bundles, hash tiles")


WRK_SCRIPT = """
local counter = 0
local thread = 0
local threads = {}
function setup(t) t:set("thread", thread); thread = thread + 1 end
local lines = {}
function init(args)
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
  math.randomseed(os.time() + thread)
  prefix = string.format("%08x", math.random(0, 2^31 - 1)) .. string.format("%04x", thread)
  headers = { ["Authorization"] = "Bearer " .. args[2], ["Content-Type"] = "application/json" }
end
function request()
  counter = counter + 1
  local line = lines[counter % #lines + 1]
  local body = '{"id":"' .. prefix .. string.format("%020x", counter) .. line:sub(40)
  return wrk.format("POST", "/v1/logs/default/events", headers, body)
end
function done(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read
            + summary.errors.write + summary.errors.timeout
  io.write(string.format('RESULT {"rate":%.1f,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
"""


def _wrk(service: Service, scratch: Path, connections: int, seconds: int) -> dict[str, float]:
    script = scratch / "append.lua"
    script.write_text(WRK_SCRIPT)
    corpus = scratch / "events.ndjson"
    corpus.write_text("".join(json.dumps(e, separators=(",", ":")) + "\n" for e in events(2000)))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), service.url]
    done = subprocess.run([*command, "--", str(corpus), service.token], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return dict(json.loads(line[7:]))


def append_single(directory: Path, seconds: int = 15) -> None:
    """One event a request: 32 connections for the rate, one for the latency."""
    if shutil.which("wrk") is None:
        row("single-event appends", "not measured", ">= 5,000/s", "needs wrk (apt-get install wrk)")
        return
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        base = Path(scratch)
        with serving(base / "data") as service:
            many = _wrk(service, base, 32, seconds)
            one = _wrk(service, base, 1, seconds)
            if many["errors"] or one["errors"]:
                raise SystemExit(f"wrk saw errors: {many} {one}")
        row(
            "single-event appends, 32 connections (wrk)",
            f"{many['rate']:,.0f}/s",
            ">= 5,000 (aim 8,000)",
            f"p50 {many['p50_ms']:.1f} ms, p99 {many['p99_ms']:.1f} ms",
        )
        row(
            "single-event appends, one connection",
            f"p50 {one['p50_ms']:.2f} ms",
            "<= 2 ms",
            f"p99 {one['p99_ms']:.2f} ms; each waits for its fdatasync",
        )
