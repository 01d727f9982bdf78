"""The browser UI over HTTP: `/` and `/ui/…` give the page, `/assets/<digest>/…` its files. GET and HEAD, no token.

The digest is that of all files together, so a file never changes under its address and is cached for ever; the page
that names the addresses is asked for anew each time. Files are read at the first request and compressed once, both in
a thread: the recorder has the event loop.
"""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import zstandard

from graven.errors import NotFound
from graven.server.problems import send_problem

__all__ = ["SECURITY_HEADERS", "WebFiles", "WebPages"]

Send = Callable[[Any], Awaitable[None]]

_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
"""What is served; type declarations and read-mes are not."""

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

_ASSETS = "/assets/"
_FIRST = ("app.js", "pages/events/page.js")
"""The shell, and the view that most visits begin with: the browser asks for all of it at once, and waits for no chain
of imports."""
_IMPORT = re.compile(r"^(?:import|export)\b[^;\"']*?(?:from ?)?[\"'](\.[^\"']+)[\"']", re.MULTILINE)
_MINIFIED_IMPORT = re.compile(r"\b(?:from|import) ?\"(\.[^\"]+)\"")
_DIGEST_CHARS = 16


_SMALL_BYTES = 200
_ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda plain: zstandard.ZstdCompressor(level=19).compress(plain),
    "gzip": lambda plain: gzip.compress(plain, 9, mtime=0),
}
"""Those that are preferred first."""


class _File:
    """One body in the encodings that browsers ask for, each made when it is first wanted."""

    def __init__(self, body: bytes, media_type: bytes) -> None:
        self.plain = body
        self.media_type = media_type
        self.etag = hashlib.sha256(body).hexdigest()[:_DIGEST_CHARS]

        self._made: dict[str, bytes] = {}

    async def encoded(self, accepted: frozenset[str]) -> tuple[bytes, bytes | None]:
        """Body and its coding; small ones stay as they are."""
        coding = next((one for one in _ENCODERS if one in accepted), None)
        if len(self.plain) <= _SMALL_BYTES or coding is None:
            return self.plain, None
        body = self._made.get(coding)
        if body is None:
            body = self._made[coding] = await asyncio.to_thread(_ENCODERS[coding], self.plain)
        return body, coding.encode()


class WebFiles:
    """All files of `graven.web`, by their paths below it, and the page that loads them."""

    def __init__(self, root: Traversable | None = None) -> None:
        found = dict(_walk(root if root is not None else resources.files("graven") / "web", ""))
        page = found.pop("index.html").decode()
        every = hashlib.sha256(page.encode())
        for path in sorted(found):
            every.update(b"%d %b %d " % (len(path), path.encode(), len(found[path])))
            every.update(found[path])
        self.digest = every.hexdigest()[:_DIGEST_CHARS]
        self.base = f"{_ASSETS}{self.digest}/"
        self.files = {path: _File(body, _TYPES["." + path.rpartition(".")[2]]) for path, body in found.items()}
        modules = dict.fromkeys(module for path in _FIRST for module in self.modules_of(path))
        preload = "\n".join(f'<link rel="modulepreload" href="{self.base}{path}">' for path in modules)
        page = page.replace("{preload}", preload).replace("{base}", self.base)
        self.page = _File(page.encode(), b"text/html; charset=utf-8")

    def modules_of(self, path: str) -> list[str]:
        """The module and everything that it imports at once, itself first; what it loads later is not in it."""
        seen = [path]
        for module in seen:
            for imported in _imports(self.files[module].plain.decode()):
                target = _resolved(module, imported)
                if target in self.files and target not in seen:
                    seen.append(target)
        return seen


class WebPages:
    """Answers what `takes` says yes to."""

    def __init__(self) -> None:
        self._files: WebFiles | None = None

    async def files(self) -> WebFiles:
        """The files, read when first asked for: the start of the server does not wait for them."""
        if self._files is None:
            self._files = await asyncio.to_thread(WebFiles)
        return self._files

    def takes(self, path: str) -> bool:
        """Whether this path is the UI's."""
        return path == "/" or path.startswith(("/ui/", _ASSETS)) or path == "/ui"

    async def __call__(self, scope: Any, send: Send) -> None:
        """Handle one GET or HEAD."""
        path: str = scope["path"]
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        files = await self.files()
        if path.startswith(_ASSETS):
            digest, _, name = path.removeprefix(_ASSETS).partition("/")
            file = files.files.get(name) if digest == files.digest else None
            cache = b"public, max-age=31536000, immutable"
        else:
            file = files.page
            cache = b"no-cache"
        if file is None:
            await send_problem(
                send, NotFound(f"there is no {path[:200]!r}", hint="reload the page: the server was upgraded")
            )
            return
        body, coding = await file.encoded(_accepted(headers.get(b"accept-encoding", b"")))
        etag = f'"{file.etag}{"-" + coding.decode() if coding else ""}"'.encode()
        answer = [
            (b"etag", etag),
            (b"cache-control", cache),
            (b"vary", b"accept-encoding"),
            *SECURITY_HEADERS,
        ]
        status = 200
        if etag in [one.strip().removeprefix(b"W/") for one in headers.get(b"if-none-match", b"").split(b",")]:
            status, body = 304, b""
        else:
            answer += [(b"content-type", file.media_type), (b"content-length", b"%d" % len(body))]
            if coding:
                answer.append((b"content-encoding", coding))
        await send({"type": "http.response.start", "status": status, "headers": answer})
        await send({"type": "http.response.body", "body": body})


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        path = prefix + one.name
        if one.is_dir():
            found += _walk(one, f"{path}/")
        elif path == "index.html" or "." + path.rpartition(".")[2] in _TYPES:
            found.append((path, one.read_bytes()))
    return found


def _imports(module: str) -> list[str]:
    return [*_IMPORT.findall(module), *_MINIFIED_IMPORT.findall(module)]


def _resolved(module: str, imported: str) -> str:
    parts = module.split("/")[:-1]
    for part in imported.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _accepted(header: bytes) -> frozenset[str]:
    """Codings that `Accept-Encoding` names with a weight above zero."""
    found = set()
    for part in header.decode("latin-1").lower().split(","):
        coding, _, weight = part.partition(";")
        quality = weight.strip().removeprefix("q=")
        if not quality or quality.strip("0.") != "":
            found.add(coding.strip())
    return frozenset(found)
