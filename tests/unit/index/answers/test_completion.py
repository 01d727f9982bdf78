import pytest
from tests.support.index_rows import event, hot
from tests.support.unlimited import unlimited

from graven.index.answers.completion import options_at
from graven.index.store import Snapshot

EVENTS = [
    event(actor={"id": "alice"}, labels={"team": "qa", "tier": "a b"}),
    event(actor={"id": "alice"}, labels={"team": "dev"}),
    event(actor={"id": "-odd"}, outcome="success"),
]


@pytest.fixture(scope="module")
def snapshot():
    return Snapshot((hot(EVENTS),), len(EVENTS))


def texts(snapshot, text, at=None):
    return [
        option["text"]
        for option in options_at(snapshot, text, len(text) if at is None else at, check=unlimited)["options"]
    ]


def test_names_begin_as_written(snapshot):
    assert "actor:" in texts(snapshot, "act")
    assert "labels." in texts(snapshot, "lab")
    assert texts(snapshot, "sin") == ["since:"]


def test_the_fields_that_questions_begin_with_come_first(snapshot):
    first = ["action:", "actor:", "outcome:", "target:", "test:", "run:", "status:", "env:", "message:", "error:"]
    assert texts(snapshot, "")[: len(first)] == first
    assert {"index:", "received:", "since:"} < set(texts(snapshot, ""))
    assert texts(snapshot, "a")[:2] == ["action:", "actor:"]
    assert texts(snapshot, "e")[:2] == ["env:", "error:"]


def test_values_come_with_how_often_there_are(snapshot):
    found = options_at(snapshot, "actor:al", 8, check=unlimited)
    assert (found["from"], found["to"], found["options"]) == (6, 8, [{"text": "alice", "count": 2}])


def test_a_value_that_means_something_else_is_quoted(snapshot):
    assert '"-odd"' in texts(snapshot, "actor:")
    assert texts(snapshot, "labels.tier:") == ['"a b"']


def test_labels_have_their_keys_and_values(snapshot):
    assert texts(snapshot, "labels.t") == ["labels.team:", "labels.tier:"]
    assert texts(snapshot, "labels.team:") == ["dev", "qa"]


def test_times_and_clocks_are_offered(snapshot):
    assert "1h" in texts(snapshot, "since:")
    assert texts(snapshot, "clock:c") == ["claimed"]


def test_unique_values_are_not_offered(snapshot):
    assert texts(snapshot, "id:") == []


def test_an_empty_log_offers_names_and_no_values():
    assert texts(Snapshot((), 0), "actor:") == []
    assert texts(Snapshot((), 0), "outco") == ["outcome:"]
