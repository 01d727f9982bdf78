"""What the demonstration demands of the failing test's timeline."""

import msgspec
from tests.support.happenings import event

from graven.cli.demo.shop import missing_in
from graven.qa.timeline import timeline

HAPPENED = [
    ("pytest/shop_tests", {"action": "test.case.finish", "qa": {"status": "failed"}}),
    ("pytest/shop_tests", {"action": "http.request", "output": {"body": '{"total_cents": 12900}'}}),
    ("shop", {"action": "http.request", "output": {"status": 201}}),
    ("shop", {"action": "sql.statement", "output": {"rows": [[None]]}}),
    ("shop", {"action": "order.place", "targets": [{"change": {"after": {"number": 5}}}]}),
    ("pytest/shop_tests", {"action": "sql.statement", "output": {"rows": [["open", 12900]]}}),
]


def told(happened):
    events = [
        msgspec.structs.replace(event(at, at=at * 10, source=source), data=data)
        for at, (source, data) in enumerate(happened)
    ]
    return missing_in(timeline(events))


def test_nothing_is_missing_when_all_of_it_is_there():
    assert told(HAPPENED) == []


def test_each_part_that_is_not_there_is_named():
    names = [told(HAPPENED[:at] + HAPPENED[at + 1 :]) for at in range(len(HAPPENED))]
    assert [len(one) for one in names] == [1] * len(HAPPENED)
    assert len({one[0] for one in names}) == len(HAPPENED)


def test_parts_in_another_order_are_missing():
    assert told(HAPPENED[::-1]) != []
