"""The query of an alert asks the same whenever it is asked."""

import pytest

from graven.detect.timeless import check_timeless
from graven.errors import InvalidInput


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("outcome:denied since:1h", "received"),
        ("until:now", "received"),
        ("outcome:denied -received>1h", "received"),
        ("action:a OR (action:b time<2d)", "time"),
        ("received:1h..now", "received"),
        ("clock:claimed since:10m", "time"),
        ("since:9223372036854775807ns", "received"),
        ("actor:x time:1h", "time"),
        ("since:2026-01-01 until:1h", "received"),
        ("since:1h until:1980-01-01", "received"),
        ("clock:claimed actor:x time:2026-01-01..1h", "time"),
    ],
)
def test_a_time_told_from_now_is_refused(query: str, field: str) -> None:
    with pytest.raises(InvalidInput, match=f"bounds {field} by a time told from now") as refused:
        check_timeless(query)
    assert (refused.value.code, "window_s" in refused.value.hint) == ("invalid_alert", True)


@pytest.mark.parametrize(
    "query",
    ["", "outcome:denied", "duration>1h", "now", "since:2026-11-27 actor:alice", "time<2026-11-27T10:15:00Z", '"1h"'],
)
def test_what_asks_the_same_for_ever_is_taken(query: str) -> None:
    check_timeless(query)


@pytest.mark.parametrize("query", ["since:1h until:2h", "received:2026-01-02..2026-01-01"])
def test_a_range_that_ends_before_it_begins_whenever_it_is_asked_is_refused_as_such(query: str) -> None:
    with pytest.raises(InvalidInput, match="ends before it begins"):
        check_timeless(query)


def test_what_is_no_query_is_refused_as_such() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_timeless("actr:x")
    assert refused.value.code == "bad_query"
