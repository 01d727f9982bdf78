"""A search that found nothing says why, what was probably meant, and where the newest match is."""

import shlex
from collections.abc import Mapping
from typing import Any

from graven.cli import terminal
from graven.cli.access.questions import Page, Question, Search, Tell, quiet
from graven.cli.row_table import sentence
from graven.cli.shortened import one_line
from graven.cli.zone import Zone, ago
from graven.index.query.better import field_to_count
from graven.index.query.parse import Clock, parse
from graven.index.query.times import duration_ns, moment, time_ns
from graven.program import program

__all__ = ["why_nothing"]


def why_nothing(
    search: Search, log: str, question: Question, page: Page, zone: Zone, *, now_ns: int, tell: Tell = quiet
) -> list[str]:
    """Lines for stderr; asks for the newest match whatever its time, unless the range of time cannot hold one."""
    of = "" if log == "default" else f" --log {log}"
    if page.size == 0:
        return [f'the log "{log}" is empty', f"  try: {program()} record --action hello --actor me{of}"]
    asked = f"nothing matches {question.query}" if question.query else "no entries"
    lines = [asked + _range(question)]
    backwards = _backwards(question, zone, now_ns)
    if backwards:
        turned = f"--since {question.until} --until {question.since}"
        return [*lines, f"  why: {backwards}", *([f"  try: {turned}"] if question.since != question.until else [])]
    if page.indexed < page.size:
        lines.append(
            f"  the index has {page.indexed:,} of {terminal.plural(page.size, 'entry')}: ask again in a moment"
        )
    found = search.newest(log, question, tell=tell)
    row = found.row
    if row is None:
        lines.append(f"  why: none of {terminal.plural(page.indexed, 'entry')} matches, whatever its time")
        by = field_to_count(question.query, now_ns=now_ns)
        fewer = f"fewer conditions; {program()} search{of} --by {by} shows what there is"
        first, *others = [*_ago(question, of), *map(one_line, found.hints), fewer]
        return [*lines, f"  try: {first}", *(f"       {hint}" for hint in others)]
    return [*lines, *_elsewhere(row, _clock_of(question, now_ns), of, zone, now_ns)]


def _elsewhere(row: Mapping[str, Any], clock: str, of: str, zone: Zone, now_ns: int) -> list[str]:
    """Where the newest match is, by the clock that was asked by."""
    index = row["index"]
    at_ns = time_ns(str(row.get("time" if clock == "claimed" else "received")))
    if at_ns is None:
        return [
            f"  why: the newest match, entry {index}, has no claimed time: no range of claimed times finds it",
            f"       {sentence(row)}",
            f"  try: {program()} around {index}{of}, or --clock received",
        ]
    return [
        f"  why: the newest match is outside of that time: entry {index}, {ago(at_ns, now_ns=now_ns)}",
        f"       {zone.shown(at_ns, now_ns=now_ns)} {zone.text}  {sentence(row)}",
        f"  try: {program()} around {index}{of}, or a wider range of time",
    ]


def _clock_of(question: Question, now_ns: int) -> str:
    clock: Clock = "claimed" if question.clock == "claimed" else "received"
    return parse(question.query, now_ns=now_ns, clock=clock).clock


def _ago(question: Question, of: str) -> list[str]:
    """`--since 2h ago` in a shell without quotes: `ago` became a word of the query. `of` names the log, if need be."""
    spans = {
        f"--{name}": value
        for name, value in (("since", question.since), ("until", question.until))
        if value is not None and duration_ns(value) is not None
    }
    words = question.query.split()
    if not spans or "ago" not in words:
        return []
    left = " ".join(word for word in words if word != "ago")
    rest = f" {shlex.quote(left)}" if left else ""
    given = " ".join(f"{name} {value}" for name, value in spans.items())
    return [f"{program()} search{of}{rest} {given}: a span is ago by itself, and ago is a word to search for"]


def _range(question: Question) -> str:
    said = [f" {name} {value}" for name, value in (("since", question.since), ("until", question.until)) if value]
    return "".join(said)


def _backwards(question: Question, zone: Zone, now_ns: int) -> str:
    """Why `--since` and `--until` leave no time between them; empty when they do."""
    if question.since is None or question.until is None:
        return ""
    since, until = (
        moment(text, now_ns=now_ns, zone_offset_s=zone.offset_s) for text in (question.since, question.until)
    )
    if since is None or until is None or since.first < until.first:
        return ""
    if since.first == until.first:
        return "the range ends where it begins: --until is the first moment that is not asked for"
    return f"the range ends before it begins: --until {question.until} lies before --since {question.since}"
