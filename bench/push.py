"""`python -m bench.push [--events N] [--dir DIR]`: `graven push` to a local server, beside a batch append of the same.

Both send the same events over one connection to the same server; the append sends NDJSON batches of 1,000 as a
producer does. The push is the whole command (verification of the source included, and once without it).
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.corpus import batches
from bench.machine import describe, directory
from bench.service import Service, serving
from graven.event.intake import NDJSON, Producer, prepare_events
from graven.event.redact import Redactor
from graven.log import create_log, open_log

__all__ = ["main"]


def _record(data: Path, bodies: list[bytes]) -> None:
    """A job's log, as the pytest recorder writes it."""
    create_log(data, "default", clock=time.time_ns)
    log = open_log(data, "default", clock=time.time_ns)
    redactor = Redactor(None, "bench", bytes(32))
    for body in bodies:
        batch = prepare_events(body, NDJSON, Producer("local", "127.0.0.1"), redactor, now_ns=time.time_ns())
        log.append(batch)
    log.close()


def _append(service: Service, bodies: list[bytes]) -> float:
    connection = http.client.HTTPConnection(service.host, service.port, timeout=120)
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": NDJSON}
    started = time.perf_counter()
    for body in bodies:
        while True:
            connection.request("POST", "/v1/logs/default/events", body, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            if response.status != 429:
                break
            time.sleep(0.05)
        assert response.status == 200, answer
    return time.perf_counter() - started


def _push(service: Service, data: Path, *flags: str) -> tuple[float, dict[str, int]]:
    command = [sys.executable, "-m", "graven", "push", str(data), "--json", "--server", service.url, *flags]
    started = time.perf_counter()
    ran = subprocess.run(command, env={**os.environ, "GRAVEN_TOKEN": service.token}, capture_output=True, check=True)
    return time.perf_counter() - started, json.loads(ran.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.push", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--dir", type=directory, default=Path(tempfile.gettempdir()), help="file system to measure on")
    options = parser.parse_args()
    bodies = [batch.fresh() for batch in batches(options.events // 1000)]
    count = 1000 * len(bodies)
    print(f"Machine: {describe()}; {count:,} events of {sum(map(len, bodies)) // count} bytes\n")
    print("| what | events/s | of the append |\n|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        job, target = Path(folder) / "job", Path(folder) / "data"
        _record(job, bodies)
        with serving(target) as service:
            append = count / _append(service, bodies)
            print(f"| append of the same events | {append:,.0f} | 1 |")
            for what, flags in (("push, first", ("--no-verify",)), ("push again", ())):
                took, done = _push(service, job, *flags)
                assert done["size"] == count
                assert done["new"] == (count if what == "push, first" else 0), done
                print(f"| {what} {' '.join(flags)} | {count / took:,.0f} | {count / took / append:.2f} |")
        with serving(Path(folder) / "other") as service:
            took, done = _push(service, job)
            assert done["new"] == count
            print(f"| push, first, verified before | {count / took:,.0f} | {count / took / append:.2f} |")


if __name__ == "__main__":
    main()
