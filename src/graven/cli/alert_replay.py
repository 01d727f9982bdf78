"""What an alert would have done: the matches of the past go through the server's own detector, in their order.

Begins at the first entry of the log, or where the range begins: before that nothing was silent. Of each match no
more is kept than when it was received and the values that it counts for. At most `MOST` of them are read, the newest:
each page of them is a recorded read.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from graven.cli.access.questions import Question, Search
from graven.cli.alerting import condition_text, seconds_of, span_text
from graven.cli.shortened import one_line
from graven.cli.terminal import plural
from graven.detect.counting import Counting, names_of
from graven.detect.fired import Found, more_of
from graven.detect.flood import Flood
from graven.detect.rule import Alert, column_of, decode_alert
from graven.detect.silence import Silent
from graven.detect.timeless import check_timeless
from graven.detect.watch import is_own
from graven.errors import TimedOut, UsageError
from graven.event.envelope import format_time
from graven.event.recorded import may_lie_in_blob
from graven.index.derive.view import view_of

__all__ = ["MOST", "DryRun", "dry_run"]

MOST: Final = 100_000
_PAGE: Final = 1_000
_SECOND: Final = 1_000_000_000
_FIRST: Final = 3
"""So many firings are shown, and the last."""


class DryRun(NamedTuple):
    """What was found, for programs and for people; `hints` say what a query was probably meant to be that found
    nothing."""

    facts: dict[str, Any]
    lines: list[str]
    hints: list[str]


class _Match(NamedTuple):
    log_index: int
    received_ns: int
    names: list[str | None]


class _Matches(NamedTuple):
    """Oldest first; `unread` have their content in a blob, so that nothing is known of what they count for."""

    found: list[_Match]
    is_cut: bool
    unread: int


def dry_run(search: Search, log: str, alert: Mapping[str, Any], *, over: str, now_ns: int, most: int = MOST) -> DryRun:
    """How often, and when, the alert would have fired over that much of the past. UsageError for one without a query,
    InvalidInput for one that could not be set."""
    if alert.get("rule") is not None:
        raise UsageError(
            f"the rule {alert['rule']} keeps a memory of its own", hint="its events: graven search --log system"
        )
    span_s = seconds_of("--over", over)
    wanted = decode_alert(json.dumps({**alert, "to": []}).encode(), check_timeless)
    first_ns = _first_received(search, log)
    begin_ns = now_ns - span_s * _SECOND if first_ns is None else max(first_ns, now_ns - span_s * _SECOND)
    matches = _matches(search, log, wanted, over, most)
    if matches.is_cut:
        begin_ns = max(begin_ns, matches.found[0].received_ns)
    fired = [] if first_ns is None else list(_replayed(wanted, matches.found, begin_ns, now_ns))
    facts: dict[str, Any] = {
        "over_s": span_s,
        "from": format_time(begin_ns),
        "matches": len(matches.found),
        "is_cut": matches.is_cut,
        "fires": len(fired),
        "would_fire": bool(fired),
        "fired": [_facts_of(one) for one in _shown(fired)],
    }
    newest = "the newest " if matches.is_cut else ""
    lines = [f"{newest}{plural(len(matches.found), 'match')} since {format_time(begin_ns)}"]
    if matches.unread:
        facts["unread"] = matches.unread
        lines.append(f"{matches.unread:,} of them are so large that what they count for is not known here: left out")
    if wanted.silence is not None:
        longest_s = 0 if first_ns is None else _longest_silence_s(matches.found, begin_ns, now_ns)
        facts["longest_silence_s"] = longest_s
        lines.append(f"the longest silence was {span_text(longest_s)}")
    hints = [] if matches.found else _hints(search, log, wanted.query)
    return DryRun(facts, [*lines, *_verdict(wanted, fired, condition_text(alert))], hints)


def _hints(search: Search, log: str, query: str) -> list[str]:
    try:
        return list(search.newest(log, Question(query)).hints)
    except TimedOut:  # it looks through the whole log, and not only the span: what was asked for is known without it
        return []


def _first_received(search: Search, log: str) -> int | None:
    """When the first entry of the log was received; None for an empty log."""
    page = search.page(log, Question(), limit=1, order="oldest", view="entry")
    return next((_view(event)["received"] for event in page.events), None)


def _matches(search: Search, log: str, alert: Alert, over: str, most: int) -> _Matches:
    threshold = alert.threshold
    column = None if threshold is None or threshold.by is None else column_of(threshold.by)
    question = Question(alert.query, since=over, until="now")
    found: list[_Match] = []
    unread = 0
    cursor: str | None = None
    while True:
        page = search.page(log, question, limit=min(_PAGE, most), cursor=cursor, order="newest", view="entry")
        for event in page.events:
            view = _view(event)
            if is_own(log, view):
                continue
            names = names_of(column, view)
            if column is not None and not names and may_lie_in_blob(event):
                unread += 1
            found.append(_Match(view["index"], view["received"], names))
        cursor = page.next
        if cursor is None or len(found) >= most:
            return _Matches(found[:most][::-1], cursor is not None or len(found) > most, unread)


def _view(event: bytes) -> dict[str, Any]:
    """The view of an entry as pages have it, `index` first."""
    index, entry = event.removeprefix(b'{"index":').split(b",", 1)
    return view_of(int(index), b"{" + entry, lambda _: None)


def _replayed(alert: Alert, matches: list[_Match], begin_ns: int, now_ns: int) -> Iterator[Found]:
    flood = Flood()
    if alert.threshold is not None:
        counting = Counting(alert.threshold, alert.cooldown_s)
        for index, received_ns, names in matches:
            yield from flood.let_through(counting.count(index, received_ns, names), received_ns)
        yield from flood.let_through((), now_ns)
    elif alert.silence is not None:
        silent = Silent(alert.silence, begin_ns)
        for index, received_ns, _ in matches:
            yield from flood.let_through(silent.take(index, received_ns, {}), received_ns)
        yield from flood.let_through(silent.tick(now_ns), now_ns)


def _longest_silence_s(matches: list[_Match], begin_ns: int, now_ns: int) -> int:
    moments = [begin_ns, *(match.received_ns for match in matches), now_ns]
    return max(0, *(after - before for before, after in itertools.pairwise(moments))) // _SECOND


def _shown(fired: list[Found]) -> list[Found]:
    return fired if len(fired) <= _FIRST + 1 else [*fired[:_FIRST], fired[-1]]


def _facts_of(found: Found) -> dict[str, Any]:
    group = {} if found.group is None else {"group": found.group}
    more = {} if found.more is None else {"more": more_of(found.more)}
    return {"at": format_time(found.at_ns), **group, "count": found.count, "indexes": list(found.indexes), **more}


def _verdict(alert: Alert, fired: list[Found], condition: str) -> list[str]:
    if not fired:
        return [f"it would not have fired ({condition})"]
    times = "once" if len(fired) == 1 else f"{len(fired):,} times"
    rest = (
        f", at rest for {span_text(alert.cooldown_s)} after each"
        if alert.threshold is not None and alert.cooldown_s and len(fired) > 1
        else ""
    )
    lines = [f"it would have fired {times} ({condition}{rest})"]
    shown = [_line(one) for one in _shown(fired)]
    if len(fired) > len(shown):
        shown.insert(_FIRST, f"  … {len(fired) - len(shown):,} more")
    return lines + shown


def _line(found: Found) -> str:
    group = "" if found.group is None else f"  {one_line(found.group)}"
    entries = [*found.indexes[:1], *found.indexes[1:][-1:]]
    where = f"  {'entry' if len(entries) == 1 else 'entries'} {' to '.join(map(str, entries))}" if entries else ""
    more = "" if found.more is None else f"  for {found.more.firings:,} that the minute had more"
    return f"  {format_time(found.at_ns)}{group}{where}{more}"
