"""`python -m bench.search.scrolling --data DIR [--rows N]`: how smoothly the list of events scrolls in real Chromium.

DIR is a data directory that `python -m bench.search --keep` left. Rows are loaded by scrolling to the end again and
again; then the list is scrolled from its top to its end, a hundred rows a frame, and the time between frames is what is
measured. The browser draws without a graphics card, and shares two cores with the server.
"""

import argparse
import statistics
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.machine import describe, row
from bench.search.first_view import context_of, launched, wait_indexed
from bench.service import serving

LOADED = """async ([rows, patience]) => {
  const list = document.querySelector(".events-list");
  const height = list.querySelector(".er:not(.bones)").offsetHeight;
  const until = performance.now() + patience;
  while (list.querySelector(".rows").offsetHeight < rows * height && performance.now() < until) {
    list.scrollTop = list.scrollHeight;
    await new Promise(requestAnimationFrame);
  }
  return Math.round(list.querySelector(".rows").offsetHeight / height);
}"""
FRAMES = """async (step) => {
  const list = document.querySelector(".events-list");
  list.scrollTop = 0;
  const frames = [];
  let last = await new Promise(requestAnimationFrame);
  while (list.scrollTop + list.clientHeight < list.scrollHeight - 1 && frames.length < 5000) {
    list.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search.scrolling", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with serving(options.data) as service, sync_playwright() as playwright:
        wait_indexed(service)
        print(f"Machine: {describe()}\n\n| what | measured | goal | notes |\n|---|---|---|---|")
        browser = launched(playwright)
        page = context_of(browser, service).new_page()
        page.goto("/ui/default/events")
        page.locator(".rows .er:not(.bones)").nth(3).wait_for()
        loaded = page.evaluate(LOADED, [options.rows, 600_000])
        report(page, loaded)
        browser.close()


def report(page: Page, loaded: int) -> None:
    frames = sorted(page.evaluate(FRAMES, 2_800))
    slow = frames[int(len(frames) * 0.99)]
    row(
        f"scrolling over {loaded:,} rows: time of a frame",
        f"p50 {statistics.median(frames):.1f} ms, p99 {slow:.1f} ms, longest {frames[-1]:.0f} ms",
        "16.7 ms is what the browser gives",
        f"{len(frames)} frames of a hundred rows",
    )


if __name__ == "__main__":
    main()
