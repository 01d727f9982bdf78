"""What waits to be sent, and how it stands with what failed: read along two indexes, however much waits.

`deliveries_waiting` has everything that waits, `deliveries_failing` what of it was tried in vain: by alert and address,
most attempts first. So both are counted in one pass, and how it stands at an address is the first row there.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

__all__ = ["INDEXES", "Queued", "Waiting", "read_queued", "read_waiting"]

INDEXES: Final = """
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (log, alert, address, due_ns) WHERE outcome IS NULL;
CREATE INDEX IF NOT EXISTS deliveries_failing ON deliveries (log, alert, address, attempts DESC, due_ns)
WHERE outcome IS NULL AND attempts > 0;
"""

_WAITING: Final = """
WITH waiting AS (
  SELECT log, alert, address, count(*) AS count FROM deliveries INDEXED BY deliveries_waiting
  WHERE outcome IS NULL AND log = ?{of_alert} GROUP BY log, alert, address
)
SELECT waiting.*, coalesce(failed.attempts, 0), failed.due_ns, coalesce(failed.detail, '')
FROM waiting LEFT JOIN deliveries AS failed ON failed.rowid = (
  SELECT rowid FROM deliveries INDEXED BY deliveries_failing
  WHERE outcome IS NULL AND attempts > 0 AND (log, alert, address) = (waiting.log, waiting.alert, waiting.address)
  ORDER BY attempts DESC, due_ns LIMIT 1
) ORDER BY waiting.alert, waiting.address
"""

_QUEUED: Final = """
SELECT log, count(*) FROM deliveries INDEXED BY deliveries_waiting WHERE outcome IS NULL GROUP BY log
UNION ALL
SELECT log, -count(*) FROM deliveries INDEXED BY deliveries_failing WHERE outcome IS NULL AND attempts > 0 GROUP BY log
"""

_Rows = Callable[[str, Sequence[Any]], list[Any]]


class Waiting(NamedTuple):
    """So many deliveries of one alert wait for one address. Of the one that was tried most: how often, in vain, when
    it is due again (None: none was tried yet), and why the last attempt failed."""

    log: str
    alert: str
    address: str
    deliveries: int
    attempts: int = 0
    due_ns: int | None = None
    detail: str = ""


class Queued(NamedTuple):
    """Of all alerts of a log: deliveries that wait, and those among them that were tried in vain."""

    waiting: int = 0
    failing: int = 0


def read_waiting(rows: _Rows, log: str, alert: str | None) -> list[Waiting]:
    """What waits of a log, or of one alert of it, by alert and address."""
    statement = _WAITING.format(of_alert="" if alert is None else " AND alert = ?")
    return [Waiting(*row) for row in rows(statement, (log,) if alert is None else (log, alert))]


def read_queued(rows: _Rows) -> dict[str, Queued]:
    """By log; logs of which nothing waits are not among them."""
    found: dict[str, Queued] = {}
    for log, count in rows(_QUEUED, ()):
        known = found.get(log, Queued())
        found[log] = known._replace(waiting=count) if count > 0 else known._replace(failing=-count)
    return found
