"""The recorded changes of any session, folded from nothing, are the rows of the database."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, select, update
from sqlalchemy.orm import Session, sessionmaker
from tests.support.sdk_changes import Base, Customer, Order, Stock, folded
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.sqlalchemy import record_changes

_STEPS = st.sampled_from([
    "add", "order", "note", "count", "move", "drop", "stock", "price", "bulk update", "bulk delete",
    "flush", "savepoint", "release", "undo", "commit", "rollback", "expire",
])  # fmt: skip


def _pick(session: Session, model: Any, number: int) -> Any:
    found = session.scalars(select(model).order_by(*model.__mapper__.primary_key)).all()
    return found[number % len(found)] if found else None


def _step(session: Session, step: str, number: int) -> None:  # noqa: C901 - one case for each step
    order = _pick(session, Order, number) if step in {"note", "count", "move"} else None
    match step:
        case "add":
            session.add(Customer(name=f"n{number}"))
        case "order" if customer := _pick(session, Customer, number):
            customer.orders.append(Order(quantity=number))
        case "note" if order:
            order.note = f"note {number}"
        case "count" if order:
            order.quantity = Order.quantity + number
        case "move" if order:
            order.customer = _pick(session, Customer, number + 1)
        case "drop" if customer := _pick(session, Customer, number):
            session.delete(customer)
        case "stock":
            session.merge(Stock(shelf=f"s{number % 2}", sku=f"k,{number % 3}"))
        case "price" if stock := _pick(session, Stock, number):
            stock.sku = f"moved {number}" if session.get(Stock, (stock.shelf, f"moved {number}")) is None else stock.sku
        case "bulk update":
            session.execute(update(Order).where(Order.quantity > number).values(quantity=number, note="bulk"))
        case "bulk delete":
            session.execute(delete(Order).where(Order.quantity == number))
        case "flush":
            session.flush()
        case "savepoint":
            session.begin_nested()
        case "release" if nested := session.get_nested_transaction():
            nested.commit()
        case "undo" if nested := session.get_nested_transaction():
            nested.rollback()
        case "commit":
            session.commit()
        case "rollback":
            session.rollback()
        case "expire":
            session.flush()
            session.expire_all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(_STEPS, st.integers(0, 5)), min_size=1, max_size=30))
def test_folded_changes_are_the_rows_of_the_database(steps: list[tuple[str, int]]) -> None:
    transport = ScriptedTransport()
    with tempfile.TemporaryDirectory() as folder, scripted_client(transport, Path(folder) / "spool") as client:
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        sessions = sessionmaker(engine)
        recording = record_changes(sessions, client=client, rows=True)
        with sessions() as session:
            for step, number in steps:
                _step(session, step, number)
        recording.stop()
        assert client.flush(30)
        assert client.stats().losses == {}
        with engine.connect() as connection:
            held = [
                (table.name, {name: str(v) if name == "price" else v for name, v in row._mapping.items()})
                for table in Base.metadata.sorted_tables
                for row in connection.execute(table.select())
            ]
        engine.dispose()
        rows = folded(transport.events)
    assert sorted(map(repr, ((place[0], row) for place, row in _by_key(rows)))) == sorted(map(repr, held))


def _by_key(rows: dict[tuple[str, str], dict[str, Any]]) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    order = {table.name: [column.name for column in table.columns] for table in Base.metadata.sorted_tables}
    return [(place, {name: row[name] for name in order[place[0]]}) for place, row in rows.items()]
