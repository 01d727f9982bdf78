"""What every request handler shares; made once by `serve`, completed on the event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graven.detect import Queued
from graven.errors import StorageFailed, Unauthenticated
from graven.event.redact import Redactor
from graven.log.opened import Log
from graven.server.access import ANYBODY, EVERYTHING, Principal
from graven.server.alerting import Alerting
from graven.server.background import Background
from graven.server.completions import Completions
from graven.server.control import Control
from graven.server.indexing.client import IndexClient
from graven.server.limits import UPLOAD_BYTES, Budget
from graven.server.log_lines import logger
from graven.server.logs import LogSet
from graven.server.metrics import Metrics
from graven.server.parsing import ParserPool
from graven.server.references import BlobReferences
from graven.server.sessions import SessionStore
from graven.server.settings import Settings
from graven.server.system import ReadRecorder
from graven.server.tokens import TokenStore

__all__ = ["Service", "client_ip"]

T = TypeVar("T")


def client_ip(scope: Mapping[str, Any]) -> str:
    """The peer's address; forwarding headers are not believed."""
    client = scope.get("client")
    return str(client[0]) if client else ""


@dataclass
class Service:
    """The composition. `completions` and `reads` exist once the loop runs (`on_loop`)."""

    settings: Settings
    logs: LogSet
    tokens: TokenStore
    sessions: SessionStore
    references: BlobReferences
    redactor: Redactor
    metrics: Metrics
    budget: Budget
    cut_off: dict[str, int]
    background: Background
    alerting: Alerting
    control: Control
    parsers: ParserPool
    """Processes that parse large bodies."""
    clock: Callable[[], int] = time.time_ns
    intake: ThreadPoolExecutor = field(init=False)
    """Decompresses large bodies, and has them parsed: a thread for each lane of the parsers."""
    heavy: threading.Lock = field(default_factory=threading.Lock)
    """One very large body is parsed at a time: parsing takes many times its size for a moment."""
    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, "disk"))
    """Reads tiles and entries; nothing on it waits for a client."""
    uploads: ThreadPoolExecutor = field(init=False)
    """A thread for each upload that the budget admits: it waits for what its client sends."""
    completions: Completions = field(init=False)
    reads: ReadRecorder = field(init=False)
    index: IndexClient = field(init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    stopping: bool = False

    def __post_init__(self) -> None:
        self.intake = ThreadPoolExecutor(max(1, self.parsers.lanes), "intake")
        self.uploads = ThreadPoolExecutor(max(1, self.budget.capacity // UPLOAD_BYTES), "upload")

    def on_loop(self) -> None:
        """Finish the composition inside the running event loop."""
        self.completions = Completions(asyncio.get_running_loop())
        self.reads = ReadRecorder(self.logs.system, self.completions, clock=self.clock)
        index = self.settings.index
        self.index = IndexClient(self.logs.data_dir, self._sizes, query_s=index.query_timeout_s, enabled=index.enabled)
        if self.settings.index.enabled:
            self._tasks.append(asyncio.get_running_loop().create_task(self.index.run()))
        if not self.settings.alerts.enabled:
            self.alerting.switch_off("alerts.enabled")
        elif not self.settings.index.enabled:
            self.alerting.switch_off("index.enabled")
        else:
            self.alerting.start(self.index, asyncio.get_running_loop())
        # or the first request, and the first line in the middle of a fault, would have to wait for them
        self.intake.submit(lambda: self.redactor.prefilter)
        self.intake.submit(logger)

    async def off_loop(self) -> None:
        """End what `on_loop` began."""
        self.alerting.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.alerting.join)  # while the loop can still answer it

    def _sizes(self) -> dict[str, int]:
        return {log.name: log.size for log in self.logs.all()}

    def authenticate(self, headers: Mapping[bytes, bytes]) -> Principal:
        """The caller by bearer token, else by the cookie of a session; Unauthenticated without a valid one."""
        given = headers.get(b"authorization")
        if not self.settings.access.auth:
            return EVERYTHING
        if given is None:
            session = self.sessions.find(headers)
            if session is not None:
                return session.principal
            raise Unauthenticated(
                "this call needs a token",
                hint="Authorization: Bearer grv_…; the first token is in <data>/owner.token",
                code="missing_token",
            )
        scheme, _, token = given.partition(b" ")
        if scheme.lower() != b"bearer":
            raise Unauthenticated("only bearer tokens are taken", hint="Authorization: Bearer grv_…")
        return self.tokens.authenticate(token.strip().decode("latin-1"))

    def admit(self, scope: Mapping[str, Any], permission: str, name: str) -> tuple[Principal, Log]:
        """The caller, who has that permission on a log, and the log. Unauthenticated, Forbidden or NotFound."""
        principal = self.authenticate(dict(scope["headers"]))
        principal.require(permission, name)
        return principal, self.logs.get(name)

    def authenticate_reader(self, headers: Mapping[bytes, bytes], log: str) -> Principal:
        """As `authenticate`, but nobody needs a token for a public log."""
        if log in self.settings.access.public_logs and b"authorization" not in headers:
            return ANYBODY
        return self.authenticate(headers)

    async def on_disk(self, function: Callable[..., T], *args: Any) -> T:
        """Run a blocking call on the disk threads."""
        return await asyncio.get_running_loop().run_in_executor(self.disk, function, *args)

    # --- metrics.Observed

    def log_stats(self) -> Iterable[tuple[str, dict[str, float]]]:
        alert_stats = self._alert_stats()
        return [
            (log.name, log.stats() | self.background.of_log(log.name) | self._index_stats(log) | alert_stats(log.name))
            for log in self.logs.all()
        ]

    def _alert_stats(self) -> Callable[[str], dict[str, float]]:
        try:
            queued = self.alerting.store.queued()
        except StorageFailed:  # the other numbers are wanted all the more; that these are missing is seen
            return lambda _: {}
        return lambda log: {f"alert_deliveries_{name}": n for name, n in queued.get(log, Queued())._asdict().items()}

    def _index_stats(self, log: Log) -> dict[str, float]:
        state = self.index.states.get(log.name)
        if state is None:
            return {}
        lag = max(0, log.size - state.indexed)
        return {"indexed": state.indexed, "index_lag": lag, "index_lag_s": state.behind_s if lag else 0.0}

    def counters(self) -> Iterable[tuple[str, str, dict[str, int]]]:
        return [
            ("graven_incidents", "Incidents, by kind.", dict(self.logs.incidents)),
            ("graven_cut_off_clients", "Clients cut off, by reason.", dict(self.cut_off)),
            ("graven_alert_attempts", "Attempts to deliver alerts, by what came of them.", self.alerting.attempts()),
        ]

    def gauges(self) -> Iterable[tuple[str, str, float]]:
        return [
            ("graven_bytes_in_flight", "Bytes of request bodies held now.", self.budget.used),
            ("graven_bytes_in_flight_refusals", "Refusals for want of room.", self.budget.refused),
            ("graven_parser_deaths", "Parser processes that ended by themselves.", self.parsers.deaths),
            ("graven_verification_passes", "Finished background passes.", self.background.passes()),
            ("graven_verification_findings", "Findings of background passes.", self.background.findings()),
            ("graven_index_deaths", "Index processes that ended by themselves.", self.index.deaths),
            ("graven_index_away", "1 while there is no index process.", float(self.index.away)),
            ("graven_anchored_checkpoints", "Checkpoints that anchors kept.", self.background.anchored()),
        ]
