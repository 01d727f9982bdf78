"""Batches to the recorder; what it refuses of a batch is listed, and the rest is sent again without it."""

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from graven.cli.access.ports import Access
from graven.cli.formats import Item
from graven.cli.importing.result import FileResult
from graven.errors import Conflict, InvalidEvent, InvalidInput, TooLarge

__all__ = ["SendingAhead", "as_lines", "send_events"]


def as_lines(items: list[Item]) -> bytes:
    """The items as NDJSON; a newline within one is white space, because strings cannot hold it."""
    return b"".join(item.content.replace(b"\n", b" ") + b"\n" for item in items)


def _refused_positions(error: InvalidEvent) -> dict[int, str]:
    """Position in the batch → reason, from the recorder's 422."""
    refused: dict[int, str] = {}
    for item in error.details.get("errors") or ():
        position = item.get("item")
        if isinstance(position, int) and position not in refused:
            where = f"{item['field']}: " if item.get("field") else ""
            tail = f" ({item['suggestion']})" if item.get("suggestion") else ""
            refused[position] = f"{where}{item.get('reason', 'refused')}{tail}"
    return refused


def send_events(access: Access, log: str, items: list[Item], result: FileResult) -> None:
    """Send events; those that the recorder refuses are listed and the rest sent again without them."""
    while items:
        try:
            answer = access.append(log, as_lines(items), "application/x-ndjson", key="", wait=False)
        except InvalidEvent as error:
            refused = _refused_positions(error)
            if not refused:
                raise
            for position, reason in sorted(refused.items()):
                if position < len(items):
                    result.refuse(items[position].line, reason)
            items = [item for position, item in enumerate(items) if position not in refused]
            continue
        except (InvalidInput, TooLarge, Conflict) as error:
            if len(items) == 1:
                result.refuse(items[0].line, error.message)
                return
            middle = len(items) // 2
            send_events(access, log, items[:middle], result)
            items = items[middle:]
            continue
        result.add(answer)
        return


class SendingAhead:
    """Sends one batch while the caller makes the next, which is what an import spends its time with.

    `result` counts a batch when the next is sent or at `wait`, and only in the caller's thread. Leaving the block
    waits, unless it is left by an exception.
    """

    def __init__(self, access: Access, log: str, result: FileResult) -> None:
        self._access = access
        self._log = log
        self._result = result
        self._thread = ThreadPoolExecutor(1, "graven-import")
        self._pending: tuple[Future[None], FileResult] | None = None

    def send(self, items: list[Item]) -> None:
        """Send when the batch before has been taken; raises what became of that one."""
        self.wait()
        part = FileResult(self._result.file, self._result.format)
        self._pending = self._thread.submit(send_events, self._access, self._log, items, part), part

    def wait(self) -> None:
        """Until everything has been taken."""
        if self._pending is not None:
            (future, part), self._pending = self._pending, None
            try:
                future.result()
            finally:
                self._result.join(part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._thread.shutdown()
