"""What waits to be sent is counted by alert and address, and what failed says how it stands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from graven.detect.rule import Alert
from graven.detect.store import AlertStore, Delivery, Stored
from graven.detect.waiting import Queued, Waiting, read_queued, read_waiting

ONE, OTHER = "https://one.example/hook", "https://other.example/hook"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    made = AlertStore(tmp_path / "alerts.sqlite")
    yield made
    made.close()


def wait(
    store: AlertStore,
    fire: str,
    address: str = ONE,
    *,
    log: str = "shop",
    alert: str = "a",
    attempts: int = 0,
    due_ns: int = 5,
    outcome: str | None = None,
) -> Delivery:
    detail = f"reason {attempts}" if attempts else ""
    one = Delivery(fire, address, log, alert, b"{}", 1, due_ns, attempts, outcome, detail)
    store.keep(Stored(log, Alert(name=alert), 0, 0, None), b"", [one])
    return one


def test_nothing_waits_in_a_new_store(store: AlertStore) -> None:
    assert (store.waiting("shop"), store.queued()) == ([], {})


def test_deliveries_that_were_not_tried_wait_and_do_not_fail(store: AlertStore) -> None:
    for fire in ("f1", "f2"):
        wait(store, fire)
    assert store.waiting("shop") == [Waiting("shop", "a", ONE, 2)]
    assert store.queued() == {"shop": Queued(waiting=2, failing=0)}


def test_of_an_address_the_one_that_was_tried_most_is_told(store: AlertStore) -> None:
    for fire, attempts in (("f1", 1), ("f2", 3), ("f3", 2), ("f4", 0)):
        wait(store, fire, attempts=attempts, due_ns=10 + attempts)
    assert store.waiting("shop") == [Waiting("shop", "a", ONE, 4, 3, 13, "reason 3")]
    assert store.queued() == {"shop": Queued(waiting=4, failing=3)}


def test_among_equals_the_one_that_is_due_first_is_told(store: AlertStore) -> None:
    for fire, due_ns in (("f1", 9), ("f2", 7), ("f3", 8)):
        wait(store, fire, attempts=2, due_ns=due_ns)
    assert [one.due_ns for one in store.waiting("shop")] == [7]


def test_addresses_alerts_and_logs_count_for_themselves(store: AlertStore) -> None:
    wait(store, "f1", OTHER, attempts=1)
    wait(store, "f1", ONE)
    wait(store, "f2", alert="b", attempts=2)
    wait(store, "f3", log="vault")
    assert [(one.alert, one.address, one.attempts) for one in store.waiting("shop")] == [
        ("a", ONE, 0),
        ("a", OTHER, 1),
        ("b", ONE, 2),
    ]
    assert [one.attempts for one in store.waiting("shop", "b")] == [2]
    assert store.queued() == {"shop": Queued(3, 2), "vault": Queued(1, 0)}


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_what_was_decided_waits_no_more(store: AlertStore, outcome: str) -> None:
    one = wait(store, "f1", attempts=1)
    store.update(one._replace(attempts=2, outcome=outcome))
    assert (store.waiting("shop"), store.queued()) == ([], {})


def test_an_attempt_that_failed_is_told_at_once(store: AlertStore) -> None:
    one = wait(store, "f1")
    store.update(one._replace(attempts=1, due_ns=77, detail="503"))
    assert store.waiting("shop") == [Waiting("shop", "a", ONE, 1, 1, 77, "503")]


def test_thousands_that_wait_are_read_along_their_indexes(store: AlertStore) -> None:
    steps: list[str] = []

    def plan_of(query: str, values: Sequence[Any]) -> list[Any]:
        steps.extend(str(step[3]) for step in store._rows(f"EXPLAIN QUERY PLAN {query}", values))
        return []

    read_waiting(plan_of, "shop", None)
    read_waiting(plan_of, "shop", "a")
    read_queued(plan_of)
    assert any("deliveries_failing (log=? AND alert=? AND address=?" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN deliveries") and "USING INDEX" not in step] == []


def test_a_file_of_before_is_given_the_index_of_what_fails(tmp_path: Path) -> None:
    before = AlertStore(tmp_path / "alerts.sqlite")
    wait(before, "f1", attempts=2)
    before._db.execute("DROP INDEX deliveries_failing")
    before.close()
    after = AlertStore(tmp_path / "alerts.sqlite")
    assert after.queued() == {"shop": Queued(1, 1)}
    after.close()
