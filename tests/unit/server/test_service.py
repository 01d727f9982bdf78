"""What the composition says of itself at a scrape."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from graven.detect import Queued
from graven.errors import StorageFailed
from graven.server.service import Service


class Parts:
    """What `Service.log_stats` needs, with one log, `shop`."""

    _alert_stats = Service._alert_stats
    _index_stats = Service._index_stats

    def __init__(self, queued: Any) -> None:
        log = SimpleNamespace(name="shop", stats=lambda: {"size": 0.0})
        self.logs = SimpleNamespace(all=lambda: [log])
        self.background = SimpleNamespace(of_log=lambda _: {})
        self.index = SimpleNamespace(states={})
        self.alerting = SimpleNamespace(store=SimpleNamespace(queued=queued))


def stats_of(queued: Any) -> dict[str, float]:
    return dict(Service.log_stats(cast("Service", Parts(queued))))["shop"]


@pytest.mark.parametrize(
    ("queued", "waiting", "failing"), [({"shop": Queued(5, 2)}, 5, 2), ({"vault": Queued(5, 2)}, 0, 0)]
)
def test_a_log_has_the_deliveries_of_its_own_alerts(queued: dict[str, Queued], waiting: int, failing: int) -> None:
    found = stats_of(lambda: queued)
    assert (found["alert_deliveries_waiting"], found["alert_deliveries_failing"]) == (waiting, failing)


def test_where_alerts_cannot_be_read_the_other_numbers_are_still_told() -> None:
    def broken() -> dict[str, Queued]:
        raise StorageFailed("alerts.sqlite: disk I/O error")

    assert stats_of(broken) == {"size": 0.0}
