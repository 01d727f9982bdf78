"""Batches to the recorder; what it refuses of a batch is listed, and the rest is sent again without it."""

from graven.cli.access.ports import Access
from graven.cli.formats import Item
from graven.cli.importing.result import FileResult
from graven.errors import Conflict, InvalidEvent, InvalidInput, TooLarge

__all__ = ["as_lines", "send_events"]


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
