from tests.support.index_rows import event, hot, sealed
from tests.support.unlimited import unlimited

from graven.index.answers.facets import Facet, facets, values_of
from graven.index.query.ast import All, Equals
from graven.index.query.fields import BY_NAME
from graven.index.store import Snapshot

EVERYTHING = All()
ACTOR, SUITE = BY_NAME["actor"], BY_NAME["suite"]
EVENTS = [event(actor={"id": f"u{n % 3}"}, **({"qa": {"suite": "s"}} if n % 2 else {})) for n in range(7)]


def counted(snapshot, query=EVERYTHING, limit=10):
    return facets(snapshot, query, [ACTOR, SUITE], limit=limit, check=unlimited)


def test_segments_in_memory_and_in_files_add_up(tmp_path):
    snapshot = Snapshot((sealed(EVENTS, tmp_path), hot(EVENTS, 7)), 14)
    found = counted(snapshot)
    assert found.total == 14
    assert found.fields["actor"] == Facet([("u0", 6), ("u1", 4), ("u2", 4)], 0, 0)
    assert found.fields["suite"] == Facet([("s", 6)], 0, 8)


def test_what_does_not_fit_is_counted_as_other():
    assert counted(Snapshot((hot(EVENTS),), 7), limit=1).fields["actor"] == Facet([("u0", 3)], 4, 0)


def test_a_query_that_matches_nothing_counts_nothing():
    found = counted(Snapshot((hot(EVENTS),), 7), Equals(ACTOR, "nobody"))
    assert (found.total, found.fields["actor"]) == (0, Facet([], 0, 0))


def test_an_empty_log_counts_nothing():
    assert counted(Snapshot((), 0)).fields["suite"] == Facet([], 0, 0)


def test_values_begin_as_asked_whatever_the_case():
    snapshot = Snapshot((hot([event(actor={"id": name}) for name in ("Bob", "bo", "Bo", "bo", "al", "a.*")]),), 6)
    assert values_of(snapshot, ACTOR, prefix="bo", limit=2, check=unlimited) == [("bo", 2), ("Bo", 1)]
    assert values_of(snapshot, ACTOR, prefix="a.", limit=9, check=unlimited) == [("a.*", 1)]
