"""The shop's rules and its database: products, orders, discounts. Nothing here knows of HTTP or of Graven."""

import sqlite3
from typing import NamedTuple

__all__ = ["Order", "ShopError", "Store", "price_cents"]

PRODUCTS = {"mug": 1290, "shirt": 2490, "poster": 995}
"""Name → price in cents."""


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


def price_cents(product: str, quantity: int) -> int:
    """What `quantity` pieces cost: ten percent off from ten pieces on.

    There is a bug in it, which the test suite finds: the discount starts at eleven.
    """
    total = PRODUCTS[product] * quantity
    return total - total // 10 if quantity > 10 else total


class Store:
    """Orders in SQLite. `path` may be ":memory:"."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute(
            "create table if not exists orders (number integer primary key, customer text not null, "
            "product text not null, quantity integer not null, total_cents integer not null, status text not null)"
        )

    def place(self, customer: str, product: str, quantity: int) -> Order:
        """Take an order; ShopError when there is no such product or the quantity makes no sense."""
        if product not in PRODUCTS:
            raise ShopError(f"there is no product {product!r}")
        if not 1 <= quantity <= 100:
            raise ShopError(f"a quantity lies between 1 and 100, not {quantity}")
        total = price_cents(product, quantity)
        cursor = self._db.execute(
            "insert into orders (customer, product, quantity, total_cents, status) values (?, ?, ?, ?, 'open')",
            (customer, product, quantity, total),
        )
        return self.get(int(cursor.lastrowid or 0))

    def get(self, number: int) -> Order:
        """An order by its number; ShopError when there is none."""
        row = self._db.execute("select * from orders where number = ?", (number,)).fetchone()
        if row is None:
            raise ShopError(f"there is no order {number}")
        return Order(*row)

    def cancel(self, number: int, customer: str) -> Order:
        """Cancel one's own order."""
        order = self.get(number)
        if order.customer != customer:
            raise PermissionError(f"order {number} belongs to {order.customer}")
        if order.status != "open":
            raise ShopError(f"order {number} is {order.status}")
        self._db.execute("update orders set status = 'cancelled' where number = ?", (number,))
        return self.get(number)

    def close(self) -> None:
        """Close the database."""
        self._db.close()
