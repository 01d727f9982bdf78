"""A small shop on SQLAlchemy, and what the recorded changes say the tables hold."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    password: Mapped[str | None]
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", cascade="all, delete-orphan")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(server_default="new")
    note: Mapped[str | None] = mapped_column(deferred=True)
    version: Mapped[int] = mapped_column(default=1, onupdate=lambda context: 7)
    customer: Mapped[Customer] = relationship(back_populates="orders")


class Stock(Base):
    __tablename__ = "stock"
    shelf: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    price: Mapped[Any] = mapped_column(Numeric(10, 2), server_default=text("3"))


def folded(events: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by table and key after all `change`s of entity events; each `before` must be what was there."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        for target in event.get("targets", ()):
            change = target.get("change")
            if change is None:
                continue
            place = (target["type"], target["id"])
            before, after = change.get("before"), change.get("after")
            held = rows.pop(place, None)
            assert (held is None) == (before is None), event
            if before is not None:
                assert {name: held[name] for name in before} == before, event
            if after is not None:
                rows[place] = {**(held or {}), **after}
    return rows
