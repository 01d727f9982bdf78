"""The shop's rules and its database: products, orders, discounts. Nothing here knows of HTTP or of Graven."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

__all__ = ["PRODUCTS", "Order", "ShopError", "Store", "Watch"]

PRODUCTS = {"mug": 1290, "shirt": 2490, "poster": 995}
"""Name → price in cents."""

STAFF = {"dana"}
"""Who may correct orders."""

SCHEMA = """
create table if not exists orders (number integer primary key, customer text not null, product text not null,
    quantity integer not null, total_cents integer not null, status text not null);
create table if not exists discounts (from_quantity integer primary key, percent integer not null);
insert or ignore into discounts values (10, 10), (50, 20);
"""

Row = Sequence[Any]
Watch = Callable[[str, Row, list[Row] | None], None]
"""Is told each statement, its parameters and the rows that it gave, None when it is one that gives none."""


class ShopError(Exception):
    """An order that the shop does not take; `reason` is for the customer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Order(NamedTuple):
    """One order; `total_cents` is what the customer pays."""

    number: int
    customer: str
    product: str
    quantity: int
    total_cents: int
    status: str


class Store:
    """Orders in SQLite. `path` may be ":memory:"."""

    def __init__(self, path: str, watch: Watch = lambda statement, parameters, rows: None) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(SCHEMA)
        self._watch = watch

    def _run(self, statement: str, *parameters: Any) -> list[Row]:
        cursor = self._db.execute(statement, parameters)
        rows = cursor.fetchall()
        self._watch(statement, parameters, rows if cursor.description else None)
        return rows

    def price_cents(self, product: str, quantity: int) -> int:
        """What `quantity` pieces cost: ten percent off from ten pieces on, twenty from fifty on.

        There is a bug in the statement, which the test suite finds: a discount starts one piece too late.
        """
        total = PRODUCTS[product] * quantity
        rows = self._run("select max(percent) from discounts where from_quantity < ?", quantity)
        return total - total * (rows[0][0] or 0) // 100

    def place(self, customer: str, product: str, quantity: int) -> Order:
        """Take an order; ShopError when there is no such product or the quantity makes no sense."""
        if product not in PRODUCTS:
            raise ShopError(f"there is no product {product!r}")
        if not 1 <= quantity <= 100:
            raise ShopError(f"a quantity lies between 1 and 100, not {quantity}")
        total = self.price_cents(product, quantity)
        self._run(
            "insert into orders (customer, product, quantity, total_cents, status) values (?, ?, ?, ?, 'open')",
            *(customer, product, quantity, total),
        )
        return self.get(self._db.execute("select last_insert_rowid()").fetchone()[0])

    def get(self, number: int) -> Order:
        """An order by its number; ShopError when there is none."""
        rows = self._run("select * from orders where number = ?", number)
        if not rows:
            raise ShopError(f"there is no order {number}")
        return Order(*rows[0])

    def cancel(self, number: int, customer: str) -> Order:
        """Cancel one's own order."""
        order = self.get(number)
        if order.customer != customer:
            raise PermissionError(f"order {number} belongs to {order.customer}")
        if order.status != "open":
            raise ShopError(f"order {number} is {order.status}")
        self._run("update orders set status = 'cancelled' where number = ?", number)
        return self.get(number)

    def correct(self, number: int, clerk: str, total_cents: int) -> Order:
        """Set by hand what an order costs; for the staff."""
        if clerk not in STAFF:
            raise PermissionError(f"{clerk} may not change what an order costs")
        self.get(number)
        self._run("update orders set total_cents = ? where number = ?", total_cents, number)
        return self.get(number)

    def close(self) -> None:
        """Close the database."""
        self._db.close()
