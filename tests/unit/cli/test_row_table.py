from graven.cli.row_table import RowTable, sentence
from graven.cli.zone import Zone
from graven.index.query.times import time_ns

NOW = time_ns("2026-11-27T10:15:00Z")
ROW = {
    "index": 57,
    "received": "2026-11-27T10:14:00.500000000Z",
    "time": "2026-11-26T08:00:00Z",
    "action": "order.refund",
    "outcome": "failure",
    "actor": {"id": "ci", "name": "CI"},
    "behalf": [{"id": "alice"}],
    "targets": [{"type": "order", "id": "42"}, {"id": "x"}],
    "error": {"type": "PaymentError", "message": "card\ndeclined"},
}


def lines(*rows, marked=None, **options):
    table = RowTable(zone=Zone(0, "Z"), now_ns=NOW, width=None, **options)
    return [table.heading(rows), *table.lines(rows, marked=marked)]


def test_a_row_says_when_who_what_to_what_and_how_it_went():
    heading, line = lines(ROW)
    assert heading.split() == ["INDEX", "RECEIVED", "Z", "WHO", "ACTION", "TARGET", "OUTCOME", "SAID"]
    cells = [
        "57   ",
        "10:14:00.500",
        "ci for alice",
        "order.refund",
        "order/42 +1",
        "failure",
        "PaymentError: card …",
    ]
    assert line == "  ".join(cells)


def test_the_clock_that_is_asked_for_is_shown():
    heading, line = lines(ROW, claimed=True)
    assert "CLAIMED" in heading
    assert "2026-11-26 08:00:00" in line
    assert "  -  " in lines({"index": 1, "received": ROW["received"]}, claimed=True)[1] + "  "
    assert "59 s ago" in lines(ROW, relative=True)[1]


def test_without_targets_the_test_the_address_or_the_run_is_the_target():
    for member, shown in (
        ({"qa": {"test": "test_total", "run": "r"}}, "test_total"),
        ({"method": {"uri": "/orders"}}, "/orders"),
        ({"qa": {"run": "ci-1"}}, "ci-1"),
    ):
        assert sentence({"index": 0, "action": "a", **member}) == f"a {shown}"


def test_a_message_and_an_error_are_both_said_once():
    assert sentence({"action": "a", "message": "m", "error": {"message": "e"}}) == "a: m (e)"
    assert sentence({"action": "a", "message": "e", "error": {"type": "T", "message": "e"}}) == "a: T: e"


def test_the_event_that_was_asked_about_is_marked():
    _, first, second = lines(ROW, {**ROW, "index": 58}, marked=58)
    assert first.startswith("  57 ")
    assert second.startswith("▶ 58 ")


def test_what_acts_on_a_terminal_is_spelled_out():
    assert "\x1b" not in lines({**ROW, "actor": {"id": "\x1b[2J"}, "action": "\x1b]0;x", "message": "\u202e"})[1]


def test_values_that_are_no_texts_are_shown_as_json():
    assert "$redacted" in lines({**ROW, "actor": {"id": '{"$redacted":{}}'}, "outcome": 5})[1]


def narrow(width, *rows):
    table = RowTable(zone=Zone(3_600, "+01:00"), now_ns=NOW, width=width)
    return [table.heading(rows), *table.lines(rows)]


def test_a_narrow_terminal_has_short_times_and_no_empty_column():
    row = {**ROW, "error": {}, "behalf": []}
    heading, line = narrow(60, row)
    assert heading.split() == ["INDEX", "RECEIVED", "WHO", "ACTION", "TARGET", "OUTCOME"]
    assert line == "57     11:14:00  ci   order.refund  order/42 +1  failure"
    assert narrow(60, {**row, "received": "2026-11-25T10:14:00Z"})[1].startswith("57     11-25 11:14  ci ")


def test_who_and_action_stay_readable_where_not_all_has_room():
    heading, line = narrow(60, {**ROW, "index": 12_345_678, "action": "order.refund.all"})
    assert heading.split() == ["INDEX", "RECEIVED", "WHO", "ACTION", "OUTCOME", "SAID"]
    assert line.split("  ")[2:4] == ["ci for a…", "order.re…"]
    assert len(line) <= 60


def test_columns_stay_as_the_heading_has_them():
    table = RowTable(zone=Zone(0, "Z"), now_ns=NOW, width=50)
    quiet = {**ROW, "error": {}}
    heading = table.heading([quiet])
    assert "SAID" not in heading
    assert "declined" not in table.lines([ROW])[0]


def test_eighty_columns_have_room_for_all():
    heading, _ = narrow(80, {**ROW, "received": "2026-11-25T10:14:00Z", "message": "m" * 80})
    assert heading.split()[-3:] == ["TARGET", "OUTCOME", "SAID"]


def test_of_several_lines_the_first_is_said():
    assert sentence({"action": "a", "message": "\n  one\ntwo\n"}) == "a: one …"
    assert sentence({"action": "a", "message": "one\n"}) == "a: one"


def test_a_recorded_search_says_who_by_name_and_what_was_asked():
    row = {
        "source": "graven",
        "action": "events.search",
        "actor": {"type": "service", "id": "0198", "name": "auditor"},
        "attributes": {"query": "outcome:failure", "count": 1_204},
    }
    assert sentence(row) == "auditor events.search: outcome:failure, 1,204 found"
    assert sentence({**row, "source": "shop"}).startswith("0198 ")
    assert sentence({**row, "attributes": {"query": "", "count": 0}}).endswith(": 0 found")
    assert sentence({**row, "attributes": {"by": "local"}}) == "auditor events.search"
