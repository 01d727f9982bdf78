import pytest
from tests.support.index_rows import event, hot, sealed
from tests.support.unlimited import unlimited

from graven.errors import TimedOut
from graven.index.answers.plan import plan_of
from graven.index.query.parse import parse
from graven.index.store import Snapshot

OLD = [event(actor={"id": "bob"}, input={"n": 1}), event(message="declined", input={"n": 2}), event()]
NEW = [event(actor={"id": "bob"}), event(actor={"id": "bob"})]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    segments = (sealed(OLD, tmp_path_factory.mktemp("sealed")), hot(NEW, first=3))
    return Snapshot(segments, 5)


def plan(snapshot, query, check=unlimited):
    return plan_of(snapshot, parse(query, now_ns=0).query, check=check)


def counts(snapshot, query):
    return [one.get("leaves", one.get("reads_at_most")) for one in plan(snapshot, query)["conditions"]]


@pytest.mark.parametrize(
    ("query", "structure"),
    [
        ("", "the order of the log"),
        ("index<3", "the order of the log"),
        ("target:x", "keys: "),
        ("actor:alice", "codes: "),
        ("labels.team:qa", "codes: "),
        ("duration>2s", "numbers: "),
        ("declined", "words: "),
        ("input.n>1", "raw values: "),
        ("id:e*", "raw values: "),
        ("message:declined", "raw values: "),
        ("-actor:alice", "codes: "),
        ("target:x OR duration>2s", "keys: one lookup in each segment; numbers: "),
    ],
)
def test_each_condition_is_answered_from_its_structure(snapshot, query, structure):
    (one,) = plan(snapshot, query)["conditions"]
    assert one["answered_by"].startswith(structure)


def test_the_cheap_conditions_come_first_and_say_how_many_rows_they_leave(snapshot):
    found = plan(snapshot, "input.n>0 declined actor:alice")["conditions"]
    assert [one["condition"] for one in found] == ["actor:alice", "declined", "input.n>0"]
    assert found[0]["means"] == 'actor is "alice"'
    assert counts(snapshot, "input.n>0 declined actor:alice") == [2, 1, 1]


def test_what_only_values_answer_says_how_many_are_read_at_most(snapshot):
    (one,) = plan(snapshot, "input.n>1")["conditions"]
    assert one["reads_at_most"] == 5
    assert "leaves" not in one


def test_segments_in_which_nothing_is_left_are_passed_over(snapshot):
    segments = plan(snapshot, "actor:alice input.n>1")["segments"]
    assert segments == {"sealed": 1, "hot": 1, "looked_at": 1, "passed_over": 1}


def test_a_plan_may_be_stopped(snapshot):
    def over():
        raise TimedOut("late")

    with pytest.raises(TimedOut):
        plan(snapshot, "actor:alice", check=over)
