"""HttpSource against a real HTTP server on this machine, well-behaved and otherwise."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.verify_logs import VECTOR, VECTOR_KEY, graven_entry, make_log

from graven.errors import CouldNotCheck
from graven.tlog.tiles import TilePath
from graven.verify.engine import verify
from graven.verify.remote import HttpSource
from graven.verify.report import Kind, Report, Verdict

Answer = tuple[int, dict[str, str], bytes]
TOKEN = "grv_aaaaaaaaaaaa_0123456789"


class Server:
    """Answers from files; `special` may answer a path in its own way. Keeps what was asked."""

    def __init__(self, files: Callable[[str], bytes | None]) -> None:
        self.files = files
        self.special: Callable[[str, int], Answer | None] = lambda path, times: None
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.connections = 0

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        found = self.special(path, self.asked.count(path))
        if found is not None:
            return found
        content = self.files(path)
        return (404, {}, b"{}") if content is None else (200, {}, content)


@contextmanager
def serving(server: Server) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def do_GET(self) -> None:
            server.tokens.add(self.headers.get("Authorization"))
            status, headers, body = server.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if "Content-Length" in headers:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def vector_server() -> Server:
    def files(path: str) -> bytes | None:
        file = VECTOR / path.removeprefix("/logs/v/")
        return file.read_bytes() if file.is_file() else None

    return Server(files)


def check(url: str, **options) -> Report:
    options.setdefault("workers", 0)
    delays: list[float] = []
    return verify(HttpSource(url, TOKEN, sleep=delays.append), options.pop("key", VECTOR_KEY), **options)


def source_at(base: str, delays: list[float] | None = None) -> closing[HttpSource]:
    return closing(HttpSource(f"{base}/logs/v", sleep=([] if delays is None else delays).append))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_log_over_http_is_verified(workers: int):
    server = vector_server()
    with serving(server) as base:
        report = check(f"{base}/logs/v", workers=workers)
    assert report.verdict is Verdict.FINE, report.text()
    assert (report.entries, report.files) == (300, 5)
    assert server.tokens == {f"Bearer {TOKEN}"}


def test_connections_are_kept(tmp_path: Path):
    log = make_log(tmp_path, 30 * 256)
    server = Server(lambda path: _file(log.root, path))
    with serving(server) as base:
        report = check(f"{base}/logs/default", key=None)
    assert report.verdict is Verdict.FINE
    assert report.trusted_on_first_use
    assert len(server.asked) > 60
    assert server.connections < len(server.asked) / 2


def test_a_missing_tile_is_tampering():
    server = vector_server()
    server.special = lambda path, times: (404, {}, b"") if path.endswith("tile/entries/000") else None
    with serving(server) as base:
        report = check(f"{base}/logs/v")
    assert [(finding.code, finding.path) for finding in report.findings] == [("missing", "tile/entries/000")]


def test_an_altered_tile_is_tampering():
    server = vector_server()
    server.special = lambda path, times: (200, {}, bytes(8192)) if path.endswith("tile/0/000") else None
    with serving(server) as base:
        assert check(f"{base}/logs/v").verdict is Verdict.TAMPERED


def test_a_partial_that_is_gone_is_cut_from_the_full_tile(tmp_path: Path):
    log = make_log(tmp_path, 300)
    old = log.checkpoint()
    log.grow(*map(graven_entry, range(300, 512)))
    server = Server(lambda path: _file(log.root, path))
    server.special = lambda path, times: (
        (200, {}, old) if path.endswith("checkpoint") else (404, {}, b"") if ".p/" in path and "/0" in path else None
    )
    with serving(server) as base:
        report = check(f"{base}/logs/default", key=log.key)
    assert {finding.path for finding in report.findings} == {"tile/1/000.p/1"}
    assert report.entries == 300


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_could_not_be_checked_and_the_hint_says_token(status: int):
    server = vector_server()
    server.special = lambda path, times: (status, {}, b"{}")
    with serving(server) as base:
        report = check(f"{base}/logs/v")
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert "token" in report.findings[0].hint
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed_so_the_token_stays_here():
    server = vector_server()
    server.special = lambda path, times: (302, {"Location": "http://127.0.0.1:1/"}, b"")
    with serving(server) as base:
        report = check(f"{base}/logs/v")
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert "redirect" in report.findings[0].hint


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int):
    server = vector_server()
    server.special = lambda path, times: (status, {}, b"") if times < 3 else None
    with serving(server) as base:
        assert check(f"{base}/logs/v").verdict is Verdict.FINE


def test_the_wait_grows_and_honours_retry_after_up_to_a_bound():
    server = vector_server()
    server.special = lambda path, times: (503, {"Retry-After": "7" if times == 2 else "99999"}, b"")
    delays: list[float] = []
    unavailable = pytest.raises(CouldNotCheck, match="5 attempts: status 503")
    with serving(server) as base, source_at(base, delays) as source, unavailable:
        source.fetch_checkpoint()
    assert delays == [30.0, 7.0, 30.0, 30.0]


def test_nobody_there_could_not_be_checked():
    with serving(vector_server()) as base:
        pass
    report = check(f"{base}/logs/v")
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert report.findings[0].code == "unreachable"


def test_a_place_that_stops_answering_in_the_middle_ends_the_verification():
    server = vector_server()
    server.special = lambda path, times: (500, {}, b"") if "entries" in path else None
    with serving(server) as base:
        report = check(f"{base}/logs/v")
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert not report.complete


def test_a_body_that_is_cut_is_fetched_again():
    server = vector_server()
    server.special = lambda path, times: (200, {"Content-Length": "500"}, b"log.ex") if times == 1 else None
    with serving(server) as base:
        assert check(f"{base}/logs/v").verdict is Verdict.FINE


def test_an_endless_body_is_not_read_to_its_end():
    server = vector_server()
    server.special = lambda path, times: (200, {"Content-Length": str(1 << 40)}, bytes(2 << 20))
    with serving(server) as base, source_at(base) as source, pytest.raises(CouldNotCheck, match="more than"):
        source.fetch_checkpoint()


def test_a_compressed_body_is_accepted_and_a_bomb_is_not():
    server = vector_server()

    def compressed(path: str, times: int) -> Answer | None:
        content = server.files(path)
        return None if content is None else (200, {"Content-Encoding": "gzip"}, gzip.compress(content))

    server.special = compressed
    with serving(server) as base:
        assert check(f"{base}/logs/v").verdict is Verdict.FINE
    bomb = gzip.compress(bytes(64 << 20))
    server.special = lambda path, times: (200, {"Content-Encoding": "gzip"}, bomb)
    with serving(server) as base, source_at(base) as source, pytest.raises(CouldNotCheck, match="too large"):
        source.fetch(TilePath(0, 0, 256))


def test_blobs_are_read_from_the_server(tmp_path: Path):
    log = make_log(tmp_path, 0)
    digest = log.put_blob(b"content")
    log.grow(graven_entry(0, blob=(digest, 7)))

    def files(path: str) -> bytes | None:
        if path == f"/prefix/v1/blobs/{digest}":
            return b"content"
        return _file(log.root, path.removeprefix("/prefix"))

    with serving(Server(files)) as base:
        report = check(f"{base}/prefix/logs/default", key=log.key)
    assert report.verdict is Verdict.FINE, report.text()
    assert report.blobs == 1


def test_no_more_of_a_blob_is_read_than_the_entry_says_and_one_byte():
    with serving(Server(lambda path: b"x" * 5_000_000 if "/v1/blobs/" in path else None)) as base:
        source = HttpSource(f"{base}/logs/default")
        chunks = source.open_blob("sha256:" + "0" * 64, 1_000)
        source.close()
        assert chunks is not None
        assert sum(map(len, chunks)) == 1_001


def test_a_place_that_is_not_gravens_has_no_blobs(tmp_path: Path):
    assert HttpSource("http://127.0.0.1:1/mirror").open_blob("sha256:" + "0" * 64) is None


def _file(root: Path, path: str) -> bytes | None:
    file = root / path.removeprefix("/logs/default/")
    return file.read_bytes() if file.is_file() else None


def test_a_large_blob_is_streamed_and_a_cut_one_is_fetched_again(tmp_path: Path):
    log = make_log(tmp_path, 0)
    content = bytes(range(256)) * (20 << 12)
    digest = log.put_blob(content)
    log.grow(graven_entry(0, blob=(digest, len(content))))
    server = Server(lambda path: content if "blobs" in path else _file(log.root, path))
    server.special = lambda path, times: (
        (200, {"Content-Length": str(len(content))}, content[:1000]) if "blobs" in path and times == 1 else None
    )
    with serving(server) as base:
        report = check(f"{base}/logs/default", key=log.key)
    assert report.verdict is Verdict.FINE, report.text()
    assert report.blob_bytes == len(content)


def test_an_address_without_a_log_could_not_be_checked_and_the_server_s_advice_is_relayed():
    server = Server(lambda path: None)
    unknown = b'{"error":{"code":"unknown_log","message":"m","hint":"did you mean default?","details":{}}}'
    server.special = lambda path, times: (404, {}, unknown)
    with serving(server) as address:
        (finding,) = verify(HttpSource(f"{address}/logs/defualt"), VECTOR_KEY, workers=0).findings
    assert (finding.kind, finding.code, finding.hint) == (Kind.COULD_NOT_CHECK, "no_log", "did you mean default?")


def test_a_web_page_is_no_log():
    server = Server(lambda path: b"<!DOCTYPE html><html></html>")
    with serving(server) as address:
        (finding,) = verify(HttpSource(address), VECTOR_KEY, workers=0).findings
    assert (finding.kind, finding.code) == (Kind.COULD_NOT_CHECK, "no_log")


@pytest.mark.parametrize("page", [None, b"<html>"])
def test_a_log_that_shows_no_checkpoint_is_tampered(page: bytes | None):
    server = vector_server()
    server.special = lambda path, times: (
        ((404, {}, b"") if page is None else (200, {}, page)) if path.endswith("checkpoint") else None
    )
    with serving(server) as address:
        (finding,) = verify(HttpSource(f"{address}/logs/v"), VECTOR_KEY, workers=0).findings
    assert (finding.kind, finding.code) == (Kind.TAMPERED, "missing")


def test_where_nobody_ever_answered_nothing_is_tried_again():
    slept: list[float] = []
    source = HttpSource("http://127.0.0.1:1/logs/v", sleep=slept.append)
    with pytest.raises(CouldNotCheck, match="nobody answers"):
        source.fetch_checkpoint()
    assert slept == []
