"""`graven test show` on a real data directory and beside a real server."""

import json

import pytest
from tests.support.run_events import start

ASSERTION = {
    "op": "==",
    "left": {"n": 1},
    "right": {"n": 2},
    "diff": [{"op": "replace", "path": "/n", "was": 1, "value": 2}],
}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def of_test(action, attempt, **more):
    qa = {"run": "ci-1", "suite": "t.py", "test": "t.py::test_total[eur]", "attempt": attempt, **more.pop("qa", {})}
    return {"action": action, "actor": {"id": "ci"}, "qa": qa, **more}


EVENTS = [
    start("ci-1", commit="c0ffee", branch="main"),
    {
        "action": "order.place", "actor": {"id": "alice", "type": "user"}, "source": "shop",
        "trace": {"trace_id": TRACE, "span_id": "c1", "parent_span_id": "b1"},
        "targets": [{"type": "order", "id": "42", "change": {"before": None, "after": {"total": 12900}}}],
    },
    of_test(
        "http.request", 1, source="pytest", time="2026-11-27T10:00:00.5Z", duration_ns=1000,
        trace={"trace_id": TRACE, "span_id": "b1", "parent_span_id": "a1"},
        method={"operation": "POST", "uri": "http://shop/orders"},
        input={"body": "x" * 3000}, output={"status": 500, "body": "oops"}, outcome="failure",
    ),
    of_test(
        "test.case.finish", 1, source="pytest", time="2026-11-27T10:00:01Z", duration_ns=1_000_000_000,
        outcome="failure", trace={"trace_id": TRACE, "span_id": "a1"},
        error={"type": "AssertionError", "message": "wrong total\nassert 1 == 2",
               "stack": [{"file": "t.py", "line": 7, "function": "test_total", "locals": {"total": 12900}}]},
        input={"params": {"currency": "eur"},
               "fixtures": {"db": {"scope": "function", "setup": "empty", "end": "full"}}},
        output={"stdout": {"call": "printed\n"}, "log": [{"level": "WARNING", "logger": "app", "message": "slow"}]},
        attributes={"assertion": ASSERTION, "phases": {"setup": 1, "call": 2}},
        qa={"status": "failed"},
    ),
    of_test("test.case.finish", 2, qa={"status": "passed"}),
    of_test("test.case.finish", 1, qa={"status": "passed", "test": "t.py::test_total[usd]"}),
]  # fmt: skip


@pytest.fixture(scope="module", params=["directory", "server"])
def line(request, tmp_path_factory):
    if request.param == "server":
        made = request.getfixturevalue("online")
    else:
        from tests.support.cli_run import CommandLine

        made = CommandLine.at(tmp_path_factory.mktemp("offline"), GRAVEN_DATA="graven-data")
        made.must("log", "create", "extra")
    for name in ("shown", "plain"):
        made.must("log", "create", name)
    made.must("record", "-", "--log", "shown", "--wait", stdin="\n".join(map(json.dumps, EVENTS)).encode())
    return made


@pytest.fixture(scope="module")
def text(line):
    return line.must("test", "show", "total[eur", "--log", "shown").text


@pytest.mark.parametrize(
    "fact",
    [
        "FAILED  t.py::test_total[eur]",
        "run ci-1 · attempt 1 of 2 (flaky) · entry 3",
        "commit c0ffee · branch main",
        "currency  eur",
        "db  empty",
        "db at the end  full",
        "AssertionError: wrong total",
        'left   {"n": 1}',
        'right  {"n": 2}',
        "/n  left 1, right 2",
        "t.py:7 in test_total",
        "total  12900",
        "printed",
        "WARNING app  slow",
    ],
)
def test_it_tells_what_a_test_was_given_and_where_it_failed(text, fact):
    assert any(f"{row.strip()} · ".startswith(f"{fact} · ") for row in text.splitlines())


def test_the_timeline_has_every_source_in_order_of_cause_with_entries(text):
    rows = text[text.index("Timeline  3 events of 2 sources") :].splitlines()[1:]
    numbered = [row for row in rows if row[:1].isdigit()]
    assert [row.split()[0] for row in numbered] == ["3", "2", "1"]
    assert [len(row) - len(row[13:].lstrip()) for row in numbered] == [13, 15, 17]
    assert "POST http://shop/orders → 500" in numbered[1]
    assert "order.place order:42  by user:alice" in numbered[2]
    assert any('is    {"total": 12900}' in row for row in rows)


def test_what_is_long_is_cut_and_there_in_full(line, text):
    assert "… (3,000 characters)" in text
    assert text.count("x") < 300
    assert line.must("test", "show", "total[eur", "--log", "shown", "--full").text.count("x") >= 3000


def test_another_attempt_can_be_asked_for(line):
    found = json.loads(line.must("test", "show", "total[eur", "--attempt", "2", "--log", "shown", "--json").out)
    assert (found["index"], found["attempt"]["status"]) == (4, "passed")


def test_json_has_each_event_as_it_was_recorded(line):
    found = json.loads(line.must("test", "show", "total[eur", "--log", "shown", "--json").out)
    assert [item["index"] for item in found["timeline"]] == [3, 2, 1]
    assert found["timeline"][1]["event"]["input"] == EVENTS[2]["input"]
    assert found["timeline"][2]["joined"] == "trace"


def test_a_part_of_several_tests_is_refused_with_all_of_them(line):
    ran = line.run("test", "show", "total", "--log", "shown")
    assert ran.code != 0
    assert "t.py::test_total[eur] (passed), t.py::test_total[usd] (passed)" in ran.err


def test_an_unknown_test_is_answered_with_near_names(line):
    ran = line.run("test", "show", "test_totl[eur]", "--run", "ci-1", "--log", "shown")
    assert ran.code == 5
    assert "did you mean" in ran.err


def test_a_log_without_runs_says_how_to_record_one(line):
    ran = line.run("test", "show", "x", "--log", "plain")
    assert ran.code == 5
    assert "pytest --graven" in ran.err


def test_a_narrow_terminal_gets_no_longer_lines(line):
    line.environ["COLUMNS"] = "60"
    try:
        rows = line.must("test", "show", "total[eur", "--log", "shown").text.splitlines()
    finally:
        del line.environ["COLUMNS"]
    assert max(map(len, rows)) <= 60


def test_the_read_is_recorded(line):
    line.must("test", "show", "total[eur", "--log", "shown")
    assert "test.read" in line.must("show", "last", "--log", "system").text
