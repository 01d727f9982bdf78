"""Django's ORM on SQLite; events as the transport got them."""

import asyncio
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import F
from django.db.models.signals import post_save
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.support.django_shop import database, sqlite_settings
from tests.support.django_shop_app.models import Customer, Order, OrderView, Stock, Tag, Ticket, UrgentOrder, Voucher
from tests.support.sdk_changes import folded
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.errors import UsageError
from graven.sdk.context import acting_as
from graven.sdk.django import record_changes


class Shop:
    def __init__(self, folder: Path) -> None:
        self.transport = ScriptedTransport()
        self.client = scripted_client(self.transport, folder / "spool")
        self.recording = record_changes(client=self.client, exclude=["shop.Customer.secret"], rows=5)

    def events(self) -> list[dict[str, Any]]:
        assert self.client.flush(30)
        assert self.client.stats().losses == {}
        return self.transport.events

    def actions(self) -> list[str]:
        return [event["action"] for event in self.events()]

    def last(self) -> dict[str, Any]:
        return self.events()[-1]["targets"][0]["change"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with database("default", **sqlite_settings(tmp_path)):
        shop = Shop(tmp_path)
        yield shop
        shop.recording.stop()
        shop.client.close()


def order(**given: Any) -> Order:
    return Order.objects.create(customer=Customer.objects.create(name="Ann"), **given)


def test_create_carries_the_row_with_defaults_of_the_database(shop: Shop) -> None:
    order()
    target = shop.events()[1]["targets"][0]
    assert (target["type"], target["id"], target["change"]["before"]) == ("shop_order", "1", None)
    assert (target["change"]["after"]["state"], target["change"]["after"]["price"]) == ("new", "3.00")


def test_update_by_an_expression_tells_both_values(shop: Shop) -> None:
    one = order()
    one.quantity = F("quantity") + 41
    one.save()
    assert shop.last() == {"before": {"id": 1, "quantity": 1}, "after": {"id": 1, "quantity": 42}}


def test_saving_what_is_there_already_records_nothing(shop: Shop) -> None:
    order().save()
    assert shop.actions() == ["entity.create"] * 2


def test_a_deferred_column_is_told_when_its_row_goes(shop: Shop) -> None:
    order(note="fragile")
    Order.objects.only("id").get().delete()
    assert shop.last()["before"]["note"] == "fragile"


def test_cascades_and_set_null_are_recorded_row_by_row(shop: Shop) -> None:
    one = order()
    Customer.objects.create(name="Bea", favourite=one)
    one.customer.delete()
    assert shop.actions()[3:] == ["entity.update", "entity.delete", "entity.delete"]


def test_a_relation_of_many_to_many_is_rows_of_its_table(shop: Shop) -> None:
    one, tag = order(), Tag.objects.create(name="x")
    one.tags.add(tag)
    one.tags.add(tag)
    one.tags.remove(tag)
    told = [event["targets"][0]["change"]["before"] for event in shop.events()[3:]]
    assert told == [None, {"id": 1, "order_id": 1, "tag_id": 1}]


def test_a_model_over_two_tables_is_a_row_of_each(shop: Shop) -> None:
    UrgentOrder.objects.create(customer=Customer.objects.create(name="Ann"), hours=3)
    assert [event["targets"][0]["type"] for event in shop.events()[1:]] == ["shop_order", "shop_urgentorder"]
    assert len({event["attributes"]["transaction"] for event in shop.events()[1:]}) == 1


def test_a_proxy_is_the_table_behind_it(shop: Shop) -> None:
    order()
    OrderView.objects.update(note="seen")
    event = shop.events()[-1]
    assert (event["targets"][0]["type"], event["attributes"]["class"]) == ("shop_order", "OrderView")


def test_ignored_rows_are_not_told_as_new(shop: Shop) -> None:
    Stock.objects.create(sku="a")
    Stock.objects.bulk_create([Stock(sku="a", count=9), Stock(sku="b")], ignore_conflicts=True)
    assert [event["targets"][0]["id"] for event in shop.events()] == ["a", "b"]


def test_updated_conflicts_are_updates(shop: Shop) -> None:
    Stock.objects.create(sku="a")
    given = [Stock(sku="a", count=9), Stock(sku="b")]
    Stock.objects.bulk_create(given, update_conflicts=True, update_fields=["count"], unique_fields=["sku"])
    assert shop.actions() == ["entity.create", "entity.update", "entity.create"]


def test_rows_whose_keys_nobody_tells_are_counted(shop: Shop) -> None:
    Voucher.objects.bulk_create([Voucher(code="a"), Voucher(code="b")], ignore_conflicts=True)
    (event,) = shop.events()
    assert (event["action"], event["input"]) == ("entity.bulk_create", {"rows": 2, "on_conflict": "ignore"})


def test_another_key_is_one_update_with_two_targets(shop: Shop) -> None:
    Stock.objects.create(sku="a")
    Stock.objects.filter(sku="a").update(sku="z")
    (gone, new) = shop.events()[-1]["targets"]
    assert (gone["id"], gone["change"]["after"], new["id"], new["change"]["before"]) == ("a", None, "z", None)


def test_keys_that_move_onto_each_other_still_fold_to_the_rows(shop: Shop) -> None:
    for count in (3, 2, 1):
        Tag.objects.create(id=count, name=f"t{count}")
    Tag.objects.filter(id=3).update(id=F("id") + 1)
    Tag.objects.filter(id=2).update(id=F("id") + 1)
    assert {key[1]: row["name"] for key, row in folded(shop.events()).items()} == {"1": "t1", "3": "t2", "4": "t3"}


def test_more_rows_than_the_bound_are_a_count_and_a_digest_of_their_keys(shop: Shop) -> None:
    Stock.objects.bulk_create([Stock(sku=f"k{at}") for at in range(7)])
    Stock.objects.update(count=F("count") + 1, shelf="b")
    Stock.objects.all().delete()
    made, changed, gone = shop.events()
    assert [event["action"] for event in (made, changed, gone)] == [
        "entity.bulk_create",
        "entity.bulk_update",
        "entity.bulk_delete",
    ]
    assert [event["output"]["rows"] for event in (made, changed, gone)] == [7, 7, 7]
    assert made["attributes"]["keys"] == changed["attributes"]["keys"] == gone["attributes"]["keys"]
    assert changed["input"]["values"]["shelf"] == "b"
    assert "UPDATE" in changed["method"]["statement"]


def test_changes_of_one_transaction_share_its_identity(shop: Shop) -> None:
    with transaction.atomic():
        order()
        with transaction.atomic():
            Tag.objects.create(name="x")
    Tag.objects.create(name="y")
    first, second, third, fourth = (event["attributes"]["transaction"] for event in shop.events())
    assert first == second == third != fourth


def test_nothing_is_recorded_before_the_commit(shop: Shop) -> None:
    with transaction.atomic():
        Tag.objects.create(name="x")
        assert shop.actions() == []
    assert shop.actions() == ["entity.create"]


def test_what_an_inner_block_undoes_is_never_recorded(shop: Shop) -> None:
    def undone() -> None:
        with transaction.atomic():
            Tag.objects.create(name="undone")
            raise KeyError

    with transaction.atomic():
        Tag.objects.create(name="kept")
        with pytest.raises(KeyError):
            undone()
    assert [event["targets"][0]["change"]["after"]["name"] for event in shop.events()] == ["kept"]


def test_what_a_savepoint_made_by_hand_undoes_is_never_recorded(shop: Shop) -> None:
    with transaction.atomic():
        Tag.objects.create(name="kept")
        savepoint = transaction.savepoint()
        Tag.objects.create(name="undone")
        transaction.savepoint_rollback(savepoint)
    assert [event["targets"][0]["change"]["after"]["name"] for event in shop.events()] == ["kept"]


def test_a_statement_that_fails_is_not_recorded_and_its_error_is_the_applications(shop: Shop) -> None:
    Tag.objects.create(name="x")
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        Tag.objects.create(name="x")
    assert shop.actions() == ["entity.create"]


def test_the_actor_is_the_one_who_made_the_change(shop: Shop) -> None:
    with transaction.atomic():
        with acting_as("alice"):
            Tag.objects.create(name="a")
        with acting_as("bob"):
            Tag.objects.create(name="b")
    assert [event["actor"]["id"] for event in shop.events()] == ["alice", "bob"]


def test_an_excluded_field_and_an_encrypted_one_are_never_read(shop: Shop) -> None:
    Customer.objects.create(name="Ann", secret="s3cret", card="4111")
    row = shop.last()["after"]
    assert (row["name"], "secret" in row, "card" in row) == ("Ann", False, False)


def test_a_password_is_redacted(shop: Shop) -> None:
    Customer.objects.create(name="Ann", password="hunter2hunter2")
    assert shop.last()["after"]["password"]["$redacted"]["rule"] == "password-field"


def test_sessions_are_not_recorded(shop: Shop) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())
    assert shop.actions() == []


def test_a_model_whose_key_is_excluded_is_not_recorded(shop: Shop, tmp_path: Path) -> None:
    shop.recording = record_changes(client=shop.client, exclude=["shop.Ticket.code"])
    Ticket.objects.create(code="let-me-in")
    assert shop.actions() == []


def test_only_what_is_included_is_recorded(shop: Shop) -> None:
    shop.recording = record_changes(client=shop.client, include=["shop.Tag"])
    order()
    Tag.objects.create(name="x")
    assert [event["targets"][0]["type"] for event in shop.events()] == ["shop_tag"]


@pytest.mark.parametrize("name", ["shop.Custmer", "secrett", "shop.Customer.secrett", "shopp.*"])
def test_a_mistyped_exclusion_is_told_at_once(shop: Shop, name: str) -> None:
    with pytest.raises(UsageError, match="no model or field"):
        record_changes(exclude=[name])


def test_the_reads_of_the_record_are_not_counted_as_the_applications(shop: Shop) -> None:
    one = order()
    with CaptureQueriesContext(connection) as captured:
        one.quantity = 5
        one.save()
    assert [query["sql"].split()[0] for query in captured] == ["UPDATE"]


def test_a_read_that_fails_leaves_the_change_to_happen_and_says_so(shop: Shop, monkeypatch: Any) -> None:
    order()

    def broken(*given: Any) -> Any:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr("graven.sdk.django.statements.matching", broken)
        Order.objects.update(note="done")
    assert Order.objects.get().note == "done"
    assert shop.client.flush(30)
    event = shop.transport.events[-1]
    assert (event["action"], event["output"]["rows"]) == ("entity.bulk_update", 1)
    assert event["attributes"]["rows_not_recorded"] == "they could not be read: RuntimeError"
    assert shop.client.stats().losses == {"unencodable": 1}


def test_asynchronous_use_of_the_orm_is_recorded_as_its_actor(shop: Shop) -> None:
    async def change() -> None:
        with acting_as("alice"):
            tag = await Tag.objects.acreate(name="x")
            tag.name = "y"
            await tag.asave()

    with transaction.atomic():
        pass  # the connection is this thread's, and so is the loop's: nothing else opens the file
    asyncio.run(change())
    assert [(event["action"], event["actor"]["id"]) for event in shop.events()] == [
        ("entity.create", "alice"),
        ("entity.update", "alice"),
    ]


def test_threads_have_their_own_transactions(shop: Shop) -> None:
    def change(name: str) -> None:
        Tag.objects.create(name=name)
        connections.close_all()

    with transaction.atomic():
        threads = [threading.Thread(target=change, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({event["attributes"]["transaction"] for event in shop.events()}) == 2


def test_another_database_is_in_the_name_of_the_type(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    archive = database("archive", **sqlite_settings(tmp_path / "archive"))
    with archive, transaction.atomic(), transaction.atomic(using="archive"):
        Tag.objects.create(name="x")
        Tag.objects.using("archive").create(name="x")
    assert sorted(event["targets"][0]["type"] for event in shop.events()) == ["archive.shop_tag", "shop_tag"]


def test_fixtures_are_recorded_like_everything_else(shop: Shop) -> None:
    Tag(id=7, name="raw").save_base(raw=True)
    assert shop.last()["after"] == {"id": 7, "name": "raw"}


def test_a_receiver_of_a_signal_that_saves_is_recorded_too(shop: Shop) -> None:
    def save(sender: Any, instance: Any, **_: Any) -> None:
        Stock.objects.create(sku=instance.name)

    post_save.connect(save, sender=Tag)
    try:
        Tag.objects.create(name="x")
    finally:
        post_save.disconnect(save, sender=Tag)
    assert [event["targets"][0]["type"] for event in shop.events()] == ["shop_tag", "shop_stock"]


def test_in_a_test_case_that_rolls_back_only_captured_commits_are_recorded(shop: Shop) -> None:
    class Case(TestCase):
        def test(self) -> None:
            Tag.objects.create(name="rolled back")
            with self.captureOnCommitCallbacks(execute=True):
                Tag.objects.create(name="as if committed")

    result = unittest.TestResult()
    unittest.TestSuite([Case("test")]).run(result)
    assert result.wasSuccessful(), result.errors
    assert [event["targets"][0]["change"]["after"]["name"] for event in shop.events()] == ["as if committed"]


def test_after_stop_nothing_is_recorded_and_django_is_as_it_was(shop: Shop) -> None:
    shop.recording.stop()
    Tag.objects.create(name="x")
    assert shop.actions() == []
