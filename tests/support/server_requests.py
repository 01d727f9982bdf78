"""Requests that tests of the server repeat, and the one error shape."""

import socket
import ssl
from typing import Any

import httpx

__all__ = ["append", "event", "make_token", "problem", "raw_exchange", "size"]


def event(**fields: Any) -> dict[str, Any]:
    """The smallest valid event, plus `fields`."""
    return {"action": "order.create", "actor": {"id": "alice"}, **fields}


def append(client: httpx.Client, *events: dict[str, Any], log: str = "default", **options: Any) -> httpx.Response:
    """POST the events as a JSON array."""
    return client.post(f"/v1/logs/{log}/events", json=list(events), **options)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The error of an answer, after checking that it has exactly the one shape."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert list(error) == ["code", "message", "hint", "details"]
    assert isinstance(error["code"], str)
    assert error["code"]
    assert isinstance(error["message"], str)
    assert error["message"]
    assert isinstance(error["hint"], str)
    assert isinstance(error["details"], dict)
    return error


def size(client: httpx.Client, log: str = "default") -> int:
    """Committed entries of a log."""
    return next(info["size"] for info in client.get("/v1/logs").json()["logs"] if info["name"] == log)


def make_token(client: httpx.Client, *roles: str, logs: list[str] | None = None) -> dict[str, str]:
    """Headers with a new token."""
    body: dict[str, Any] = {"name": "-".join(roles), "roles": list(roles)}
    if logs is not None:
        body["logs"] = logs
    answer = client.post("/v1/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def raw_exchange(url: str, *pieces: bytes, half_close: bool = False, tls: ssl.SSLContext | None = None) -> bytes:
    """Send bytes as they are and read until the server closes; for requests no client library makes."""
    host, _, port = url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as plain:
        stream = tls.wrap_socket(plain, server_hostname=host) if tls is not None else plain
        for piece in pieces:
            stream.sendall(piece)
        if half_close:
            stream.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := stream.recv(65536):
            answer += piece
        return answer
