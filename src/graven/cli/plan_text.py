"""How a query is understood and answered, as `graven search --explain` says it to a person."""

from typing import Any

from graven.cli import terminal
from graven.cli.shortened import one_line

__all__ = ["plan_lines"]


def plan_lines(plan: dict[str, Any], found: int) -> list[str]:
    """The lines of a plan. `found` are the matches of the first page, which were looked for as well."""
    conditions = plan.get("conditions", [])
    if [one.get("condition") for one in conditions] in ([], [""]):
        lines = ["finds every event"]
    else:
        lines = [f"finds the events that meet {'all of these' if len(conditions) > 1 else 'this'}:"]
    if plan.get("clock"):
        whose = "received, the server's" if plan["clock"] == "received" else "claimed, the producers'"
        lines.append(terminal.paint(f"since and until go by the time {whose}", dim=True))
    for at, one in enumerate(conditions, 1):
        condition = one_line(one.get("condition", "")) or "(everything)"
        lines.append(f"{at}. {condition}")
        means = one_line(one.get("means", ""))
        lines += [f"   {part}" for part in (means if condition != "(everything)" else "", _cost(one)) if part]
    return [*lines, *_facts(plan, found)]


def _cost(one: dict[str, Any]) -> str:
    text = one_line(one.get("answered_by", ""))
    if "leaves" in one:
        text += f" → leaves {terminal.plural(int(one['leaves']), 'row')}"
    if "reads_at_most" in one:
        text += f" → reads at most {terminal.plural(int(one['reads_at_most']), 'row')}"
    return terminal.paint(text, dim=True)


def _facts(plan: dict[str, Any], found: int) -> list[str]:
    lines = []
    entries = terminal.plural(int(plan.get("entries", 0)), "entry")
    segments = plan.get("segments")
    if segments is not None:
        number = int(segments["sealed"]) + int(segments["hot"])
        line = f"{entries} in {terminal.plural(number, 'segment')} ({segments['sealed']} sealed, {segments['hot']} hot)"
        if "looked_at" in segments:
            line += f": {segments['looked_at']} with rows to look at, {segments['passed_over']} passed over"
        lines.append(line)
    elif "scanned" in plan:
        read = int(plan["scanned"]["end"]) - int(plan["scanned"]["first"])
        lines.append(f"{entries}, {read:,} of them read: there is no index here")
    else:
        lines.append(entries)
    if "took_ms" in plan:
        matches = terminal.plural(found, "match") if found else "nothing"
        lines.append(f"{plan['took_ms']:.1f} ms to find {matches}")
    return lines
