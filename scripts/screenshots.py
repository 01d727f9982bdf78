"""Makes the pictures of docs/guide/screenshots: each page of the browser UI on the demonstration's data.

    .venv/bin/python scripts/screenshots.py [--out FOLDER]

Starts `graven demo`, looks at it in Chromium (Debian's package; Playwright is among the tools for development) in a
light, a dark and a narrow window, and ends it. Waits for what a page shows, never for a time.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from palette_png import smaller
from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).parents[1]
MOST_BYTES: Final = 150_000
FAILING: Final = "test_orders.py::test_ten_pieces_have_a_discount"

WINDOWS: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": {"width": 1200, "height": 760}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 760}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 375, "height": 760}, "color_scheme": "light"},
}
PAGES: Final = {
    # page: (address, what it shows when it is ready)
    "events": ("/ui/default/events?q=-source:k8s/demo", ".rows .er .says"),
    "event": ("/ui/default/event/{corrected}", ".around li"),
    "proof": ("/ui/default/proof/{corrected}", "text=It verifies"),
    "runs": ("/ui/default/runs", "text=demo-1"),
    "run": (f"/ui/default/run/demo-1?test={FAILING}", "text=What happened in it"),
    "integrity": ("/ui/default/integrity", ".chart canvas"),
    "settings": ("/ui/default/settings", "text=Make a token"),
    "login": ("/", "text=Token"),
}


def take(browser: Browser, url: str, token: str, out: Path) -> list[Path]:
    """All pictures; gives their paths."""
    taken = []
    empty = browser.new_page()
    for window, options in WINDOWS.items():
        context = browser.new_context(
            base_url=url, locale="en-GB", timezone_id="UTC", reduced_motion="reduce", **options
        )
        page = context.new_page()
        for name, (address, ready) in PAGES.items():
            if name != "login" and not context.cookies():
                context.request.post("/v1/login", data={"token": token})
            elif name == "login":
                context.clear_cookies()
            page.goto(address.format(corrected=corrected(page, url, token)))
            page.locator(ready).first.wait_for()
            settled(page)
            path = out / f"{name}-{window}.png"
            path.write_bytes(smaller(empty, page.screenshot(animations="disabled")))
            taken.append(path)
        context.close()
    return taken


def corrected(page: Page, url: str, token: str) -> int:
    """The index of the correction of the order."""
    headers = {"authorization": f"Bearer {token}"}
    found = page.request.get(f"{url}/v1/logs/default/events?q=action:order.correct&limit=1", headers=headers)
    return int(found.json()["events"][0]["index"])


def settled(page: Page) -> None:
    """Nothing is loading, and the guard has come to its verdict."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => !document.querySelector('.loading, .bones, [aria-busy=true]')")


def main() -> int:
    """Make them; 1 when one is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "guide" / "screenshots")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "graven", "demo", "--keep", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        told = json.loads(demo.stdout.readline())
        home = Path(told["kept"])
        try:
            token = (home / "data" / "owner.token").read_text().strip()
            opened = urlsplit(told["open"])
            with sync_playwright() as playwright:
                chromium = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                taken = take(browser, f"{opened.scheme}://{opened.netloc}", token, out)
                browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=60)
            shutil.rmtree(home, ignore_errors=True)
    large = [path for path in taken if path.stat().st_size > MOST_BYTES]
    for path in taken:
        print(f"{path.stat().st_size:>8}  {path.name}")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
