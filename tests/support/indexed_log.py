"""A real log in a folder, and its index with small sealed segments, driven step by step."""

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graven.event.intake import JSON, Producer, prepare_events
from graven.event.redact import Redactor
from graven.index.answers.page import page
from graven.index.derive.view import VERSION, view_of
from graven.index.process.followed import FollowedLog
from graven.index.process.sealing import Sealer
from graven.index.query.matches import matches
from graven.index.query.parse import parse
from graven.log.create import create_log
from graven.log.opened import Log
from graven.log.start import open_log

__all__ = ["ROWS", "append", "events", "followed", "found", "opened", "reference", "seal_all"]

ROWS = 64
NOW_NS = 1_800_000_000_000_000_000


def events(start: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "action": f"thing.{'make' if n % 3 else 'break'}",
            "actor": {"id": f"u-{n % 7}"},
            "outcome": "failure" if n % 5 == 0 else "success",
            "id": f"e-{n}",
            "message": f"number {n} of many",
            "input": {"n": n},
        }
        for n in range(start, start + count)
    ]


@contextmanager
def opened(data: Path, name: str = "shop") -> Iterator[Log]:
    """The log, made when it is not there; closed, and so published, at the end."""
    if not (data / "logs" / name).exists():
        create_log(data, name, origin=f"test.example/{name}", clock=time.time_ns)
    log = open_log(data, name, clock=time.time_ns, state_dir=data / "state")
    try:
        yield log
    finally:
        log.close()


def append(log: Log, made: list[dict[str, Any]]) -> None:
    body = json.dumps(made).encode()
    log.append(prepare_events(body, JSON, Producer("t", "127.0.0.1"), Redactor(()), now_ns=NOW_NS))


def followed(data: Path, size: int, name: str = "shop") -> FollowedLog:
    """The index of the log, followed up to that size; an hour passes between looks, so that no pace holds it up."""
    hours = itertools.count(0, 3600)
    log = FollowedLog(data, name, clock=lambda: float(next(hours)), sealed_rows=ROWS)
    log.grew(size)
    while log.follow():
        pass
    return log


def seal_all(log: FollowedLog) -> None:
    """Seal everything that is full, in another process each, as the index does."""
    while (full := log.index.full()) is not None:
        generation = log.index.generation
        first, table = full
        leaf = log.leaf(first + len(table) - 1)
        home, secret = log.index.home, log.index.secret
        folder = Sealer().seal(table, first, home, mapper=VERSION, leaf=leaf, secret=secret)
        assert log.index.take_sealed(folder, generation)


def found(log: FollowedLog, query: str) -> list[int]:
    """Log indexes that match, by the index."""
    asked = parse(query, now_ns=NOW_NS).query
    return page(log.index.snapshot(), asked, order="oldest", limit=10_000, check=lambda: None).indexes


def reference(log: FollowedLog, query: str) -> list[int]:
    """The same, by looking at every entry of the log."""
    asked = parse(query, now_ns=NOW_NS).query
    views = (view_of(n, log.reader.entry(n), log.reader.blob) for n in range(log.index.size))
    return [view["index"] for view in views if matches(asked, view)]
