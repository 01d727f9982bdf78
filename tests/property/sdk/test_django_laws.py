"""The recorded changes of any use of the ORM, folded from nothing, are the rows of the database."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Case, F, Value, When
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.databases import mariadb, postgres
from tests.support.django_shop import database, forget_rows, held, mariadb_settings, postgres_settings
from tests.support.django_shop_app.models import Customer, Order, OrderView, Stock, Tag, UrgentOrder, Voucher
from tests.support.sdk_changes import folded
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.changes import captured_row
from graven.sdk.django import record_changes

_STEPS = st.sampled_from([
    "customer", "customers", "order", "urgent", "rename", "double", "hours", "favourite", "save some", "get or create",
    "update or create", "tag", "tag again", "untag", "set tags", "clear", "drop order", "drop customer", "drop some",
    "bulk update", "stock", "stock ignored", "stock updated", "tags ignored", "sell", "move", "shift", "joined",
    "proxy", "voucher", "save point", "undo", "begin", "commit", "rollback",
])  # fmt: skip


_OPENING = [("customers", 1), ("customer", 2), ("order", 1), ("order", 2), ("urgent", 3), ("stock updated", 4),
            ("move", 1), ("move", 2), ("get or create", 1), ("tag", 1), ("tag", 2), ("favourite", 0)]  # fmt: skip
"""Something for the steps to work on, recorded like them."""


class _Undo(Exception):
    pass


def _pick(model: Any, number: int) -> Any:
    found = list(model.objects.order_by("pk"))
    return found[number % len(found)] if found else None


def _step(step: str, n: int) -> None:  # noqa: C901 - one case for each step
    order, customer = _pick(Order, n), _pick(Customer, n)
    match step:
        case "customer":
            Customer.objects.create(name=f"n{n}", settings={"n": n})
        case "customers":
            Customer.objects.bulk_create([Customer(name=f"b{n}"), Customer(name="b")])
        case "order" if customer:
            Order.objects.create(customer=customer, quantity=n, note="x" * n or None)
        case "urgent" if customer:
            UrgentOrder.objects.create(customer=customer, hours=n)
        case "rename" if customer:
            customer.name = f"renamed {n}"
            customer.save()
        case "double" if order:
            order.quantity = F("quantity") * 2
            order.save(update_fields=["quantity"])
        case "hours" if urgent := _pick(UrgentOrder, n):
            urgent.hours, urgent.quantity = n, n
            urgent.save()
        case "favourite" if customer:
            customer.favourite = order
            customer.save()
        case "save some" if found := Order.objects.only("state").order_by("pk").first():
            found.state = f"s{n}"
            found.save()
        case "get or create":
            Tag.objects.get_or_create(name=f"t{n}")
        case "update or create":
            Stock.objects.update_or_create(
                sku=f"k{n}", defaults={"count": F("count") + 1}, create_defaults={"count": n}
            )
        case "tag" | "tag again" if order:
            order.tags.add(Tag.objects.get_or_create(name=f"t{n}")[0], *Tag.objects.all()[:2])
        case "untag" if order:
            order.tags.remove(*Tag.objects.all()[:n])
        case "set tags" if order:
            order.tags.set(Tag.objects.all()[: n % 3])
        case "clear" if order:
            order.tags.clear()
        case "drop order" if order:
            order.delete()
        case "drop customer" if customer:
            customer.delete()
        case "drop some":
            Stock.objects.filter(count__gt=n).delete()
        case "bulk update":
            orders = list(Order.objects.all())
            for at, one in enumerate(orders):
                one.note, one.quantity = f"note {n}", at
            Order.objects.bulk_update(orders, ["note", "quantity"], batch_size=2)
        case "stock":
            Stock(sku=f"k{n}", shelf="b").save()
        case "stock ignored":
            Stock.objects.bulk_create([Stock(sku=f"k{i}", count=i) for i in range(n)], ignore_conflicts=True)
        case "stock updated":
            _upsert([Stock(sku=f"k{i}", shelf="u", count=n) for i in range(n)])
        case "tags ignored":
            Tag.objects.bulk_create([Tag(name=f"t{i}") for i in range(n)], ignore_conflicts=True)
        case "sell":
            Stock.objects.filter(count__gte=n).update(
                count=F("count") - n, shelf=Case(When(count=n, then=Value("z")), default=F("shelf"))
            )
        case "move":
            Stock.objects.filter(sku=f"k{n}").update(sku=f"m{n}")
        case "shift":
            Stock.objects.filter(sku__startswith="m").update(
                sku=Case(When(sku="m1", then=Value(f"x{n}")), default=F("sku"))
            )
        case "joined":
            Order.objects.filter(customer__name__gte="b", tags__name__startswith="t").update(note=f"joined {n}")
        case "proxy":
            OrderView.objects.filter(quantity=n).update(note="seen", quantity=F("quantity") + 1)
        case "voucher":
            Voucher.objects.bulk_create([Voucher(code=f"V{n}")])


def _upsert(given: list[Stock]) -> None:
    named = {} if connection.vendor == "mysql" else {"unique_fields": ["sku"]}
    Stock.objects.bulk_create(given, update_conflicts=True, update_fields=["count"], **named)


def _run(steps: list[tuple[str, int]]) -> None:
    blocks: list[Any] = []
    points: list[tuple[int, str]] = []
    for step, number in steps:
        if step == "begin":
            blocks.append(transaction.atomic())
            blocks[-1].__enter__()
        elif step == "commit" and blocks:
            blocks.pop().__exit__(None, None, None)
        elif step == "save point" and blocks:
            points.append((len(blocks), transaction.savepoint()))
        elif step == "undo" and points and points[-1][0] == len(blocks):
            transaction.savepoint_rollback(points.pop()[1])
        elif step == "rollback" and blocks:
            blocks.pop().__exit__(_Undo, _Undo(), None)
        else:
            points = [point for point in points if point[0] <= len(blocks)]
            with suppress(DatabaseError):  # a duplicate: the step is undone, by itself or by its savepoint
                if blocks:
                    with transaction.atomic():
                        _step(step, number)
                else:
                    _step(step, number)
    while blocks:
        blocks.pop().__exit__(_Undo, _Undo(), None)


def _check(steps: list[tuple[str, int]], folder: Path) -> None:
    transport = ScriptedTransport()
    with scripted_client(transport, folder / "spool") as client:
        recording = record_changes(client=client)
        try:
            _run([*_OPENING, *steps])
        finally:
            recording.stop()
        assert client.flush(30)
        assert client.stats().losses == {}
        kept = {place: captured_row(row) for place, row in held().items()}
    for row in kept.values():
        row.pop("card", None)  # encrypted, hence never recorded
        row.pop("password", None)
    rows = folded(transport.events)
    for row in rows.values():
        row.pop("password", None)
    assert rows == kept


STEPS = st.lists(st.tuples(_STEPS, st.integers(0, 4)), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sqlite")
    with database("default", ENGINE="django.db.backends.sqlite3", NAME=":memory:"):
        yield folder


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("postgres")
    with postgres(folder) as server, database("default", **postgres_settings(server)):
        yield folder


@pytest.fixture(scope="module")
def on_mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("mariadb")
    with mariadb(folder) as server, database("default", **mariadb_settings(server)):
        yield folder


@settings(max_examples=20, deadline=None)
@given(steps=STEPS)
def test_folded_changes_are_the_rows_of_an_sqlite_database(on_sqlite: Path, steps: list[tuple[str, int]]) -> None:
    forget_rows()
    _check(steps, on_sqlite)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_folded_changes_are_the_rows_of_a_postgresql_database(on_postgres: Path, steps: list[tuple[str, int]]) -> None:
    forget_rows()
    _check(steps, on_postgres)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_folded_changes_are_the_rows_of_a_mariadb_database(on_mariadb: Path, steps: list[tuple[str, int]]) -> None:
    forget_rows()
    _check(steps, on_mariadb)
