"""What a server's index answers: the searching half of `remote`."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import httpx
import msgspec

from graven import errors
from graven.cli.access.questions import Away, Caught, Exported, Newest, Order, Page, Question, Tailed, Tell, View, quiet
from graven.cli.access.reaching import broken_off
from graven.cli.access.remote_tail import follow
from graven.index.one_line import one_line

__all__ = ["RemoteSearch"]

START_PATIENCE_S: Final = 5.0
"""How long an index that is away is waited for: one that begins with its server is there within seconds."""
PATIENCE_S: Final = 1.0
"""How long a search waits for the index to get as far as the log is: new events are to be visible within a second."""
_LOOK_S: Final = 0.05
_SMALL_LAG: Final = 100_000
"""Entries that can be caught up within `PATIENCE_S`."""
_TAIL_RATE: Final = 1_000


class _Events(msgspec.Struct):
    """A page as it comes; the exact spelling of the events is kept."""

    events: list[msgspec.Raw]
    indexed: int
    size: int
    next: str | None = None
    explain: dict[str, Any] | None = None


class RemoteSearch:
    """See `questions.Search`. `call` gives a whole answer, `stream` one whose body is still to come and that is to be
    closed; both raise what a refusal means. `index_state` is asked before each search."""

    def __init__(
        self,
        where: str,
        call: Callable[..., httpx.Response],
        stream: Callable[[str, dict[str, str], dict[str, str]], httpx.Response],
        index_state: Callable[[], dict[str, Any]],
        sleep: Callable[[float], None],
    ) -> None:
        self.where = where
        self._call = call
        self._stream = stream
        self._index_state = index_state
        self._sleep = sleep

    def page(
        self,
        log: str,
        question: Question,
        *,
        limit: int,
        cursor: str | None = None,
        order: Order = "newest",
        view: View = "row",
        explain: bool = False,
        tell: Tell = quiet,
    ) -> Page:
        """See `questions.Search`."""
        params = {**question.parameters(), "limit": str(limit), "order": order, "view": view}
        if explain:
            params["explain"] = "true"
        if cursor is None:
            self._let_catch_up(log)
        else:
            params["cursor"] = cursor
        answer = self._call("GET", f"/v1/logs/{log}/events", params=params)
        try:
            found = msgspec.json.decode(answer.content, type=_Events)
        except msgspec.DecodeError as error:
            raise self._foreign("a page of events", error) from error
        events = [one_line(bytes(event)) for event in found.events]
        return Page(events, found.next, found.indexed, found.size, found.explain)

    def histogram(
        self, log: str, question: Question, *, buckets: int, by: str | None = None, tell: Tell = quiet
    ) -> dict[str, Any]:
        """See `questions.Search`."""
        self._let_catch_up(log)
        params = {**question.parameters(), "buckets": str(buckets)} | ({"by": by} if by else {})
        return self._object(f"/v1/logs/{log}/histogram", params)

    def facets(
        self, log: str, question: Question, fields: Sequence[str], *, limit: int, tell: Tell = quiet
    ) -> dict[str, Any]:
        """See `questions.Search`."""
        self._let_catch_up(log)
        params = {**question.parameters(), "fields": ",".join(fields), "limit": str(limit)}
        return self._object(f"/v1/logs/{log}/facets", params)

    def newest(self, log: str, question: Question, *, tell: Tell = quiet) -> Newest:
        """See `questions.Search`."""
        params = question._replace(since=None, until=None).parameters()
        found = self._object(f"/v1/logs/{log}/newest", params)
        return Newest(found.get("newest"), [str(hint) for hint in found.get("hints", ())])

    def around(
        self, log: str, index: int, query: str, *, before: int, after: int, tell: Tell = quiet
    ) -> dict[str, Any]:
        """See `questions.Search`."""
        self._let_catch_up(log)
        params = {"before": str(before), "after": str(after)} | ({"q": query} if query else {})
        return self._object(f"/v1/logs/{log}/events/{index}/around", params)

    def index_of(self, log: str, id: str, *, tell: Tell = quiet) -> int:  # noqa: A002 - the member's own name
        """See `questions.Search`."""
        spelled = id.replace("\\", "\\\\").replace('"', '\\"')
        found_page = self.page(log, Question(f'id:"{spelled}"'), limit=10, order="oldest")
        found = [int(json.loads(row)["index"]) for row in found_page.events]
        if not found:
            raise errors.NotFound(f"no event has the id {id[:128]!r}", code="entry_not_found")
        if len(found) > 1:
            raise errors.Conflict(
                f"{len(found)} events have the id {id[:128]!r}",
                why="an id is unique within a source only",
                hint="ask by log index: " + ", ".join(map(str, found)),
                code="ambiguous_id",
                details={"indexes": found},
            )
        return found[0]

    def require_tail(self) -> None:
        """See `questions.Search`."""

    def tail(self, log: str, question: Question, *, after: int | None, view: View) -> Iterator[Tailed | Caught | Away]:
        """See `questions.Search`."""
        params = {**question.parameters(), "view": view, "most": str(_TAIL_RATE)}

        def opened(last: int | None) -> httpx.Response:
            headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": str(last)})
            return self._stream(f"/v1/logs/{log}/tail", params, headers)

        return follow(opened, after=after, sleep=self._sleep)

    def export(
        self,
        log: str,
        question: Question,
        format: str,  # noqa: A002 - the parameter's name in the call
        fields: Sequence[str] | None,
        *,
        tell: Tell = quiet,
    ) -> Exported:
        """See `questions.Search`."""
        self._let_catch_up(log)
        params = {**question.parameters(), "format": format} | ({"fields": ",".join(fields)} if fields else {})
        response = self._stream(f"/v1/logs/{log}/export", params, {})
        count = response.headers.get("graven-count", "")
        return Exported(int(count) if count.isdecimal() else None, self._pieces(response))

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        try:
            yield from response.iter_bytes()
        except httpx.HTTPError as error:
            raise errors.Unavailable(
                f"the export from {self.where} broke off",
                why=f"{broken_off(error)}: what has arrived is not all of it",
                hint="run it again",
                code="export_broken_off",
            ) from error
        finally:
            response.close()

    def alerts(self, log: str) -> list[dict[str, Any]]:
        """See `questions.Search`."""
        return list(self._object(f"/v1/logs/{log}/alerts", {}).get("alerts", ()))

    def alert(self, log: str, name: str) -> dict[str, Any]:
        """See `questions.Search`."""
        found = self._object(f"/v1/logs/{log}/alerts/{name}", {})
        return found if "alert" in found else {"alert": found}

    def put_alert(self, log: str, name: str, body: bytes) -> None:
        """See `questions.Search`."""
        headers = {"Content-Type": "application/json"}
        self._call("PUT", f"/v1/logs/{log}/alerts/{name}", content=body, headers=headers)

    def delete_alert(self, log: str, name: str) -> None:
        """See `questions.Search`."""
        self._call("DELETE", f"/v1/logs/{log}/alerts/{name}")

    def _let_catch_up(self, log: str) -> None:
        """Wait a moment for an index that is nearly there: who asks for what was just recorded would not find it."""
        began = time.monotonic()
        while True:
            try:
                state = self._index_state()
                own = next((one for one in state["logs"] if one["name"] == log), {"lag_entries": 0})
                lag = own["lag_entries"]
            except (errors.GravenError, KeyError, TypeError):  # the question itself says what is wrong
                return
            if state.get("off"):
                return
            away = bool(state.get("away")) or own.get("state") == "away"  # a process that has not opened it yet
            if not away and not 0 < lag < _SMALL_LAG:
                return
            if time.monotonic() - began > (START_PATIENCE_S if away else PATIENCE_S):
                return
            self._sleep(_LOOK_S)

    def _object(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        content = self._call("GET", path, params=params).content
        try:
            value = json.loads(content)
        except ValueError as error:
            raise self._foreign("JSON", error) from error
        if not isinstance(value, dict):
            raise self._foreign("an object", value)
        return value

    def _foreign(self, expected: str, found: object) -> errors.GravenError:
        return errors.GravenError(
            f"{self.where} answered with something else than {expected}: {str(found)[:200]}",
            hint="the server may be of another version than this command: graven doctor",
        )
