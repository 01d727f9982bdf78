"""A server that is searched: recording, and waiting until the index has it."""

import json
import time
from collections.abc import Iterable
from typing import Any

import httpx

__all__ = ["all_pages", "index_pid", "record", "search", "wait_indexed"]

PATIENCE_S = 60


def record(client: httpx.Client, events: Iterable[dict[str, Any]], log: str = "default") -> int:
    """Append events, wait until they are indexed; gives the index of the first."""
    body = "\n".join(json.dumps(event) for event in events)
    answer = client.post(
        f"/v1/logs/{log}/events", content=body, headers={"content-type": "application/x-ndjson"}
    ).raise_for_status()
    answer = answer.json()
    wait_indexed(client, answer["first"] + answer["count"], log)
    return int(answer["first"])


def wait_indexed(client: httpx.Client, size: int, log: str = "default") -> None:
    """Until the index has that many entries of the log. Asked over and over: the server says when it has."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        states = client.get("/v1/index").raise_for_status().json()["logs"]
        if any(state["name"] == log and state["indexed"] >= size for state in states):
            return
        assert time.monotonic() < deadline, f"not indexed in time: {states}"


def search(client: httpx.Client, query: str, log: str = "default", **parameters: Any) -> dict[str, Any]:
    """One page."""
    answer = client.get(f"/v1/logs/{log}/events", params={"q": query, **parameters})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def all_pages(client: httpx.Client, query: str, **parameters: Any) -> list[int]:
    """Log indexes of all matches, by following cursors."""
    found: list[int] = []
    page = search(client, query, **parameters)
    while True:
        found += [row["index"] for row in page["events"]]
        if page["next"] is None:
            return found
        page = search(client, query, cursor=page["next"], **parameters)


def index_pid(server_pid: int) -> int:
    """The index process of a server."""
    from pathlib import Path

    from tests.support.process_tree import children_of

    for pid in children_of(server_pid):
        if b"graven.index.process" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("the server has no index process")
