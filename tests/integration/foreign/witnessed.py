"""Compares what the witness saw in a test with what the record says of it.

A statement is what the program gave to the driver. So an `executemany` stands for one statement a set of parameters,
a script for each statement in it, and these are nobody's: the BEGIN that Python's module sends before a change, the
COMMIT that it sends before a script, and what SQLite runs inside of a statement (triggers, virtual tables).
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Difference:
    """`missing`: witnessed and not recorded. `extra`: recorded, and witnessed less often."""

    missing: Counter[Any] = field(default_factory=Counter)
    extra: Counter[Any] = field(default_factory=Counter)
    matched: int = 0
    implicit: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra)


def compare_requests(witnessed: Iterable[list[Any]], events: Iterable[Mapping[str, Any]]) -> Difference:
    """By method, path and status. Status None: an application that raised has sent none (whatever its client makes
    of that), and a client to which an exception came through has seen none (which the record calls an error)."""
    seen = Counter((method, path, status) for method, path, status in witnessed)
    said: Counter[Any] = Counter()
    for event in events:
        method = event["method"]
        status = event.get("output", {}).get("status", None if "error" in event else "none, and no error")
        said[method["operation"], unquote(urlsplit(method["uri"]).path), status] += 1
    matched = seen & said
    missing, extra = seen - matched, said - matched
    for one in list(missing.elements()):
        for other in list(extra):
            if one[:2] == other[:2] and None in {one[2], other[2]}:
                missing, extra = missing - Counter([one]), extra - Counter([other])
                matched[one] += 1
                break
    return Difference(missing, extra, matched.total())


def compare_statements(witnessed: Iterable[list[Any]], events: Iterable[Mapping[str, Any]]) -> Difference:
    """By text. A statement that failed may not have come as far as SQLite's trace."""
    seen, nested = Counter[str](), Counter[str]()
    for text, is_nested in witnessed:
        (nested if is_nested else seen)[_plain(text.removeprefix("-- ") if is_nested else text)] += 1
    said, failed = Counter[str](), Counter[str]()
    scripts = 0
    for event in events:
        scripts += event["method"]["operation"] == "executescript"
        (failed if "error" in event else said).update(_expected(event))
    difference = Difference(matched=(seen & (said + failed)).total())
    missing = seen - said - failed
    for text in list(missing):
        if text in {"BEGIN", "BEGIN DEFERRED", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"}:
            difference.implicit += missing.pop(text)
    if scripts and missing["COMMIT"] <= scripts:
        difference.implicit += missing.pop("COMMIT", 0)
    difference.missing = +missing
    difference.extra = said - seen - nested
    return difference


def _expected(event: Mapping[str, Any]) -> Iterable[str]:
    """What SQLite should have been given for a recorded statement."""
    method = event["method"]
    text, operation = method["statement"], method["operation"]
    if operation == "executescript":
        return [_plain(part) for part in _parts(text) if _plain(part)]
    times = event.get("input", {}).get("parameters_count", 1) if operation == "executemany" else 1
    plain = _plain(text)
    return [plain] * times if plain else []


def _parts(script: str) -> Iterable[str]:
    part = ""
    for piece in script.split(";"):
        part += piece + ";"
        if sqlite3.complete_statement(part):
            yield part
            part = ""
    if part.strip("; \n"):
        yield part


def _plain(text: str) -> str:
    """Django's cursor is given `%s`, and gives SQLite `?`."""
    return " ".join(text.replace("%s", "?").replace("%%", "%").split()).strip("; ")
