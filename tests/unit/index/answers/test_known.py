import pytest
from tests.support.index_rows import event, hot, sealed
from tests.support.unlimited import unlimited

from graven.errors import TimedOut
from graven.index.answers.known import KnownHere
from graven.index.query.fields import BY_NAME
from graven.index.store import Snapshot

EVENTS = [
    event(actor={"id": "alice"}, targets=[{"type": "order", "id": "1"}], labels={"team": "qa"}, input={"n": 1}),
    event(actor={"id": "bob"}, targets=[{"type": "card", "id": "2"}], input={"n": 2}),
    event(actor={"id": "bob"}, labels={"team": "dev", "tier": "gold"}),
]


@pytest.fixture(scope="module", params=["hot", "sealed"])
def known(request, tmp_path_factory):
    if request.param == "hot":
        segments = (hot(EVENTS[:2]), hot(EVENTS[2:], first=2))
    else:
        home = tmp_path_factory.mktemp("sealed")
        segments = (sealed(EVENTS[:2], home), sealed(EVENTS[2:], home, first=2))
    return KnownHere(Snapshot(segments, len(EVENTS)), unlimited)


def test_a_value_itself_comes_first_then_the_most_frequent(known):
    assert known.values(BY_NAME["actor"], "alice") == ["alice", "bob"]
    assert known.values(BY_NAME["actor"], "nobody") == ["bob", "alice"]


def test_values_that_hold_the_text_come_before_the_frequent(known):
    assert known.values(BY_NAME["actor"], "LIC") == ["alice", "bob"]


def test_a_key_is_known_in_lower_case_too(known):
    assert known.values(BY_NAME["target"], "ORDER/1")[0] == "order/1"


def test_values_of_scanned_fields_are_those_of_the_newest_events(known):
    assert sorted(known.values(BY_NAME["target.type"], "x")) == ["card", "order"]


def test_labels_have_their_keys_and_values(known):
    assert known.labels() == {"team": ["dev", "qa"], "tier": ["gold"]}


def test_documents_are_those_of_the_newest_events(known):
    assert known.documents(BY_NAME["input"]) == [{"n": 2}, {"n": 1}]


def test_an_empty_index_knows_nothing():
    known = KnownHere(Snapshot((), 0), unlimited)
    assert (known.values(BY_NAME["actor"], "x"), known.labels(), known.documents(BY_NAME["input"])) == ([], {}, [])


@pytest.mark.parametrize("asked", ["values", "labels", "documents"])
def test_every_question_may_be_stopped(asked):
    def over():
        raise TimedOut("late")

    known = KnownHere(Snapshot((hot(EVENTS),), len(EVENTS)), over)
    questions = {
        "values": lambda: known.values(BY_NAME["actor"], "x"),
        "labels": known.labels,
        "documents": lambda: known.documents(BY_NAME["input"]),
    }
    with pytest.raises(TimedOut):
        questions[asked]()


def test_of_large_values_only_the_newest_are_looked_at():
    events = [event(source=str(at), method={"uri": f"/{at}/{'x' * 2**18}"}) for at in range(100)]
    known = KnownHere(Snapshot((hot(events),), len(events)), unlimited)
    looked_at = [value.split("/")[1] for value in known.values(BY_NAME["uri"], "/nowhere")]
    assert looked_at == [str(at) for at in range(99, 35, -1)]


def test_while_the_newest_values_are_read_the_deadline_holds():
    calls = []
    known = KnownHere(Snapshot((hot([event()] * 200),), 200), lambda: calls.append(None))
    known.values(BY_NAME["uri"], "/nowhere")
    assert len(calls) > 200 // 64
