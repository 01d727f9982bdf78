"""Entries as a log holds them, for folds over runs."""

import json
from typing import Any

__all__ = ["case", "entry", "feed_all", "finish", "start"]


def start(run: str, **more: Any) -> dict[str, Any]:
    """`test.run.start`; `shard` and `identity` are attributes, `time` the claim, the rest `qa`."""
    return _event("test.run.start", run, **more)


def finish(run: str, status: str = "passed", **more: Any) -> dict[str, Any]:
    return _event("test.run.finish", run, status=status, **more)


def case(run: str, test: str, status: str = "passed", **more: Any) -> dict[str, Any]:
    return _event("test.case.finish", run, test=test, status=status, **{"suite": "shop", **more})


def _event(action: str, run: str, **more: Any) -> dict[str, Any]:
    attributes = {name: more.pop(name) for name in ("shard", "identity") if name in more}
    own = {name: more.pop(name) for name in ("time", "outcome", "error", "duration_ns") if name in more}
    event: dict[str, Any] = {"action": action, "actor": {"id": "ci"}, "qa": {"run": run, **more}, **own}
    return event | ({"attributes": attributes} if attributes else {})


def entry(data: Any, *, second: int = 0, format: str = "event/1") -> bytes:  # noqa: A002
    """The leaf around `data`, which may be bytes to be taken as they are."""
    spelled = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return (
        b'{"v":1,"received":"2026-11-27T10:%02d:%02d.000000000Z","by":{"token":"t","ip":""},"id":"i","source":"ci",'
        b'"format":"%b","data":%b}' % (second // 60 % 60, second % 60, format.encode(), spelled)
    )


def feed_all(view: Any, events: list[dict[str, Any]]) -> Any:
    """The view, after it was fed the events in order, each a second after the one before."""
    for index, event in enumerate(events):
        view.feed(index, entry(event, second=index))
    return view
