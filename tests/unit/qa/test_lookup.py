import json

import pytest
from tests.support.run_events import case, entry, feed_all, finish, start

from graven.errors import Conflict
from graven.qa.lookup import Lookup

EVENTS = [
    start("ci-1"),
    case("ci-1", "total", "failed"),
    finish("ci-1", "failed"),
    start("ci-2"),
    case("ci-2", "total"),
    case("ci-2", "other", suite="api"),
    case("ci-2", "other"),
]


def looked_up(word: str | None) -> Lookup:
    return feed_all(Lookup(word), EVENTS)


def test_no_word_means_the_run_that_began_last():
    summary, tests = looked_up(None).run()
    assert summary.run == "ci-2"
    assert len(tests) == 3


def test_a_run_is_found_by_its_name():
    summary, tests = looked_up("ci-1").run()
    assert (summary.run, [test.test for test in tests]) == ("ci-1", ["total"])


def test_a_test_is_found_by_its_name_with_and_without_its_suite():
    for word in ("total", "shop::total"):
        found = looked_up(word)
        assert found.run() is None
        assert [one.run for one in found.test()] == ["ci-2", "ci-1"]


def test_a_test_that_several_suites_have_is_refused():
    with pytest.raises(Conflict, match="names 2 tests"):
        looked_up("other").test()


def test_an_event_is_found_by_its_id_and_the_first_counts():
    lookup = Lookup("wanted")
    lookup.feed(0, entry(EVENTS[0]))
    for index in (1, 2):
        lookup.feed(index, entry(EVENTS[1]).replace(b'"id":"i"', b'"id":"wanted"'))
    assert lookup.entry == 1


def test_an_id_inside_of_the_data_is_not_that_of_the_entry():
    lookup = Lookup("ci")
    lookup.feed(0, entry({"action": "a", "actor": {"id": "ci"}, "id": "ci"}))
    assert lookup.entry is None


def test_an_id_with_escapes_is_found():
    name = 'a"b\\c'
    lookup = Lookup(name)
    lookup.feed(0, entry(EVENTS[0]).replace(b'"id":"i"', b'"id":' + json.dumps(name).encode()))
    assert lookup.entry == 0


def test_a_word_that_names_nothing_has_near_tests_and_all_runs():
    found = looked_up("totl")
    assert (found.run(), found.test(), found.entry) == (None, None, None)
    assert found.near_tests()[0] == "total"
    assert found.runs() == ["ci-1", "ci-2"]


@pytest.mark.parametrize("raw", [b"", b"{", b'{"id":"x"', b'{"id":"x\xff"}', b'{"id":"x","v":', b"\xff" * 9])
def test_broken_entries_are_passed_over(raw):
    lookup = Lookup("x")
    lookup.feed(0, raw)
    assert lookup.entry is None
