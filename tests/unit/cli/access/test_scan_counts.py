"""Numbers of a scan, in the shapes of the calls over HTTP."""

from typing import Any

import pytest

from graven.cli.access.scan_counts import histogram_body
from graven.index.process.asked import asked
from graven.index.query.times import time_ns

NOW_NS = 1_795_387_062_704_654_157


def claimed(*times: str, **parameters: str) -> dict[str, Any]:
    about = asked("l", {"clock": "claimed", **parameters}, NOW_NS)
    found = [(moment, "") for moment in map(time_ns, times) if moment is not None]
    assert len(found) == len(times)
    return histogram_body(about, found, len(found), 30, None, len(found))


@pytest.mark.parametrize("bounds", [{}, {"since": "1966-07-29T00:00:00Z", "until": "1966-07-31T00:00:00Z"}])
def test_times_before_1970_stand_where_they_are(bounds: dict[str, str]) -> None:
    found = claimed("1966-07-30T14:00:00Z", "1966-07-30T16:30:00Z", **bounds)
    filled = [bucket["start"] for bucket in found["buckets"] if bucket["count"]]
    starts = [bucket["start"] for bucket in found["buckets"]]
    assert len(filled) == 2
    assert filled[0].startswith("1966-07-30T14:00:00")
    assert "1966-07-30T15:00" < filled[1] <= "1966-07-30T16:30:00.000000000Z"
    assert (len(set(starts)), starts) == (len(starts), sorted(starts))
    assert found["from"] == starts[0]
    assert starts[-1] < found["to"] < "1966-08-01"
    assert found["untimed"] == 0


def test_the_first_and_the_last_moment_of_64_bits_have_their_buckets() -> None:
    found = claimed("1677-09-21T00:12:44Z", "2262-04-11T23:47:16Z")
    assert [bucket["count"] for bucket in found["buckets"] if bucket["count"]] == [1, 1]
    assert found["from"] < "1678"
    assert found["to"] > "2262"
