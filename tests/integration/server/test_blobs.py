"""Blobs: uploaded, attached, and read only with the right to read a log that refers to them."""

import contextlib
import hashlib
import socket
from typing import Any

import httpx
import pytest
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event, make_token, problem


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def attachment(content: bytes) -> dict[str, Any]:
    return {
        "name": "a.bin",
        "media_type": "application/octet-stream",
        "digest": digest_of(content),
        "size": len(content),
    }


def test_an_upload_answers_with_digest_and_size(client: httpx.Client) -> None:
    content = bytes(range(256)) * 8192
    answer = client.put("/v1/blobs", content=content)
    assert answer.status_code == 200
    assert answer.json() == {"digest": digest_of(content), "size": len(content)}


def test_an_empty_blob_is_a_blob(client: httpx.Client) -> None:
    assert client.put("/v1/blobs", content=b"").json() == {"digest": digest_of(b""), "size": 0}


def test_a_blob_is_read_back_by_who_may_read_the_log_that_refers_to_it(
    client: httpx.Client, server: ServerProcess
) -> None:
    content = b"screenshot" * 100_000
    client.put("/v1/blobs", content=content)
    assert append(client, event(attachments=[attachment(content)])).status_code == 200
    with server.client(headers=make_token(client, "reader", logs=["default"])) as reader:
        answer = reader.get(f"/v1/blobs/{digest_of(content)}")
    assert answer.status_code == 200
    assert answer.content == content


def test_a_blob_that_no_readable_log_refers_to_looks_absent(client: httpx.Client, server: ServerProcess) -> None:
    content = b"of another log"
    client.post("/v1/logs", json={"name": "other"})
    client.put("/v1/blobs", content=content)
    append(client, event(attachments=[attachment(content)]), log="other")
    with server.client(headers=make_token(client, "reader", logs=["default"])) as reader:
        hidden = reader.get(f"/v1/blobs/{digest_of(content)}")
        absent = reader.get(f"/v1/blobs/{digest_of(b'never there')}")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert problem(hidden)["code"] == problem(absent)["code"] == "blob_not_found"


def test_nobody_attaches_what_somebody_else_uploaded(client: httpx.Client, server: ServerProcess) -> None:
    content = b"uploaded by the owner, attached by nobody"
    client.put("/v1/blobs", content=content)
    with server.client(headers=make_token(client, "recorder")) as recorder:
        refused = append(recorder, event(attachments=[attachment(content)]))
    assert (refused.status_code, problem(refused)["code"]) == (422, "unknown_attachment")


def test_an_attachment_with_another_size_is_refused(client: httpx.Client) -> None:
    content = b"twelve bytes"
    client.put("/v1/blobs", content=content)
    refused = append(client, event(attachments=[{**attachment(content), "size": 11}]))
    assert (refused.status_code, problem(refused)["code"]) == (422, "unknown_attachment")


@pytest.mark.parametrize("digest", ["sha256:" + "AB" * 32, "sha256:12", "md5:" + "ab" * 16])
def test_a_malformed_digest_is_refused(client: httpx.Client, digest: str) -> None:
    answer = client.get(f"/v1/blobs/{digest}")
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_digest")


def test_a_recorder_reads_no_blobs_and_a_reader_uploads_none(client: httpx.Client, server: ServerProcess) -> None:
    with server.client(headers=make_token(client, "recorder")) as recorder:
        assert recorder.get(f"/v1/blobs/{digest_of(b'')}").status_code == 403
    with server.client(headers=make_token(client, "reader")) as reader:
        assert reader.put("/v1/blobs", content=b"x").status_code == 403


def test_a_blob_above_its_limit_is_refused_and_leaves_no_file(tmp_path: Any) -> None:
    data = tmp_path / "data"
    with running_server(data, "--limits-blob-bytes", "1000") as server, server.client() as client:
        before = sorted((data / "blobs").rglob("*"))
        announced = client.put("/v1/blobs", content=b"x" * 1001)
        chunked = client.put("/v1/blobs", content=iter([b"x" * 600, b"x" * 600]))
        assert (announced.status_code, chunked.status_code) == (413, 413)
        assert sorted(path for path in (data / "blobs").rglob("*") if path.is_file()) == [
            path for path in before if path.is_file()
        ]


def test_uploads_that_dawdle_keep_nobody_from_reading(client: httpx.Client, server: ServerProcess) -> None:
    index = append(client, event(id="read-beside-uploads")).json()["first"]
    host, _, port = server.url.partition("://")[2].partition(":")
    head = f"PUT /v1/blobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
    head += "Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            upload = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            upload.sendall(head.encode())
            assert upload.recv(1024).startswith(b"HTTP/1.1 100 ")  # from here on it waits for this body
        assert client.get(f"/v1/logs/default/events/{index}", timeout=5).status_code == 200
