"""The files of the browser UI as they are served: addresses, caching, encodings, policy."""

import asyncio
import gzip
import re
from typing import Any

import pytest
import zstandard

from graven.server.web import WebPages

FIRST_VIEW_BYTES = 150_000
PAGES = WebPages()
FILES = asyncio.run(PAGES.files())


def get(path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(PAGES({"path": path, "headers": raw, "method": "GET"}, send))
    start, *bodies = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, b"".join(message["body"] for message in bodies)


def assets() -> list[str]:
    return [FILES.base + path for path in FILES.files]


@pytest.mark.parametrize("path", ["/", "/ui", "/ui/", "/ui/default/events", "/ui/x/event/5"])
def test_every_view_is_the_same_page(path: str) -> None:
    assert PAGES.takes(path)
    status, headers, body = get(path)
    assert (status, headers["content-type"], headers["cache-control"]) == (200, "text/html; charset=utf-8", "no-cache")
    assert b"{base}" not in body
    assert b"{preload}" not in body


@pytest.mark.parametrize("path", ["/v1/logs", "/logs/default/checkpoint", "/uix", "/schema", "/metrics"])
def test_other_paths_are_left_alone(path: str) -> None:
    assert not PAGES.takes(path)


def test_all_that_the_page_names_is_served_and_cached_for_ever() -> None:
    _, _, body = get("/")
    named = re.findall(rb'(?:src|href)="(/assets/[^"]+)"', body)
    assert len(named) > 20
    for path in named:
        status, headers, _ = get(path.decode())
        assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable"), path


def test_every_import_leads_to_a_file() -> None:
    files = FILES
    for path in files.files:
        if path.endswith(".js") and not path.startswith("vendor/"):
            for module in files.modules_of(path):
                assert module in files.files
            text = files.files[path].plain.decode()
            for imported in re.findall(r"""import\("(\.[^"]+)"\)""", text):
                parts = path.split("/")[:-1]
                for part in imported.split("/"):
                    parts = parts[:-1] if part == ".." else parts if part == "." else [*parts, part]
                assert "/".join(parts) in files.files, f"{path} imports {imported}"


def test_a_file_of_another_version_is_not_found() -> None:
    status, _, body = get("/assets/0000000000000000/app.js")
    assert status == 404
    assert b"reload the page" in body


@pytest.mark.parametrize(
    "path", ["../server/web.py", "index.html", "package.json", "vendor/README.md", "vendor/htm.d.ts", ""]
)
def test_nothing_else_is_served(path: str) -> None:
    assert get(FILES.base + path)[0] == 404


def test_bodies_are_compressed_as_the_browser_likes() -> None:
    path = FILES.base + "style.css"
    plain = get(path)
    assert "content-encoding" not in plain[1]
    _, headers, body = get(path, accept_encoding="gzip, deflate, br, zstd")
    assert headers["content-encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(body) == plain[2]
    _, headers, body = get(path, accept_encoding="gzip, zstd;q=0")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == plain[2]
    assert {get(path, accept_encoding=one)[1]["etag"] for one in ("", "gzip", "zstd")} == {
        plain[1]["etag"],
        plain[1]["etag"][:-1] + '-gzip"',
        plain[1]["etag"][:-1] + '-zstd"',
    }


def test_what_the_browser_has_is_not_sent_again() -> None:
    etag = get("/")[1]["etag"]
    assert get("/", if_none_match=f'"x", W/{etag}') == (304, get("/", if_none_match=etag)[1], b"")
    assert get("/", if_none_match='"x"')[0] == 200


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    for path in ("/", FILES.base + "app.js"):
        policy = get(path)[1]["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
    _, headers, body = get("/")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert not re.search(rb"<script(?![^>]*src=)|\sstyle=|\son[a-z]+=", body)


def test_no_file_names_another_host() -> None:
    for path, file in FILES.files.items():
        if not path.startswith("vendor/"):
            hosts = re.findall(rb"""["'`(](?:https?:)?//([a-z0-9.-]+\.[a-z]+)""", file.plain)
            assert hosts in ([], [b"www.w3.org"]), path


def packed(file) -> int:
    """Bytes of the file as a browser without zstd gets it."""
    return len(asyncio.run(file.encoded(frozenset({"gzip"})))[0])


def test_the_first_view_is_small() -> None:
    """The page, what it loads at once, charts, all styles, and the largest page with all that it imports."""
    files = FILES
    shell = {*files.modules_of("app.js"), "vendor/uplot.js"}
    pages = [path for path in files.files if re.fullmatch(r"pages/\w+/page\.js", path)]
    most = max(sum(packed(files.files[m]) for m in shell | set(files.modules_of(page))) for page in pages)
    styles = sum(packed(file) for path, file in files.files.items() if path.endswith(".css"))
    assert most + styles + packed(files.page) < FIRST_VIEW_BYTES


def test_the_first_view_is_loaded_without_a_chain_of_imports() -> None:
    _, _, body = get("/")
    preloaded = re.findall(rb'rel="modulepreload" href="/assets/[0-9a-f]+/([^"]+)"', body)
    wanted = {*FILES.modules_of("app.js"), *FILES.modules_of("pages/events/page.js")}
    assert {path.decode() for path in preloaded} == wanted


def test_no_style_of_one_sheet_reaches_into_another() -> None:
    """Sheets stay loaded when one goes on to another page: a class that begins a selector belongs to one of them."""
    owners: dict[str, set[str]] = {}
    for path, file in FILES.files.items():
        if path.endswith(".css") and not path.startswith("vendor/"):
            text = re.sub(r"/\*.*?\*/", "", file.plain.decode(), flags=re.DOTALL)
            for selectors in re.findall(r"([^{}]+)\{", text):
                for name in re.findall(r"(?:^|,)\s*(?:[a-z]+)?\.([\w-]+)", selectors):
                    owners.setdefault(name, set()).add(path)
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}
