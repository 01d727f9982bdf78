"""Alerts beside the requests: one thread goes round all of them and records what fires, another sends it.

So a receiver that does not answer delays no firing. The first asks the index like anybody else, but its reads are
not recorded: an alert must not cause what it listens to.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Any, Final

import msgspec

from graven.detect import SHIPPED, AlertStore, Deliver, Follow, Head, Mail, MailSettings, Record, Webhook, alert_keys
from graven.detect.address import is_local, shown
from graven.detect.deliver import OUTCOMES
from graven.errors import GravenError, InvalidInput, Unavailable, UsageError
from graven.index.export import View
from graven.index.process.messages import Answer
from graven.server.control import Control
from graven.server.indexing.client import IndexClient
from graven.server.log_lines import logger
from graven.server.settings import AlertSettings

__all__ = ["Alerting", "mail_settings", "put_shipped"]

_ROUND_S: Final = 1.0
_ANSWER_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 300.0


class _IndexSearch:
    """`detect.Search` through the index process, from a thread."""

    def __init__(self, index: IndexClient, loop: asyncio.AbstractEventLoop) -> None:
        self._index = index
        self._loop = loop

    def head(self, log: str) -> Head:
        """See `detect.Search`."""
        return Head(*msgspec.msgpack.decode(self._ask("head", log, {}).body))

    def rows(self, log: str, query: str, start: int, stop: int, *, whole: bool) -> Iterator[View]:
        """See `detect.Search`."""
        if not whole:
            parameters = {"q": query, "start": str(start), "stop": str(stop)}
            yield from msgspec.msgpack.decode(self._ask("moments", log, parameters).body)
            return
        while start < stop:
            answer = self._ask("views", log, {"q": query, "start": str(start), "stop": str(stop)})
            views = msgspec.json.decode(answer.body)
            yield from views
            if not answer.more:
                return
            start = views[-1]["index"] + 1

    def _ask(self, method: str, log: str, parameters: Mapping[str, str]) -> Answer:
        asked = asyncio.run_coroutine_threadsafe(self._index.ask(method, log, parameters), self._loop)
        try:
            return asked.result(_ANSWER_S)
        except FutureTimeoutError as error:
            asked.cancel()
            raise Unavailable("the index does not answer", code="index_away") from error
        except FutureCancelledError as error:  # not that of asyncio: it is asked from a thread
            raise Unavailable("the server is stopping", code="index_away") from error


class Alerting:
    """Runs from `start` to `close`. `store` may be used by others at the same time."""

    def __init__(
        self,
        data_dir: Path,
        settings: AlertSettings,
        record: Record,
        *,
        clock: Callable[[], int],
        link: str,
        round_s: float = _ROUND_S,
    ) -> None:
        """Opens `alerts.sqlite` and the keys; UsageError when the mail settings cannot work."""
        self._round_s = round_s
        self.store = AlertStore(data_dir / "alerts.sqlite")
        self.keys = alert_keys(data_dir)
        self._record = record
        self._clock = clock
        self._link = settings.link or link
        self._allow_local = settings.allow_local
        hook = Webhook(self.keys, clock=clock, allow_local=settings.allow_local)
        self._send: dict[str, Any] = {"https": hook, "http": hook}
        mail = mail_settings(settings)
        if mail is not None:
            self._send["mailto"] = Mail(mail)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._end_sending: Callable[[], object] = lambda: None
        self._problems: Mapping[str, str] = {}
        self._problem_of_all: str | None = None
        self._attempts: Mapping[str, int] = dict.fromkeys(OUTCOMES, 0)

    def problem_of(self, log: str, name: str) -> str | None:
        """What keeps an alert from listening at the moment; None when nothing does."""
        return self._problem_of_all or self._problems.get(f"{log}/{name}")

    def attempts(self) -> dict[str, int]:
        """Attempts to deliver since the start, by what came of them."""
        return dict(self._attempts)

    def check_reachable(self, addresses: Iterable[str]) -> None:
        """InvalidInput (`invalid_address`) for one where this server would never send anything."""
        for address in addresses:
            if address.startswith("mailto:") and "mailto" not in self._send:
                raise InvalidInput(
                    f"nothing can be sent to {address}: this server sends no mail",
                    why="alerts.mail_host is not set",
                    hint="set alerts.mail_host (serve --alerts-mail-host HOST), or give a webhook",
                    code="invalid_address",
                )
            if not address.startswith("mailto:") and not self._allow_local and is_local(address):
                raise InvalidInput(
                    f"nothing is sent to {shown(address)}: it is a loopback, link-local or otherwise refused address",
                    why="a server that calls such addresses can be made to call its own neighbours",
                    hint="set alerts.allow_local (serve --alerts-allow-local) if that is meant",
                    code="invalid_address",
                )

    def switch_off(self, setting: str) -> None:
        """Say of each alert that it does not listen, because of that setting; instead of `start`."""
        self._problem_of_all = f"alerts are switched off: {setting} is false"

    def start(self, index: IndexClient, loop: asyncio.AbstractEventLoop) -> None:
        """Begin the rounds; called on the loop."""
        search = _IndexSearch(index, loop)
        follow = Follow(self.store, search, self._record, clock=self._clock, link=self._link)
        deliver = Deliver(self.store, self._send, self._record, clock=self._clock, random=random.random)
        self._attempts = deliver.attempts
        self._threads = [
            threading.Thread(target=self._watch, args=(follow, deliver), name="alerts", daemon=True),
            threading.Thread(target=self._deliver, args=(deliver,), name="alerts-out", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the rounds: from any thread, at once. A delivery that is cut off is sent again after the next start."""
        self._stop.set()
        with self._lock:
            self._end_sending()

    def join(self) -> None:
        """Wait for the end of the rounds."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """End the rounds and close the file."""
        self.stop()
        self.join()
        self.store.close()

    def _watch(self, follow: Follow, deliver: Deliver) -> None:
        pause_s = self._round_s
        while not self._stop.wait(pause_s):
            # each for itself: what was sent is recorded whatever keeps the round from its end
            self._problem_of_all = self._tried("a round of alerts", follow.round)
            self._problems = follow.problems
            self._tried("recording deliveries of alerts", deliver.record)
            # each takes a bounded part of what there is, so that neither waits for all of the other
            pause_s = 0.0 if follow.is_behind or deliver.is_behind else self._round_s
        try:
            follow.close()
        except GravenError as error:
            logger().warning("the state of alerts was not kept; it is made again from the log", why=str(error))

    def _tried(self, what: str, step: Callable[[], object]) -> str | None:
        """What went wrong, None when nothing did. Whatever it is, the next round has to come."""
        try:
            step()
        except GravenError as error:  # a log that is stopped, a full disk: the next round tries again
            logger().warning("alerts wait", what=what, why=str(error))
            return error.message
        except Exception as error:  # noqa: BLE001 - a bug: the log of the server has it whole
            logger().exception("alerts wait", what=what)
            return f"{what} failed: {type(error).__name__}"
        return None

    def _deliver(self, deliver: Deliver) -> None:
        pause_s = self._round_s
        while not self._stop.is_set():
            try:
                asyncio.run(self._until_stopped(deliver))
            except GravenError as error:  # a full disk
                logger().warning("deliveries of alerts wait", why=str(error))
            except Exception:  # noqa: BLE001 - whatever it is, the next one has to be sent
                logger().exception("delivering alerts failed")
            if deliver.is_well:
                pause_s = self._round_s
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _until_stopped(self, deliver: Deliver) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        with self._lock:
            if self._stop.is_set() or task is None:
                return
            self._end_sending = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            await deliver.run(self._round_s)
        except asyncio.CancelledError:
            return  # `stop` is all that cancels it
        finally:
            with self._lock:  # before the loop is closed
                self._end_sending = lambda: None


def mail_settings(settings: AlertSettings) -> MailSettings | None:
    """How alerts are mailed; None without a mail server. UsageError when the password cannot be read."""
    if settings.mail_host is None:
        return None
    password = None
    if settings.mail_password_file is not None:
        try:
            password = Path(settings.mail_password_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"alerts.mail_password_file cannot be read: {error}", hint="it holds the password and nothing else"
            ) from error
    return MailSettings(
        host=settings.mail_host,
        sender=settings.mail_sender,
        port=settings.mail_port,
        security=settings.mail_security,
        username=settings.mail_username,
        password=password,
        ca_file=settings.mail_ca_file,
    )


def put_shipped(store: AlertStore, control: Control, log: str, *, armed: int, armed_ns: int) -> None:
    """Set the alerts that come with Graven on a log, once: whoever deletes one does not get it back."""
    fact = f"alerts shipped: {log}"
    known = set(filter(None, (control.fact(fact) or "").split(",")))
    wanted = [shipped for shipped in SHIPPED if (shipped.log == "system") == (log == "system")]
    for shipped in wanted:
        if shipped.alert.name not in known:
            store.put(log, shipped.alert, armed=armed, armed_ns=armed_ns)
    control.set_fact(fact, ",".join(sorted(known | {shipped.alert.name for shipped in wanted})))
