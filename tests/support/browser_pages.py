"""Pages in real Chromium, watched: a console error, a breach of the policy or a request to elsewhere fails the test."""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

__all__ = ["CHROMIUM", "FLAGS", "Watch", "axe_source", "open_context", "serious"]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()

WEB_TOOLS = Path(__file__).parents[2] / "scripts" / "web"


class Watch:
    """What a page did that it must not do. `expected` lets console errors pass, by a pattern of text and address."""

    def __init__(self, *origins: str) -> None:
        self.origins = {urlsplit(origin).netloc for origin in origins}
        self.expected: list[re.Pattern[str]] = []
        self.wrong: list[str] = []

    def expect(self, pattern: str) -> None:
        """Let console errors pass that this pattern is found in."""
        self.expected.append(re.compile(pattern))

    def follow(self, page: Page) -> None:
        """Watch this page."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"exception: {error}"))
        page.on("request", self._requested)

    def _said(self, message: ConsoleMessage) -> None:
        text = f"{message.text} {message.location.get('url', '')}"
        if message.type in ("error", "warning") and not any(one.search(text) for one in self.expected):
            self.wrong.append(f"console: {text}")

    def _requested(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.netloc not in self.origins:
            self.wrong.append(f"request to elsewhere: {request.url}")


def open_context(browser: Browser, url: str, token: str, **options: object) -> BrowserContext:
    """A context with a session of this token."""
    context = browser.new_context(base_url=url, **{"locale": "en-GB", "timezone_id": "UTC", **options})  # type: ignore[arg-type]
    answer = context.request.post("/v1/login", data={"token": token})
    assert answer.ok, answer.text()
    return context


def axe_source() -> str:
    """axe-core, from the tools' folder, installed there when it is missing; "" when it cannot be had."""
    script = WEB_TOOLS / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file() and shutil.which("npm") is not None:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=WEB_TOOLS, check=False, timeout=240, capture_output=True)
    return script.read_text() if script.is_file() else ""


def serious(page: Page, source: str, *, colours_only: bool = False) -> list[str]:
    """Serious and critical findings of axe-core, as rule and element. Themes differ in nothing but colours."""
    page.evaluate(source)
    rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if colours_only else {}
    report = page.evaluate("(options) => axe.run(document, options)", {"resultTypes": ["violations"], **rules})
    return [
        f"{one['id']}: {node['html'][:200]} {node['any'][0]['message'] if node['any'] else ''}"
        for one in report["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
