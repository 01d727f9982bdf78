"""A search that found nothing says why, and where the newest match is."""

from graven.cli import terminal
from graven.cli.access.questions import Page, Question, Search, Tell, quiet
from graven.cli.row_table import sentence
from graven.cli.zone import Zone, ago
from graven.index.query.times import time_ns
from graven.program import program

__all__ = ["why_nothing"]


def why_nothing(
    search: Search, log: str, question: Question, page: Page, zone: Zone, *, now_ns: int, tell: Tell = quiet
) -> list[str]:
    """Lines for stderr; asks for the newest match whatever its time."""
    of = "" if log == "default" else f" --log {log}"
    if page.size == 0:
        return [f'the log "{log}" is empty', f"  try: {program()} record --action hello --actor me{of}"]
    asked = question.query or "everything"
    lines = [f"nothing matches {asked}{_range(question)}"]
    if page.indexed < page.size:
        lines.append(
            f"  the index has {page.indexed:,} of {terminal.plural(page.size, 'entry')}: ask again in a moment"
        )
    row = search.newest(log, question, tell=tell).row
    if row is None:
        lines.append(f"  why: none of {terminal.plural(page.indexed, 'entry')} matches, whatever its time")
        lines.append(f"  try: fewer conditions; {program()} search{of} --by action shows what there is")
        return lines
    received = str(row.get("received"))
    moment = time_ns(received) or now_ns
    lines.append(f"  why: the newest match is outside of that time: entry {row['index']}, {ago(moment, now_ns=now_ns)}")
    lines.append(f"       {zone.shown(moment, now_ns=now_ns)} {zone.text}  {sentence(row)}")
    lines.append(f"  try: {program()} around {row['index']}{of}, or a wider range of time")
    return lines


def _range(question: Question) -> str:
    said = [f" {name} {value}" for name, value in (("since", question.since), ("until", question.until)) if value]
    return "".join(said)
