"""The log's own files over HTTP, as C2SP tlog-tiles says."""

import gzip
from collections.abc import Iterator

import httpx
import pytest
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event, make_token, problem

from graven.tlog.bundle import decode_bundle
from graven.tlog.merkle import leaf_hash
from graven.verify.engine import verify
from graven.verify.source import open_source

ENTRIES = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("tiles") / "data", "--public-log", "open") as process:
        with process.client() as client:
            assert client.post("/v1/logs", json={"name": "open", "origin": "log.example/open"}).status_code == 201
            for log in ("open", "default"):
                answer = append(
                    client, *(event(id=f"e{i}") for i in range(ENTRIES)), log=log, params={"wait": "published"}
                )
                assert answer.status_code == 200, answer.text
        yield process


@pytest.fixture
def stranger(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.client(headers={}) as made:
        yield made


def test_the_checkpoint_names_the_origin_and_may_be_cached_for_a_second_only(stranger: httpx.Client) -> None:
    answer = stranger.get("/logs/open/checkpoint")
    assert answer.text.startswith(f"log.example/open\n{ENTRIES}\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=1"


def test_tiles_are_immutable_octets(stranger: httpx.Client) -> None:
    answer = stranger.get("/logs/open/tile/0/000")
    assert len(answer.content) == 256 * 32
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("width", [1, 17, 43])
def test_any_partial_width_is_answered_from_the_wider_tile(stranger: httpx.Client, width: int) -> None:
    whole = stranger.get("/logs/open/tile/0/001.p/44").content
    assert stranger.get(f"/logs/open/tile/0/001.p/{width}").content == whole[: 32 * width]
    bundle = stranger.get(f"/logs/open/tile/entries/001.p/{width}").content
    entries = decode_bundle(bundle, width)
    assert [leaf_hash(entry) for entry in entries] == [whole[32 * i : 32 * i + 32] for i in range(width)]


def test_a_bundle_is_compressed_only_for_who_accepts_it(stranger: httpx.Client) -> None:
    plain = stranger.get("/logs/open/tile/entries/000", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "accept-encoding"
    with stranger.stream("GET", "/logs/open/tile/entries/000", headers={"Accept-Encoding": "br, gzip;q=0.5"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize(
    "path",
    ["tile/0/001.p/45", "tile/0/002", "tile/5/000", "tile/00/000", "tile/0/1", "tile/0/000.p/256", "tile", "", "x"],
)
def test_what_is_not_there_or_not_spelt_so_is_404(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(f"/logs/open/{path}")
    assert answer.status_code == 404
    problem(answer)


def test_head_has_the_length_and_no_body(stranger: httpx.Client) -> None:
    answer = stranger.head("/logs/open/tile/0/000")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "8192", b"")


@pytest.mark.parametrize("path", ["checkpoint", "log.vkey", "tile/0/000", "tile/entries/000"])
def test_another_log_than_the_public_one_needs_a_token(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(f"/logs/default/{path}")
    assert (answer.status_code, problem(answer)["code"]) == (401, "missing_token")


def test_a_recorder_reads_no_tiles_and_only_an_auditor_bundles(server: ServerProcess) -> None:
    with server.client() as owner:
        recorder, operator = make_token(owner, "recorder"), make_token(owner, "operator")
        reader = make_token(owner, "reader")
    with server.client(headers=recorder) as client:
        assert client.get("/logs/default/tile/0/000").status_code == 403
    with server.client(headers=operator) as client:
        assert client.get("/logs/default/tile/0/000").status_code == 200
        assert client.get("/logs/default/tile/entries/000").status_code == 403
    with server.client(headers=reader) as client:
        assert client.get("/logs/default/tile/entries/000").status_code == 403


def test_the_verifier_accepts_the_log_over_http(server: ServerProcess) -> None:
    source = open_source(f"{server.url}/logs/open")
    try:
        report = verify(source, None)
    finally:
        source.close()
    assert not report.findings
    assert report.entries == ENTRIES
