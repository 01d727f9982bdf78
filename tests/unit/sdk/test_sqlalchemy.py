"""Real SQLAlchemy on SQLite files; events as the transport got them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, event, insert, update
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.attributes import flag_modified
from tests.support.sdk_changes import Base, Customer, Order, Stock, folded
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.errors import UsageError
from graven.sdk.client import Client
from graven.sdk.context import acting_as
from graven.sdk.sqlalchemy import record_changes


class Shop:
    def __init__(self, folder: Path) -> None:
        self.transport = ScriptedTransport()
        self.client: Client = scripted_client(self.transport, folder / "spool")
        self.engine = create_engine(f"sqlite:///{folder / 'shop.db'}")
        Base.metadata.create_all(self.engine)
        self.sessions = sessionmaker(self.engine)
        self.statements: list[str] = []
        event.listen(self.engine, "before_cursor_execute", lambda *given: self.statements.append(given[2]))

    def events(self) -> list[dict[str, Any]]:
        assert self.client.flush(30)
        return self.transport.events

    def actions(self) -> list[str]:
        return [one["action"] for one in self.events()]

    def changes(self) -> list[dict[str, Any]]:
        return [one["targets"][0]["change"] for one in self.events()]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.client.close()
    shop.engine.dispose()


@pytest.fixture
def recorded(shop: Shop) -> Iterator[Shop]:
    recording = record_changes(shop.sessions, client=shop.client, exclude=["customers.password"])
    yield shop
    recording.stop()


def stored(shop: Shop, *things: Any) -> None:
    with shop.sessions.begin() as session:
        session.add_all(things)


def test_create_carries_the_whole_row_with_generated_key_and_defaults(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", orders=[Order()]))
    target = recorded.events()[1]["targets"][0]
    assert (target["type"], target["id"]) == ("orders", "1")
    row = {"id": 1, "customer_id": 1, "quantity": 1, "state": "new", "note": None, "version": 1}
    assert target["change"] == {"before": None, "after": row}


def test_create_reads_nothing_that_the_insert_returned(recorded: Shop) -> None:
    stored(recorded, Stock(shelf="a", sku="b"))
    assert [text.split()[0] for text in recorded.statements] == ["INSERT"]
    assert recorded.changes() == [{"before": None, "after": {"shelf": "a", "sku": "b", "price": "3.00"}}]


def test_update_carries_the_key_and_what_changed_with_onupdate(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", orders=[Order()]))
    with recorded.sessions.begin() as session:
        session.get_one(Order, 1).quantity = 5
    change = recorded.changes()[-1]
    assert change == {
        "before": {"id": 1, "quantity": 1, "version": 1},
        "after": {"id": 1, "quantity": 5, "version": 7},
    }


def test_update_of_a_column_that_was_never_loaded_tells_what_it_was(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", orders=[Order(note="fragile")]))
    with recorded.sessions.begin() as session:
        session.get_one(Order, 1).note = "sturdy"
    change = recorded.changes()[-1]
    assert (change["before"]["note"], change["after"]["note"]) == ("fragile", "sturdy")


def test_update_by_an_expression_tells_the_result(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", orders=[Order(quantity=2)]))
    with recorded.sessions.begin() as session:
        session.get_one(Order, 1).quantity = Order.quantity + 40
    change = recorded.changes()[-1]
    assert (change["before"]["quantity"], change["after"]["quantity"]) == (2, 42)


def test_update_in_place_tells_the_value_before(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", settings={"mail": True}))
    with recorded.sessions.begin() as session:
        customer = session.get_one(Customer, 1)
        customer.settings["mail"] = False
        flag_modified(customer, "settings")
    change = recorded.changes()[-1]
    assert (change["before"]["settings"], change["after"]["settings"]) == ({"mail": True}, {"mail": False})


def test_a_value_changed_after_its_flush_is_recorded_as_flushed(recorded: Shop) -> None:
    with recorded.sessions.begin() as session:
        customer = Customer(name="Ann", settings={"mail": True})
        session.add(customer)
        session.flush()
        customer.settings["mail"] = False
    assert recorded.changes()[0]["after"]["settings"] == {"mail": True}


def test_assigning_the_same_value_records_nothing(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann"))
    with recorded.sessions.begin() as session:
        session.get_one(Customer, 1).name = "Ann"
    assert recorded.actions() == ["entity.create"]


def test_delete_carries_the_whole_row_before_deferred_columns_included(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", orders=[Order(note="fragile")]))
    with recorded.sessions.begin() as session:
        session.delete(session.get_one(Order, 1))
    row = {"id": 1, "customer_id": 1, "quantity": 1, "state": "new", "note": "fragile", "version": 1}
    assert recorded.changes()[-1] == {"before": row, "after": None}


def test_a_cascade_of_the_session_records_each_row(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", orders=[Order(), Order()]))
    with recorded.sessions.begin() as session:
        session.delete(session.get_one(Customer, 1))
    assert recorded.actions()[3:] == ["entity.delete"] * 3
    assert folded(recorded.events()) == {}


def test_a_composite_key_has_one_spelling(recorded: Shop) -> None:
    stored(recorded, Stock(shelf="a,b", sku="50%", price=Decimal(1)))
    assert recorded.events()[0]["targets"][0]["id"] == "a%2Cb,50%25"


def test_a_row_that_gets_another_key_is_recorded_as_gone_and_as_new(recorded: Shop) -> None:
    stored(recorded, Stock(shelf="a", sku="b"))
    with recorded.sessions.begin() as session:
        session.get_one(Stock, ("a", "b")).sku = "c"
    gone, new = recorded.events()[-1]["targets"]
    assert (gone["id"], gone["change"]["after"]) == ("a,b", None)
    assert (new["id"], new["change"]["after"]) == ("a,c", {"shelf": "a", "sku": "c", "price": "3.00"})


def test_a_rollback_records_nothing(recorded: Shop) -> None:
    with recorded.sessions() as session:
        session.add(Customer(name="Ann"))
        session.flush()
        session.rollback()
        session.add(Customer(name="Bob"))
        session.commit()
    assert [change["after"]["name"] for change in recorded.changes()] == ["Bob"]


def test_a_savepoint_that_rolls_back_drops_its_own_and_inner_changes_only(recorded: Shop) -> None:
    with recorded.sessions.begin() as session:
        session.add(Customer(name="outer"))
        savepoint = session.begin_nested()
        session.add(Customer(name="dropped"))
        with session.begin_nested():
            session.add(Customer(name="released within"))
        savepoint.rollback()
        with session.begin_nested():
            session.add(Customer(name="kept"))
    assert [change["after"]["name"] for change in recorded.changes()] == ["outer", "kept"]


def test_changes_of_one_transaction_share_an_id_that_others_do_not_have(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann"), Customer(name="Bob"))
    stored(recorded, Customer(name="Cyd"))
    first, second, third = (one["attributes"]["transaction"] for one in recorded.events())
    assert first == second != third


def test_the_actor_is_the_one_of_the_change_not_of_the_commit(recorded: Shop) -> None:
    with recorded.sessions() as session:
        with acting_as("user:ann", correlation_id="request-1"):
            session.add(Customer(name="Ann"))
            session.flush()
        session.commit()
    one = recorded.events()[0]
    assert (one["actor"]["id"], one["correlation_id"]) == ("user:ann", "request-1")


def test_an_excluded_column_is_nowhere_in_the_events(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann", password="opensesame"))
    with recorded.sessions.begin() as session:
        session.execute(update(Customer).values(password="sesameopen"))
    assert "sesame" not in str(recorded.events())


def test_a_bulk_update_records_statement_parameters_and_row_count(recorded: Shop) -> None:
    stored(recorded, Customer(name="Ann"), Customer(name="Bob"))
    with recorded.sessions.begin() as session:
        session.execute(update(Customer).where(Customer.id > 0).values(name="Eve"))
    one = recorded.events()[-1]
    assert one["action"] == "entity.bulk_update"
    assert one["method"]["statement"].startswith("UPDATE customers SET name=")
    assert one["input"]["parameters"] == [{"name": "Eve", "id_1": 0}]
    assert one["output"] == {"rows": 2}


def test_a_bulk_statement_that_rolls_back_records_nothing(recorded: Shop) -> None:
    with recorded.sessions() as session:
        session.execute(insert(Customer).values(name="Ann"))
        session.rollback()
    assert recorded.events() == []


def test_a_bulk_statement_that_begins_its_transaction_is_recorded(recorded: Shop) -> None:
    with recorded.sessions() as session:
        session.execute(delete(Customer))
        session.commit()
    assert recorded.actions() == ["entity.bulk_delete"]


def test_with_rows_bulk_statements_record_each_row(shop: Shop) -> None:
    recording = record_changes(shop.sessions, client=shop.client, rows=True)
    stored(shop, Stock(shelf="a", sku="1"), Stock(shelf="a", sku="2"), Stock(shelf="b", sku="3"))
    with shop.sessions.begin() as session:
        session.execute(update(Stock).where(Stock.shelf == "a").values(price=Stock.price + 1))
        session.execute(delete(Stock).where(Stock.sku == "1"))
    recording.stop()
    assert folded(shop.events()) == {
        ("stock", "a,2"): {"shelf": "a", "sku": "2", "price": "4.00"},
        ("stock", "b,3"): {"shelf": "b", "sku": "3", "price": "3.00"},
    }


def test_sessions_of_other_factories_are_not_recorded(recorded: Shop) -> None:
    with Session(recorded.engine) as session:
        session.add(Customer(name="Ann"))
        session.commit()
    assert recorded.events() == []


def test_nothing_is_recorded_after_stop(shop: Shop) -> None:
    record_changes(shop.sessions, client=shop.client).stop()
    stored(shop, Customer(name="Ann"))
    assert shop.events() == []


def test_one_session_can_be_recorded_alone(shop: Shop) -> None:
    with shop.sessions() as session:
        recording = record_changes(session, client=shop.client)
        session.add(Customer(name="Ann"))
        session.commit()
        recording.stop()
    stored(shop, Customer(name="Bob"))
    assert [change["after"]["name"] for change in shop.changes()] == ["Ann"]


def test_a_recorder_that_fails_is_counted_and_the_application_commits(
    recorded: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("graven.sdk.sqlalchemy.captured_row", broken)
    stored(recorded, Customer(name="Ann"))
    assert recorded.client.stats().losses == {"unencodable": 1}
    with recorded.sessions() as session:
        assert session.get_one(Customer, 1).name == "Ann"


def test_what_makes_no_sessions_is_refused() -> None:
    with pytest.raises(UsageError, match="no sessions to record: int"):
        record_changes(3)


def test_a_factory_recorded_twice_records_each_change_once(recorded: Shop) -> None:
    again = record_changes(recorded.sessions, client=recorded.client)
    stored(recorded, Customer(name="Ann"))
    with recorded.sessions.begin() as session:
        session.execute(delete(Customer))
    again.stop()
    assert recorded.actions() == ["entity.create", "entity.bulk_delete"]


def test_with_rows_a_bulk_statement_sees_what_was_pending(shop: Shop) -> None:
    recording = record_changes(shop.sessions, client=shop.client, rows=True)
    with shop.sessions.begin() as session:
        session.add(Stock(shelf="a", sku="1"))
        session.execute(delete(Stock))
    recording.stop()
    assert shop.actions() == ["entity.create", "entity.bulk_delete", "entity.delete"]
