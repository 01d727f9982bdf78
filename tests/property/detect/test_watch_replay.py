"""What fires follows from the log alone: however it is cut, whenever somebody looks, wherever it was interrupted."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.alert_world import SECOND, START_NS

from graven.detect.fired import Fired
from graven.detect.rule import Alert, Silence, Threshold
from graven.detect.watch import Span, Watch

CASES = ["test.run.start", "test.run.finish", "test.case.finish"]


@st.composite
def logs(draw):
    """Entries a few seconds apart; about half of them match."""
    entries, at = [], START_NS
    for index in range(draw(st.integers(0, 25))):
        at += draw(st.sampled_from([0, 1, 2, 5, 30])) * SECOND
        event = {
            "action": draw(st.sampled_from(CASES)),
            "actor": {"id": draw(st.sampled_from(["alice", "bob"]))},
            "qa": {"run": draw(st.sampled_from(["r", "s"])), "test": "t", "status": draw(st.sampled_from(["p", "f"]))},
        }
        entries.append(({"index": index, "received": at, "event": event}, draw(st.booleans())))
    return entries


alerts = st.builds(
    lambda kind, cooldown_s: Alert(name="x", cooldown_s=cooldown_s, **kind),
    st.one_of(
        st.builds(
            lambda count, window_s, by: {"threshold": Threshold(count=count, window_s=window_s, by=by)},
            st.integers(1, 4),
            st.sampled_from([1, 5, 60]),
            st.sampled_from([None, "actor"]),
        ),
        st.builds(lambda window_s: {"silence": Silence(window_s=window_s)}, st.sampled_from([1, 5, 20])),
        st.just({"rule": "result_changed"}),
    ),
    st.sampled_from([0, 3, 40]),
)


def span(entries, start, stop):
    rows = [view for view, matches in entries[start:stop] if matches]
    return Span(start, stop, entries[stop - 1][0]["received"], rows)


mosts = st.sampled_from([1, 2, 60])
"""Firings a minute that stand for themselves."""


def watch_of(alert, most=60):
    return Watch("shop", alert, armed=0, armed_ns=START_NS, most_a_minute=most)


def at_once(entries, alert, end_ns, most=60) -> list[Fired]:
    watch = watch_of(alert, most)
    fired = watch.feed(span(entries, 0, len(entries))) if entries else []
    return fired + watch.tick(end_ns)


def end_of(entries):
    return (entries[-1][0]["received"] if entries else START_NS) + 100 * SECOND


@settings(deadline=None)  # a loaded machine is no fault
@given(logs(), alerts, mosts, st.data())
def test_any_cut_and_any_honest_ticks_give_the_same_firings(entries, alert, most, data):
    watch, fired, at = watch_of(alert, most), [], 0
    while at < len(entries):
        stop = data.draw(st.integers(at + 1, len(entries)))
        most_rows, most_fired = (data.draw(st.one_of(st.none(), st.integers(1, 3))) for _ in range(2))
        fired += watch.feed(span(entries, at, stop), most_rows=most_rows, most_fired=most_fired)
        at = watch.position
        if at < len(entries):  # all that was received before the next entry was fed
            last, upcoming = entries[at - 1][0]["received"], entries[at][0]["received"]
            fired += watch.tick(data.draw(st.integers(last, upcoming)))
    fired += watch.tick(end_of(entries))
    assert fired == at_once(entries, alert, end_of(entries), most)


@settings(deadline=None)  # a loaded machine is no fault
@given(logs(), alerts, mosts, st.data())
def test_a_restart_anywhere_from_any_state_before_gives_the_same_firings(entries, alert, most, data):
    watch, states, fired, at = watch_of(alert, most), [None], [], 0
    for _ in range(data.draw(st.integers(0, 8))):
        if data.draw(st.booleans()):
            watch = watch_of(alert, most)
            state = data.draw(st.sampled_from(states))
            if state is not None:
                watch.restore(state)
            at = watch.position
        elif at < len(entries):
            stop = data.draw(st.integers(at + 1, len(entries)))
            fired += watch.feed(span(entries, at, stop))
            at = stop
            states.append(watch.snapshot())
    if at < len(entries):
        fired += watch.feed(span(entries, at, len(entries)))
    fired += watch.tick(end_of(entries))
    once = list({one.id: one for one in fired}.values())
    reference = at_once(entries, alert, end_of(entries), most)
    assert {one.id for one in once} == {one.id for one in reference}
    assert sorted(once, key=lambda one: one.id) == sorted(reference, key=lambda one: one.id)


@settings(deadline=None)  # a loaded machine is no fault
@given(logs(), alerts, mosts)
def test_no_minute_has_more_than_it_may_and_none_of_the_others_is_forgotten(entries, alert, most):
    limited = at_once(entries, alert, end_of(entries), most)
    single = [one for one in limited if one.found.more is None]
    minutes = Counter(one.found.at_ns // (60 * SECOND) for one in single)
    assert all(count <= most for count in minutes.values())
    others = sum(one.found.more.firings for one in limited if one.found.more is not None)
    assert len(single) + others == len(at_once(entries, alert, end_of(entries)))


@settings(deadline=None)  # a loaded machine is no fault
@given(logs(), st.integers(1, 4), st.sampled_from([1, 5, 60]))
def test_a_threshold_fires_where_a_count_by_hand_does(entries, count, window_s):
    matches = [(view["received"], view["index"]) for view, matched in entries if matched]
    expected, held = [], []
    for match in matches:
        held = [one for one in held if match[0] - one[0] <= window_s * SECOND] + [match]
        if len(held) == count:
            expected.append(tuple(index for _, index in held))
            held = []
    alert = Alert(name="x", threshold=Threshold(count=count, window_s=window_s), cooldown_s=0)
    assert [one.found.indexes for one in at_once(entries, alert, 0)] == expected


@settings(deadline=None)  # a loaded machine is no fault
@given(logs(), st.sampled_from([1, 5, 20]))
def test_of_a_second_the_first_and_the_last_match_are_enough_for_a_silence(entries, window_s):
    alert = Alert(name="x", silence=Silence(window_s=window_s), cooldown_s=0)
    seconds = [view["received"] // SECOND for view, matched in entries if matched]
    matched = [index for index, (_, matched) in enumerate(entries) if matched]
    kept = {
        index
        for place, index in enumerate(matched)
        if seconds[place - 1 : place] != [seconds[place]] or seconds[place + 1 : place + 2] != [seconds[place]]
    }
    thin = [(view, was and index in kept) for index, (view, was) in enumerate(entries)]
    assert at_once(thin, alert, end_of(entries)) == at_once(entries, alert, end_of(entries))
