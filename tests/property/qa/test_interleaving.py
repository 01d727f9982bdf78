"""Runs do not depend on what else was recorded between their events."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.run_events import case, feed_all, finish, start

from graven.qa import RunsView

STATUS = st.sampled_from(["passed", "failed", "error", "skipped", "xpassed", "odd"])


def events_of(run):
    shard = st.sampled_from(["1", "2"])
    return st.lists(
        st.one_of(
            st.builds(lambda s: start(run, shard=s, commit=run), shard),
            st.builds(
                lambda s, v: finish(run, v, shard=s), shard, st.sampled_from(["passed", "failed", "interrupted"])
            ),
            st.builds(lambda t, v, n: case(run, t, v, attempt=n), st.sampled_from("ab"), STATUS, st.integers(1, 3)),
        ),
        min_size=1,
        max_size=8,
    )


def told(view):
    """What does not depend on place and hour of arrival."""
    return {
        run.run: (run.state, run.verdict, run.counts, run.attempts, run.exact, run.commit, run.shards, run.duration_ns)
        for run in view.runs()
    }


@given(
    st.lists(st.sampled_from(["p", "q", "r"]), unique=True, min_size=1).flatmap(
        lambda names: st.tuples(*map(events_of, names))
    ),
    st.randoms(),
)
def test_any_interleaving_of_the_events_of_runs_gives_the_same_runs(runs, random):
    apart = feed_all(RunsView(), [event for run in runs for event in run])
    waiting = [list(run) for run in runs]
    mixed = []
    while waiting := [run for run in waiting if run]:
        mixed.append(random.choice(waiting).pop(0))
    assert told(feed_all(RunsView(), mixed)) == told(apart)
