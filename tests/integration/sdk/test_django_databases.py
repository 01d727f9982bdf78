"""What only a real server shows of the record of Django's changes: other transactions, and failures within one."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import F, QuerySet
from tests.support.databases import mariadb, postgres
from tests.support.django_shop import database, forget_rows, mariadb_settings, postgres_settings
from tests.support.django_shop_app.models import Stock
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.django import record_changes

pytestmark = pytest.mark.slow

SERVERS = {"postgres": (postgres, postgres_settings), "mariadb": (mariadb, mariadb_settings)}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    start, settings = SERVERS[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as running, database("default", **settings(running)):
        yield request.param


@pytest.fixture
def events(server: str, tmp_path: Path) -> Iterator[Any]:
    forget_rows()
    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path) as client:
        recording = record_changes(client=client)

        def recorded() -> list[dict[str, Any]]:
            assert client.flush(30)
            return transport.events

        yield recorded
        recording.stop()


def test_before_is_what_the_statement_changed_however_many_write_at_once(events: Any) -> None:
    Stock.objects.create(sku="a", count=0)
    started = threading.Barrier(4)

    def sell() -> None:
        started.wait()
        for _ in range(10):
            Stock.objects.filter(sku="a").update(count=F("count") + 1)
        connections.close_all()

    threads = [threading.Thread(target=sell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = [event["targets"][0]["change"] for event in events()[1:]]
    steps = sorted((change["before"]["count"], change["after"]["count"]) for change in changes)
    assert steps == [(number, number + 1) for number in range(40)]


def test_a_read_that_fails_in_a_transaction_does_not_spoil_it(events: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Stock.objects.create(sku="a")

    def impossible(table: Any, query: Any, connection: Any) -> Any:
        return QuerySet(table.model).extra(where=["no_such_column = 1"])

    monkeypatch.setattr("graven.sdk.django.statements.matching", impossible)
    with transaction.atomic():
        Stock.objects.update(count=5)
        Stock.objects.create(sku="b")
    assert list(Stock.objects.order_by("sku").values_list("sku", "count")) == [("a", 5), ("b", 0)]
    told = events()[1:]
    assert [event["action"] for event in told] == ["entity.bulk_update", "entity.create"]
    assert told[0]["attributes"]["rows_not_recorded"].startswith("they could not be read: ")
