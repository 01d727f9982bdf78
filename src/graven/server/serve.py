"""`graven serve`: from settings to a running recorder, and back to a clean stop.

Order of the start: address (nothing is touched when it is refused) → data directory → `system` → what the
first start makes → redaction rules and settings, recorded before they hold → the other logs → requests.
Order of the stop: no new connections → requests under way → the logs, each published → `system` last.
"""

import contextlib
import difflib
import gc
import hashlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from graven.event.redact import Redactor, Rule, default_rules
from graven.log.opened import Log
from graven.server.address import announced_address, reachable_url
from graven.server.alerting import Alerting, put_shipped
from graven.server.background import Background
from graven.server.control import Control
from graven.server.first_start import (
    finish_first_start,
    first_start_finished,
    owner_token_id,
    prepare_data_dir,
    redaction_key,
)
from graven.server.front import Front
from graven.server.limits import Budget
from graven.server.listen import bind, check_exposure, check_tls, is_loopback, raise_file_limit
from graven.server.logs import LogSet
from graven.server.metrics import Metrics
from graven.server.parsing import ParserPool
from graven.server.protocol import guarded_protocol
from graven.server.reference_scan import ReferenceScan
from graven.server.references import BlobReferences
from graven.server.service import Service
from graven.server.sessions import SessionStore
from graven.server.settings import LoadedSettings, Settings, setting_names
from graven.server.system import SystemRecorder, system_event
from graven.server.tokens import TokenStore

__all__ = ["run", "serve", "unknown_public_logs"]

_BACKLOG = 2048
_GC_THRESHOLD = 50_000
_SCAN_PATIENCE_S = 0.5
"""A small log is ready with all its references; a large one does not hold up the start."""


def run(settings: Settings) -> None:
    """`serve` with settings whose origins nobody asked about."""
    serve(LoadedSettings(settings, dict.fromkeys(setting_names(), "default")))


def serve(loaded: LoadedSettings) -> None:
    """Serve until SIGTERM or SIGINT. UsageError, RefusedToStart, StorageFailed before the first request."""
    settings = loaded.settings
    check_exposure(settings)
    check_tls(settings)
    raise_file_limit()
    if not settings.access.auth:
        _say("WITHOUT AUTHENTICATION: whoever reaches the port may record, read and manage everything")
    redactor_rules = _rules(settings)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(contextlib.closing(bind(settings)))
        data_dir = Path(settings.data).absolute()
        prepare_data_dir(data_dir)
        control = Control(data_dir)
        stack.callback(control.close)
        logs = LogSet(data_dir, control)
        background = Background(settings, logs)
        stack.callback(background.close_anchors)
        stack.callback(_close_logs, logs)
        stack.callback(background.close)
        logs.open_system(create=not first_start_finished(control))
        key_id, key = redaction_key(data_dir)
        redactor = Redactor(redactor_rules, key_id, key)
        _record_start(logs.system, control, loaded, redactor, key_id)
        tokens = TokenStore(control, logs.system.announce)
        for line in finish_first_start(data_dir, control, logs, tokens, settings.origin).made:
            _say(f"created {line}")
        logs.open_all()
        for warning in unknown_public_logs(settings, [log.name for log in logs.all()]):
            _say(f"warning: {warning}")
        references = BlobReferences(control)
        scan = ReferenceScan(logs, references, control)
        stack.callback(scan.close)
        scan.wait(_SCAN_PATIENCE_S)
        alerting = _alerting(settings, logs, control, listener)
        stack.callback(alerting.close)
        protocol = guarded_protocol(settings.limits)
        service = Service(
            settings,
            logs,
            tokens,
            SessionStore(
                control,
                tokens,
                logs.system.record,
                installation=logs.system.log.origin,
                tls=settings.tls.cert is not None,
            ),
            references,
            redactor,
            Metrics(),
            Budget(settings.limits.in_flight_bytes),
            protocol.cut_off,
            background=background,
            alerting=alerting,
            control=control,
            parsers=ParserPool(redactor.rules, key_id, key, _parsers(settings)),
        )
        service.metrics.observe(service)
        stack.callback(service.intake.shutdown)
        stack.callback(service.disk.shutdown)
        stack.callback(service.uploads.shutdown)
        stack.callback(service.parsers.close)  # first: a thread of `intake` may wait for one that hangs
        _serve_requests(settings, service, listener, protocol, data_dir)
    _say("stopped")


def _alerting(settings: Settings, logs: LogSet, control: Control, listener: socket.socket) -> Alerting:
    """The alerts, with those that come with Graven set on every log that is open, and on those to come."""
    alerting = Alerting(
        logs.data_dir, settings.alerts, logs.system.record, clock=time.time_ns, link=_address(settings, listener)
    )

    def ship(log: Log) -> None:
        put_shipped(alerting.store, control, log.name, armed=log.size, armed_ns=time.time_ns())

    for log in logs.all():
        ship(log)
    earlier = logs.on_opened

    def opened(log: Log) -> None:
        earlier(log)
        ship(log)

    logs.on_opened = opened
    return alerting


def _address(settings: Settings, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return reachable_url("http" if settings.tls.cert is None else "https", host, port)


def _parsers(settings: Settings) -> int:
    wanted = settings.limits.parsers
    return wanted if wanted is not None else min(4, max(1, (os.cpu_count() or 1) - 1))


def unknown_public_logs(settings: Settings, names: Iterable[str]) -> list[str]:
    """A line for each public log that does not exist; one may be created later, so it is no error."""
    lines = []
    for name in settings.access.public_logs:
        if name not in names:
            close = difflib.get_close_matches(name, list(names), n=1)
            meant = f" (did you mean {close[0]}?)" if close else ""
            lines.append(f"access.public_logs names {name!r}, and there is no log {name}{meant}")
    return lines


def _serve_requests(
    settings: Settings, service: Service, listener: socket.socket, protocol: type[Any], data_dir: Path
) -> None:
    front = Front(service, on_start=service.on_loop, on_stop=service.off_loop)
    config = uvicorn.Config(
        front,
        http=protocol,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=settings.limits.idle_timeout_s,  # type: ignore[arg-type]  # call_later takes floats
        timeout_graceful_shutdown=max(1, round(settings.limits.stop_timeout_s)),
        ssl_certfile=settings.tls.cert,
        ssl_keyfile=settings.tls.key,
    )
    host, port = listener.getsockname()[:2]
    scheme = "http" if settings.tls.cert is None else "https"
    where = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
    ready = f"ready on {where}, data in {settings.data}"
    gc.collect()
    gc.freeze()  # what exists now lives as long as the process
    gc.set_threshold(_GC_THRESHOLD, 20, 20)
    url = reachable_url(scheme, host, port)
    with announced_address(data_dir, url):
        _Server(config, service, (ready, *_invitation(service, data_dir, url, host))).run(sockets=[listener])


def _invitation(service: Service, data_dir: Path, url: str, host: str) -> tuple[str, ...]:
    """The address that opens the UI as the owner, once. It goes to whoever started this server: to a terminal, and on
    loopback to a file or pipe too, but never to a journal that other people read. The code stands in the fragment,
    which browsers keep to themselves."""
    if not service.settings.access.auth:
        return (f"open {url}/",)
    private = is_loopback(host) and "JOURNAL_STREAM" not in os.environ
    owner = owner_token_id(data_dir, service.tokens)
    if owner is None or not (private or sys.stderr.isatty()):
        return ()
    return (f"open {url}/#login={service.sessions.make_code(owner)} (once, within 15 minutes)",)


class _Server(uvicorn.Server):
    """Says when it is ready, tells `/readyz` when it stops, and ends without dying of the signal."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: tuple[str, ...]) -> None:
        super().__init__(config)
        self._service = service
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for line in self._ready:
            _say(line)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._service.stopping = True
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)


def _close_logs(logs: LogSet) -> None:
    logs.close(final=lambda: _record_stop(logs))


def _record_stop(logs: LogSet) -> None:
    logs.system.record(system_event("server.stop"))


def _rules(settings: Settings) -> tuple[Rule, ...]:
    given = msgspec.convert(settings.redaction.rules, tuple[Rule, ...])
    return (*(default_rules() if settings.redaction.defaults else ()), *given)


def _record_start(
    system: SystemRecorder, control: Control, loaded: LoadedSettings, redactor: Redactor, key_id: str
) -> None:
    """Record what changed since the last start before it holds, then the start itself."""
    rules = msgspec.json.encode(redactor.rules)
    _record_change(control, system, "redaction.change", "redaction", {"rules": rules.decode(), "key": key_id})
    _record_change(control, system, "settings.change", "settings", _flat(loaded.settings))
    origins = {name: origin for name, origin in loaded.origins.items() if origin != "default"}
    system.record(system_event("server.start", attributes={"origins": origins}))


def _record_change(control: Control, system: SystemRecorder, action: str, fact: str, now: Mapping[str, Any]) -> None:
    encoded = msgspec.json.encode(now, order="deterministic").decode()
    known = control.fact(fact)
    if known == encoded:
        return
    before = msgspec.json.decode(known) if known is not None else {}
    changed = sorted(name for name in {*now, *before} if now.get(name) != before.get(name))
    change = [
        {"name": name, "before": _digested(before.get(name)), "after": _digested(now.get(name))} for name in changed
    ]
    system.record(system_event(action, attributes={"changed": change}))
    control.set_fact(fact, encoded)


def _digested(value: Any) -> Any:
    """The value itself; only one that would not fit in an entry by its digest."""
    if isinstance(value, str) and len(value) > 32 * 1024:
        return f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"
    return value


def _flat(settings: Settings) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(settings).items():
        if isinstance(value, msgspec.Struct):
            flat |= {f"{name}.{inner}": v for inner, v in msgspec.structs.asdict(value).items()}
        else:
            flat[name] = value
    return flat


def _say(text: str) -> None:
    sys.stderr.write(f"graven: {text}\n")
    sys.stderr.flush()
