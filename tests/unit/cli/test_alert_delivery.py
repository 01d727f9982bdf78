"""How telling somebody goes is said in one line for each address."""

import json
from typing import Any, NamedTuple, cast

import pytest

from graven.cli.access.questions import Newest, Question, Search
from graven.cli.alert_delivery import all_given_up, given_up, given_up_text, trouble_text, waiting_lines
from graven.detect.address import shown
from graven.errors import Forbidden
from graven.index.query.times import time_ns
from graven.program import program

NOW = time_ns("2026-11-27T10:15:00Z") or 0
HOOK, MAIL = "https://hooks.example/T0/secret", "mailto:qa@shop.example"


def failing(attempts: int, due: str, **more: Any) -> dict[str, Any]:
    one = {"address": HOOK, "count": 1, "attempts": attempts, "most_attempts": 12, "next": due, "detail": "503"}
    return one | more


def test_what_fails_says_the_attempt_and_when_the_next_is() -> None:
    found = {"waiting": [failing(3, "2026-11-27T10:23:00Z")]}
    assert trouble_text(found, now_ns=NOW) == "not delivered: attempt 3, next in 8 min"


def test_of_several_addresses_the_one_that_was_tried_most_is_said() -> None:
    found = {"waiting": [failing(2, "2026-11-27T10:23:00Z"), failing(9, "2026-11-27T14:15:00Z")]}
    assert trouble_text(found, now_ns=NOW) == "not delivered: attempt 9, next in 4 h"


def test_an_attempt_that_is_due_is_next() -> None:
    found = {"waiting": [failing(1, "2026-11-27T10:14:00Z")]}
    assert trouble_text(found, now_ns=NOW) == "not delivered: attempt 1, next now"


@pytest.mark.parametrize("found", [{}, {"waiting": [{"address": HOOK, "count": 4}]}])
def test_what_only_waits_is_no_trouble(found: dict[str, Any]) -> None:
    assert trouble_text(found, now_ns=NOW) is None


def test_each_address_says_what_waits_and_why() -> None:
    waiting = [failing(3, "2026-11-27T10:23:00Z", count=1_204), {"address": MAIL, "count": 2}]
    assert waiting_lines({"waiting": waiting}, now_ns=NOW) == [
        f"attempt 3 of 12 failed (503), next in 8 min; 1,204 wait: {HOOK}",
        f"2 deliveries to {MAIL}",
    ]


class System:
    """A `system` log with the last deliveries, by the address that is asked for."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def newest(self, log: str, question: Question) -> Newest:
        self.asked.append(question.query)
        return Newest(next((row for row in self.rows if row["targets"][1]["id"] in question.query), None))


def delivery(index: int, address: str, outcome: str) -> dict[str, Any]:
    return {
        "index": index,
        "time": "2026-11-27T10:05:00Z",
        "outcome": outcome,
        "targets": [{"type": "alert", "id": "l/a"}, {"type": "address", "id": shown(address)}],
        "message": f"l/a not delivered to {shown(address)}: 503",
    }


def rows_given_up(system: Any, to: list[str]) -> list[int]:
    return [row["index"] for row in given_up(cast("Search", system), "l", {"name": "a", "to": to})]


def test_an_address_whose_last_delivery_failed_was_given_up() -> None:
    system = System(delivery(7, HOOK, "failure"), delivery(9, MAIL, "success"))
    assert rows_given_up(system, [HOOK, MAIL]) == [7]


def test_who_sees_addresses_without_their_secret_is_told_the_same() -> None:
    assert rows_given_up(System(delivery(7, HOOK, "failure")), [shown(HOOK)]) == [7]


def test_where_nobody_is_told_nothing_is_asked() -> None:
    system = System()
    assert (rows_given_up(system, []), system.asked) == ([], [])


def test_who_may_not_read_system_sees_the_alert_without_it() -> None:
    class Closed:
        def newest(self, log: str, question: Question) -> Newest:
            raise Forbidden("no")

    assert rows_given_up(Closed(), [HOOK]) == []


class LastDeliveries:
    """A `system` log with these deliveries, newest first."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows

    def page(self, log: str, question: Question, *, limit: int) -> Any:
        return Page([json.dumps(row).encode() for row in self.rows[:limit]])


class Page(NamedTuple):
    events: list[bytes]
    next: str | None = None


def names_given_up(*rows: dict[str, Any], to: tuple[str, ...] = (HOOK, MAIL)) -> dict[str, int]:
    alerts = [{"name": "a", "to": to}, {"name": "b", "to": to}]
    found = all_given_up(cast("Search", LastDeliveries(*rows)), "l", alerts)
    return {name: row["index"] for name, row in found.items()}


def test_of_all_alerts_those_are_found_of_which_an_address_was_given_up_last() -> None:
    assert names_given_up(delivery(9, MAIL, "success"), delivery(7, HOOK, "failure")) == {"a": 7}


def test_an_address_that_took_a_later_delivery_was_not_given_up() -> None:
    assert names_given_up(delivery(9, HOOK, "success"), delivery(7, HOOK, "failure")) == {}


def test_an_address_that_is_told_no_longer_is_no_trouble() -> None:
    assert names_given_up(delivery(7, HOOK, "failure"), to=(MAIL,)) == {}


def test_what_was_given_up_says_when_why_and_where_it_stands() -> None:
    said = given_up_text(delivery(7, HOOK, "failure"), now_ns=NOW)
    assert said == f"GIVEN UP 10 min ago: {shown(HOOK)}: 503 ({program()} show 7 --log system)"
