"""Runs over HTTP: the folds of `graven.qa` over a log's entries, on the disk threads.

The list of each log is kept and only fed what is new. One run and one test read the whole log, one request at a
time, so that such scans never hold all disk threads. What is made of them afterwards holds nobody up.
"""

import asyncio
import threading
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from graven.errors import InvalidInput, NotFound
from graven.log.opened import Log
from graven.qa import (
    Appearance,
    FindTest,
    RunSummary,
    RunsView,
    RunView,
    ShownTest,
    TestHistory,
    TestResult,
    near_names,
    show_found,
)
from graven.server.service import Service, client_ip
from graven.tlog.encoding import decode_decimal

__all__ = ["RunAnswer", "RunsAnswer", "TestAnswer", "run_routes"]

Call = Request[Any, Any, Any]
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

Fold = TypeVar("Fold", RunView, TestHistory, FindTest)


class RunsAnswer(msgspec.Struct, frozen=True):
    """Newest first; `next` is the `before` of the next page, null at the end."""

    runs: list[RunSummary]
    next: int | None


class RunAnswer(msgspec.Struct, frozen=True):
    """A run and its tests, failing ones first."""

    run: RunSummary
    tests: list[TestResult]


class TestAnswer(msgspec.Struct, frozen=True):
    """Newest first; `other_identity` counts runs left out because they name tests by other rules."""

    __test__ = False  # a name of the field, not a test of ours

    history: list[Appearance]
    other_identity: int


class _RunList:
    """The list of one log, and how far it was fed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._view = RunsView(log.blobs.get)
        self._fed = 0
        self._lock = threading.Lock()

    def runs(self) -> list[RunSummary]:
        """All runs of the entries committed now. Blocks on disk."""
        with self._lock:
            for entry in self._log.entries(self._fed, self._log.size):
                self._view.feed(self._fed, entry)
                self._fed += 1
            return self._view.runs()


def _scanned(log: Log, view: Fold) -> Fold:
    for index, entry in enumerate(log.entries(0, log.size)):
        view.feed(index, entry)
    return view


def _run(log: Log, run: str, view: RunView) -> RunAnswer:
    summary = view.summary()
    if summary is None:
        close = near_names(run, view.seen, cutoff=0.4)
        raise NotFound(
            f'there is no run "{run}" in the log "{log.name}"',
            hint=f"did you mean {' or '.join(close)}?" if close else f"GET /v1/logs/{log.name}/runs",
            code="unknown_run",
            details={"close": close},
        )
    return RunAnswer(summary, view.tests())


def _history(view: TestHistory) -> TestAnswer:
    return TestAnswer(view.appearances(), view.other_identity)


def _shown(log: Log, view: FindTest, run: str, result: TestResult, attempt: int | None) -> bytes:
    """Encoded here: such an answer may have megabytes, and recording must not wait for it."""
    stop = log.size
    return msgspec.json.encode(
        show_found(lambda: log.entries(0, stop), log.blobs.get, view, run, result, attempt=attempt)
    )


def run_routes(service: Service) -> list[HTTPRouteHandler]:
    """The four calls; each is recorded in `system` as one read before it is answered."""
    lists: dict[str, _RunList] = {}
    scanning = asyncio.Lock()

    async def opened(request: Call, name: str, action: str, *target: tuple[str, str]) -> Log:
        principal, log = service.admit(request.scope, "read", name)
        await service.reads.one(principal, client_ip(request.scope), action, name, target)
        return log

    @get("/v1/logs/{log:str}/runs", tags=["read"])
    async def runs(request: Call, log: str, limit: str = str(DEFAULT_LIMIT), before: str | None = None) -> RunsAnswer:
        """Test runs, newest first: `limit` (1 to 1000), `before` the log index of the last page's oldest run."""
        most = decode_decimal(limit, maximum=MAX_LIMIT)
        if most == 0:
            raise InvalidInput(f"limit=0: a number from 1 to {MAX_LIMIT} is expected", hint="leave limit out")
        end = None if before is None else decode_decimal(before)
        found = await opened(request, log, "runs.read")
        async with scanning:
            all_runs = await service.on_disk(lists.setdefault(log, _RunList(found)).runs)
        left = [run for run in all_runs if end is None or run.first_index < end]
        return RunsAnswer(left[:most], left[most - 1].first_index if len(left) > most else None)

    @get("/v1/logs/{log:str}/runs/{run:str}", tags=["read"])
    async def run(request: Call, log: str, run: str) -> RunAnswer:
        """One run with its tests: shards and reruns joined, every attempt with its log index."""
        found = await opened(request, log, "run.read", ("run", run))
        async with scanning:
            view = await service.on_disk(_scanned, found, RunView(run, found.blobs.get))
        return await service.on_disk(_run, found, run, view)

    @get("/v1/logs/{log:str}/tests/history", tags=["read"])
    async def test_history(request: Call, log: str, test: str) -> TestAnswer:
        """One test across runs, newest first. `test` is its name, or `suite::name`; 409 when it names several.

        The name is a query parameter: names hold slashes, as those of pytest do.
        """
        found = await opened(request, log, "test.read", ("test", test))
        async with scanning:
            view = await service.on_disk(_scanned, found, TestHistory(test, found.blobs.get))
        return await service.on_disk(_history, view)

    @get("/v1/logs/{log:str}/tests/show", tags=["read"])
    async def test_show(
        request: Call,
        log: str,
        test: str,
        run: str | None = None,
        attempt: str | None = None,
        environment: str | None = None,
    ) -> Response[ShownTest]:
        """One attempt of a test with everything that happened in it, across sources, in order of cause.

        `test` is its name or an unambiguous part of it; `run` a run's name or `last` (without: the newest run that
        has the test); `attempt` a number (without: the last that failed, else the last). 409 when it names several.
        """
        number = None if attempt is None else decode_decimal(attempt)
        found = await opened(request, log, "test.read", ("test", test))
        async with scanning:
            view = await service.on_disk(_scanned, found, FindTest(test, run, environment, found.blobs.get))
        meant, result = await service.on_disk(view.result)
        async with scanning:
            answer: Any = await service.on_disk(_shown, found, view, meant, result, number)
        return Response(answer, media_type="application/json")

    return [runs, run, test_history, test_show]
