"""What a timeline never does, whatever happened and in whatever order it arrived."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.support.happenings import event

from graven.qa.timeline import timeline

PRODUCERS = ("test", "shop", "db")


@st.composite
def worlds(draw):
    """Work nested in work, as it really happened: (events as their producers claim them, true beginnings).

    A child lies within its parent and may run on another machine, whose clock is off by up to hours; each producer
    counts what it records when it ends. No two moments are the same.
    """
    moments = draw(st.lists(st.integers(1, 10**6), min_size=2, max_size=40, unique=True))
    moments = sorted(moments)[: len(moments) // 2 * 2]
    skew = {name: draw(st.integers(-(10**10), 10**10)) for name in PRODUCERS}
    spans: list[tuple[int, int, int | None, str]] = []
    open_spans: list[tuple[int, int | None, str, int]] = []
    number = 0
    for at, moment in enumerate(moments):
        left = len(moments) - at
        # whoever may still begin must also be able to end
        if open_spans and (left <= len(open_spans) or draw(st.booleans())):
            live = [one for one in open_spans if all(other[1] != one[0] for other in open_spans)]
            ending = draw(st.sampled_from(live))
            open_spans.remove(ending)
            spans.append((ending[0], ending[1], ending[2], ending[3], moment))
            continue
        parent = draw(st.sampled_from([None, *[one[0] for one in open_spans]]))
        open_spans.append((number, parent, draw(st.sampled_from(PRODUCERS)), moment))
        number += 1
    counts = dict.fromkeys(PRODUCERS, 0)
    events, truth = [], {}
    for name, parent, producer, start, end in spans:
        counts[producer] += 1
        truth[f"e{name}"] = (start, end)
        events.append(
            event(
                name,
                at=start + skew[producer],
                lasts=end - start,
                span=f"s{name}",
                parent="" if parent is None else f"s{parent}",
                by=producer,
                seq=counts[producer],
                received=10**12,
            )
        )
    return events, truth


def arrived(events, order):
    return [msgspec.structs.replace(one, index=place) for place, one in zip(order, events, strict=True)]


@given(worlds(), st.data())
def test_any_order_of_arrival_gives_the_same_timeline(world, data):
    events, _ = world
    order = data.draw(st.permutations(range(len(events))))

    def told(items):
        ids = {item.index: item.id for item in items}
        return [(item.id, item.depth, ids.get(item.parent), item.order, item.offset_ns) for item in items]

    assert told(timeline(arrived(events, order))) == told(timeline(events))


@given(worlds())
def test_an_order_that_is_told_as_known_is_the_true_one(world):
    events, truth = world
    last = {}
    for item in timeline(events):
        elder = last.get(item.parent)
        if item.order in {"cause", "sequence", "time"}:
            assert truth[elder][0] < truth[item.id][0]
        if elder is not None and truth[elder][0] < truth[item.id][1] and truth[item.id][0] < truth[elder][1]:
            assert item.order in {"concurrent", "claimed"}
        last[item.parent] = item.id


@given(worlds())
def test_siblings_of_one_producer_stand_as_it_counted_them(world):
    events, _ = world
    counted = {one.id: (one.producer, one.seq) for one in events}
    seen = {}
    for item in timeline(events):
        producer, seq = counted[item.id]
        assert seen.get((item.parent, producer), 0) < seq
        seen[item.parent, producer] = seq


NAMES = st.sampled_from(["", "a", "b", "c", "d"])
TIMES = st.one_of(st.none(), st.integers(-5, 5))
HOSTILE = st.lists(
    st.builds(
        lambda name, at, lasts, span, parent, cause, by, seq: event(
            0, name, at=at, lasts=lasts, span=span, parent=parent, cause=cause, by=by, seq=seq
        ),
        NAMES, TIMES, st.integers(0, 4), NAMES, NAMES, NAMES, NAMES, st.integers(0, 3),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


@given(HOSTILE, st.data())
def test_whatever_is_claimed_each_event_stands_once_and_behind_its_parent(claims, data):
    events = [msgspec.structs.replace(one, index=place) for place, one in enumerate(claims)]
    root = data.draw(st.one_of(st.none(), st.integers(0, len(events) - 1)))
    items = timeline(events, root=root)
    assert sorted(item.index for item in items) == list(range(len(events)))
    place = {item.index: number for number, item in enumerate(items)}
    for item in items:
        if item.parent is not None:
            assert place[item.parent] < place[item.index]
            assert item.depth == items[place[item.parent]].depth + 1


@given(HOSTILE, st.randoms())
def test_the_order_in_which_events_are_given_does_not_matter(claims, random):
    events = [msgspec.structs.replace(one, index=place) for place, one in enumerate(claims)]
    mixed = random.sample(events, len(events))
    assert timeline(mixed, root=0) == timeline(events, root=0)
