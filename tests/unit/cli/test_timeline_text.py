"""A timeline as it is printed."""

import pytest
from tests.support.happenings import event

from graven.cli.timeline_text import timeline_lines
from graven.qa.timeline import timeline


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")


def printed(data, *, full=False, **more):
    import msgspec

    one = msgspec.structs.replace(event(7, at=0, **more), data=data)
    return list(timeline_lines(timeline([one]), full=full))


HTTP = {
    "action": "http.request",
    "method": {"operation": "POST", "uri": "/orders"},
    "input": {"headers": {"x": "y"}, "body": '{"a":1}'},
    "output": {"status": 201, "body": {"b": 2}},
    "duration_ns": 1_500_000,
}


def test_a_request_shows_what_was_sent_and_got():
    assert printed(HTTP, by="shop") == [
        "7  +0.0 ms   POST /orders → 201  1.5 ms  shop",
        '               sent  {"a":1}',
        '               got   {"b": 2}',
    ]


def test_headers_are_shown_in_full_only():
    assert not any("headers" in line for line in printed(HTTP))
    assert any('"headers"' in line for line in printed(HTTP, full=True))


def test_a_request_without_an_answer_says_so_and_why():
    data = {**HTTP, "output": None, "error": {"type": "ConnectError", "message": "refused"}}
    assert printed(data)[0].endswith("POST /orders → no answer  1.5 ms  s")
    assert printed(data)[-1].strip() == "error  ConnectError: refused"


def test_a_statement_is_on_one_line_with_parameters_and_rows():
    data = {
        "action": "sql.statement",
        "method": {"statement": "select a\n  from b"},
        "input": {"parameters": [1]},
        "output": {"rows": [[2]], "rows_count": 900},
    }
    assert [line.strip() for line in printed(data)] == [
        "7  +0.0 ms   SQL  select a from b  s",
        "with  [1]",
        "rows  [[2]]",
        "of    900 rows",
    ]


def test_no_rows_are_told_from_a_statement_that_gives_none():
    assert printed({"action": "sql.statement", "output": {"rows": []}})[-1].strip() == "rows  none"
    assert len(printed({"action": "sql.statement"})) == 1


def test_a_change_shows_before_and_after():
    data = {"action": "order.pay", "targets": [{"type": "order", "id": "1", "change": {"before": 1, "after": 2}}]}
    assert [line.strip() for line in printed(data)] == ["7  +0.0 ms   order.pay order:1  s", "was   1", "is    2"]


@pytest.mark.parametrize(
    "data",
    [
        {"action": "http.request", "input": "cut", "output": [], "method": 3, "actor": [], "error": "x"},
        {"action": "sql.statement", "input": 1, "output": {"rows": 5}},
        {"action": "process.run", "input": {"argv": 3}},
        {"action": "x", "targets": [1, {"change": 2}], "qa": "q", "duration_ns": "long", "message": {"$redacted": {}}},
    ],
)
def test_members_of_another_type_are_shown_somehow(data):
    assert printed(data)[0].startswith("7  +0.0 ms")


def test_every_line_keeps_to_the_terminal_however_deep_it_stands(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    chain = [event(i, "word " * 60, at=i, span=f"s{i}", parent=f"s{i - 1}") for i in range(12)]
    assert max(len(line) for line in timeline_lines(timeline(chain), full=False)) <= 60


def test_source_and_actor_are_said_where_they_change():
    import msgspec

    data = {"action": "a", "actor": {"id": "alice"}}
    events = [
        event(0, at=0, span="a", by="p"),
        event(1, at=1, parent="a", span="b", by="p"),
        event(2, at=2, parent="b"),
    ]
    items = timeline([msgspec.structs.replace(one, data=data) for one in events])
    assert [row[13:].strip() for row in timeline_lines(items, full=False)] == ["a  by alice  p", "a", "a  s"]


def test_marks_are_explained_when_they_are_used():
    items = timeline([event(0, "a", at=0, by="p"), event(1, "b", at=5, by="q"), event(2, "c", parent="gone")])
    told = list(timeline_lines(items, full=False))
    assert any(line.strip().startswith("~  after the event") for line in told)
    assert any(line.strip().startswith("!  names a parent") for line in told)


def test_an_escape_sequence_in_an_event_is_spelled_out():
    assert "\x1b" not in "".join(printed({"action": "a\x1b[2J", "input": "\x1b[2J"}))
