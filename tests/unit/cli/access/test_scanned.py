"""A folder without a server answers what a server's index would."""

import json

import pytest
from tests.support.views import RECEIVED_NS, row, view

from graven.cli.access.questions import Question
from graven.cli.access.scanned import ScannedSearch
from graven.cli.access.scanning import Entries
from graven.errors import Conflict, InvalidInput, NotFound, UsageError
from graven.event.envelope import format_time

SIZE = 2_600


def entry(index):
    outcome = "failure" if index % 10 == 0 else "success"
    members = {"outcome": outcome, "actor": {"id": f"a{index % 3}"}, "message": f"number {index}"}
    return row(view(index, source="s" if index else "first", **members))[1]


ENTRIES = [entry(index) for index in range(SIZE)]


@pytest.fixture
def said():
    return []


@pytest.fixture
def reads():
    return []


@pytest.fixture
def search(said, reads):
    def read(start, stop):
        for index in range(start, min(stop, SIZE)):
            reads.append(index)
            yield ENTRIES[index]

    return ScannedSearch(
        "here",
        lambda log: Entries(SIZE, read, lambda digest: None),
        lambda method, log, facts: said.append((method, facts)),
    )


def indexes(page):
    return [json.loads(event)["index"] for event in page.events]


def test_the_newest_come_first(search):
    page = search.page("l", Question("outcome:failure"), limit=3)
    assert indexes(page) == [2590, 2580, 2570]
    assert (page.indexed, page.size) == (SIZE, SIZE)
    assert json.loads(page.events[0])["message"] == "number 2590"


def test_no_more_is_read_than_the_page_needs(search, reads):
    search.page("l", Question(), limit=5)
    assert min(reads) >= 2_048, "one piece"


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_by_cursor_are_everything_once(search, order):
    found, cursor = [], None
    while True:
        page = search.page("l", Question("outcome:failure"), limit=7, order=order, cursor=cursor)
        found += indexes(page)
        cursor = page.next
        if cursor is None:
            break
    expected = list(range(0, SIZE, 10))
    assert found == (expected if order == "oldest" else expected[::-1])


def test_the_last_page_has_no_cursor_even_when_it_is_full(search):
    assert search.page("l", Question("index<5"), limit=5).next is None


def test_an_entry_is_given_as_it_is_stored_on_one_line(search):
    (event,) = search.page("l", Question("index:7"), limit=1, view="entry").events
    assert event == b'{"index":7,' + ENTRIES[7][1:]


def test_bounds_of_time_and_index_bound_what_is_read(search, reads):
    since = format_time(RECEIVED_NS + 2_000 * 10**9)
    page = search.page("l", Question(since=since, query="index<2010"), limit=1000, order="oldest")
    assert indexes(page) == list(range(2_000, 2_010))
    assert len(reads) < 100


def test_a_bad_query_says_where(search):
    with pytest.raises(InvalidInput) as caught:
        search.page("l", Question("outcome:failure actr:x"), limit=1)
    assert caught.value.details["position"] == 16


def test_a_bad_parameter_is_refused_as_by_a_server(search):
    with pytest.raises(InvalidInput) as caught:
        search.page("l", Question(since="yesterday"), limit=1)
    assert caught.value.code == "bad_parameter"


def test_facets_count_values_others_and_absent(search):
    found = search.facets("l", Question("index<100"), ("actor", "run"), limit=2)
    assert found["total"] == 100
    assert found["facets"]["actor"] == {
        "values": [{"value": "a0", "count": 34}, {"value": "a1", "count": 33}],
        "other": 33,
        "absent": 0,
    }
    assert found["facets"]["run"]["absent"] == 100
    assert search.facets("l", Question("outcome:failure"), (), limit=1)["total"] == SIZE // 10


def test_a_field_that_cannot_be_counted_is_refused(search):
    with pytest.raises(InvalidInput):
        search.facets("l", Question(), ("message",), limit=1)


def test_a_histogram_has_no_gaps_and_counts_everything_once(search):
    found = search.histogram("l", Question(), buckets=30, by="outcome")
    counts = [bucket["count"] for bucket in found["buckets"]]
    assert sum(counts) == found["total"] == SIZE
    assert 1 < len(counts) <= 30
    assert found["values"] == ["success", "failure", ""]
    assert sum(bucket["by"].get("failure", 0) for bucket in found["buckets"]) == SIZE // 10


def test_a_histogram_of_nothing_has_no_buckets(search):
    found = search.histogram("l", Question("outcome:denied"), buckets=30)
    assert (found["buckets"], found["total"], found["from"]) == ([], 0, None)


def test_claimed_times_that_are_not_there_are_said(search):
    assert search.histogram("l", Question(clock="claimed"), buckets=10)["untimed"] == SIZE


def test_the_newest_match_is_found_outside_of_the_time(search):
    question = Question("outcome:failure until:2020-01-01", until="2019-01-01")
    assert search.newest("l", question).row["index"] == 2_590
    assert search.newest("l", Question("outcome:denied")).row is None


def test_neighbours_are_those_that_match(search):
    found = search.around("l", 1_025, "outcome:failure", before=2, after=1)
    assert [one["index"] for one in found["before"]] == [1_010, 1_020]
    assert found["event"]["index"] == 1_025
    assert [one["index"] for one in found["after"]] == [1_030]
    with pytest.raises(NotFound):
        search.around("l", SIZE, "", before=1, after=1)


def test_an_event_is_found_by_its_id(search):
    assert search.index_of("l", "id-77") == 77
    with pytest.raises(NotFound):
        search.index_of("l", "id-")


def test_an_id_of_two_sources_is_ambiguous():
    both = [row(view(0))[1], row(view(0, source="other"))[1]]
    twice = ScannedSearch("here", lambda log: Entries(2, lambda start, stop: iter(both[start:stop]), lambda _: None))
    with pytest.raises(Conflict) as caught:
        twice.index_of("l", "id-0")
    assert caught.value.details["indexes"] == [0, 1]


def test_an_export_is_everything_oldest_first(search):
    found = search.export("l", Question("outcome:failure"), "ndjson", None)
    lines = b"".join(found.pieces).splitlines()
    assert [json.loads(line)["index"] for line in lines] == list(range(0, SIZE, 10))
    table = b"".join(search.export("l", Question("index<2"), "csv", ["index", "actor"]).pieces)
    assert table == b"index,actor\r\n0,a0\r\n1,a1\r\n"


def test_every_answer_is_recorded_before_it_is_given(search, said):
    search.page("l", Question("outcome:failure", since="2020-01-01"), limit=2)
    assert said == [
        ("search", {"query": "outcome:failure", "count": 2, "since": "2020-01-01", "first": 2580, "last": 2590})
    ]
    search.export("l", Question("x"), "ndjson", None)
    assert said[-1] == ("export", {"q": "x"})


def test_the_plan_says_that_entries_are_read(search):
    plan = search.page("l", Question("index<100 number"), limit=1, explain=True).explain
    assert plan["scanned"] == {"first": 0, "end": 100}
    assert [one["condition"] for one in plan["conditions"]] == ["index<100", "number"]


@pytest.mark.parametrize("call", ["require_tail", "alerts"])
def test_what_needs_a_server_says_how_to_get_one(search, call):
    with pytest.raises(UsageError) as caught:
        getattr(search, call)(*(["l"] if call == "alerts" else []))
    assert "graven serve --data here" in caught.value.hint


def test_how_far_it_is_is_told(search):
    told = []
    search.page("l", Question("outcome:denied"), limit=1, tell=lambda done, total: told.append((done, total)))
    assert told[0] == (256, SIZE)
    assert len(told) == SIZE // 256
