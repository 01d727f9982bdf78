"""What is wrong with an alert is read whole in a terminal of 80 columns."""

from typing import Any

from graven.cli.alert_table import alert_table
from graven.index.query.times import time_ns

NOW = time_ns("2026-11-27T10:15:00Z") or 0
TROUBLE = "not delivered: attempt 11, next in 119 min"
DUE = "2026-11-27T12:14:30Z"


def alert(name: str, attempts: int | None = None, **more: Any) -> dict[str, Any]:
    condition = {"threshold": {"count": 10_000, "window_s": 60, "by": "labels.team"}, "query": "action:" + "x" * 90}
    waits = [{"address": "mailto:a@b.example", "count": 1, "attempts": attempts, "next": DUE}]
    return {"alert": {"name": name, **condition}, **({"waiting": waits} if attempts else {}), **more}


def table(*alerts: dict[str, Any], width: int | None = 80) -> list[str]:
    return alert_table(alerts, {"burst": NOW}, {"dead": {"time": "2026-11-27T10:05:00Z"}}, width=width, now_ns=NOW)


def test_a_delivery_that_fails_is_the_state_and_is_not_cut() -> None:
    heading, *lines = table(alert("burst", 11), alert("recorder-silent"))
    assert f"burst            {TROUBLE}" in lines[0]
    assert max(map(len, [heading, *lines])) <= 80


def test_an_alert_whose_last_delivery_was_given_up_does_not_look_well() -> None:
    assert "dead             not delivered, given up 10 min ago" in table(alert("dead"), alert("recorder-silent"))[1]


def test_who_may_not_know_when_an_alert_fired_is_not_told_that_it_never_did() -> None:
    lines = alert_table([alert("burst")], None, {}, width=None, now_ns=NOW)
    assert "  ?  " in lines[1]


def test_no_line_is_wider_than_80_columns_however_long_names_are() -> None:
    assert max(map(len, table(alert("b" * 63, 12), alert("c", problem="p" * 200)))) <= 80


def test_when_nothing_is_wrong_the_condition_is_read_whole() -> None:
    heading, *lines = table(alert("recorder-silent"))
    assert "10000 within 1m by labels.t…" in lines[0]
    assert "QUERY" not in heading


def test_in_a_pipe_nothing_is_cut() -> None:
    line = table(alert("b" * 63, 12), width=None)[1]
    assert line.endswith("x" * 90)
    assert "b" * 63 in line


def test_a_query_with_line_ends_is_one_line() -> None:
    found = alert("burst")
    found["alert"]["query"] = "a\nb"
    assert table(found, width=None)[1].endswith("a\\nb")
