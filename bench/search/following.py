"""`python -m bench.search.following`: what the index costs the recorder, and how soon an event is seen.

Batches of 1,000 from one client process, without and with the index process, in turn; the ratio is of the medians. Then
events at a steady rate from such a process, and from time to time one more is recorded and asked for by its id until
search shows it.
"""

import argparse
import http.client
import json
import os
import statistics
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from bench.load import run_load
from bench.machine import describe, directory, row
from bench.service import Service, serving


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search.following", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dir", type=directory, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    print(f"Machine: {describe()}; files under {options.dir}\n\n| what | measured | goal | notes |\n|---|---|---|---|")
    rates: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(options.rounds):
        for indexed in (False, True):
            with running(options.dir, indexed) as service:
                rates[indexed].append(run_load(service.host, service.port, service.token, seconds=options.seconds).rate)
    without, with_index = statistics.median(rates[False]), statistics.median(rates[True])
    row(
        "appends with the index following, of appends without",
        f"{with_index / without:.2f}",
        ">= 0.80",
        f"{with_index:,.0f} and {without:,.0f} events/s; all rounds: "
        + ", ".join(f"{b / a:.2f}" for a, b in zip(rates[False], rates[True], strict=True)),
    )
    for rate in (1_000, 10_000, 20_000, 30_000, 60_000):
        with running(options.dir, indexed=True) as service:
            reached, lags = visibility(service, rate, options.seconds)
            if not lags:
                raise SystemExit("no event was asked for while others were recorded: give it more --seconds")
            row(
                f"seen by search, at {reached:,.0f} events/s ({rate:,} asked for)",
                f"p50 {statistics.median(lags):.2f} s, longest {max(lags):.2f} s",
                "<= 1 s",
                f"{len(lags)} events asked for by id from their acknowledgement on",
            )


class running:  # noqa: N801 - reads as the verb it is
    """A server on a fresh data directory."""

    def __init__(self, directory: Path, indexed: bool) -> None:
        self._scratch = tempfile.TemporaryDirectory(dir=directory)
        os.environ["GRAVEN_INDEX_ENABLED"] = str(indexed).lower()
        self._serving = serving(Path(self._scratch.name) / "data")

    def __enter__(self) -> Service:
        return self._serving.__enter__()

    def __exit__(self, *error: object) -> None:
        self._serving.__exit__(*error)
        self._scratch.cleanup()


def visibility(service: Service, rate: int, seconds: float) -> tuple[float, list[float]]:
    """The rate that was reached, and for each event that was asked for the seconds until search showed it."""
    lags: list[float] = []
    done = threading.Event()
    asking = threading.Thread(target=ask, args=(service, done, lags))
    asking.start()
    reached = run_load(service.host, service.port, service.token, seconds=seconds, rate=rate).rate
    done.set()
    asking.join()
    return reached, lags


def ask(service: Service, done: threading.Event, lags: list[float]) -> None:
    """Until `done`, record an event and ask for it until search shows it; how long that took goes to `lags`."""
    connection = http.client.HTTPConnection(service.host, service.port, timeout=120)
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    number = 0
    while not done.wait(0.2):
        number += 1
        event = {"action": "probe.seen", "actor": {"id": "probe"}, "id": f"probe-{number}"}
        connection.request("POST", "/v1/logs/default/events", json.dumps(event), headers)
        index = json.loads(connection.getresponse().read())["first"]
        acknowledged = time.perf_counter()
        path = "/v1/logs/default/events?" + urllib.parse.urlencode({"q": f"id:probe-{number}", "limit": 1})
        while True:
            connection.request("GET", path, headers=headers)
            answer = json.loads(connection.getresponse().read())
            if answer.get("events"):
                break
            time.sleep(0.01)
        if index >= number:  # others record by now
            lags.append(time.perf_counter() - acknowledged)


if __name__ == "__main__":
    main()
