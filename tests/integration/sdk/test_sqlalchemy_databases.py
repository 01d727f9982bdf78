"""Recorded SQLAlchemy sessions on real servers, and asynchronous ones."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, String, create_engine, delete, update
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from tests.support.databases import mariadb, postgres
from tests.support.sdk_changes import folded
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.context import acting_as
from graven.sdk.sqlalchemy import record_changes


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20), server_default="new")
    quantity: Mapped[int] = mapped_column(default=1)


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    start, driver = {"postgres": (postgres, "postgresql+psycopg"), "mariadb": (mariadb, "mysql+pymysql")}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as server:
        engine = create_engine(
            f"{driver}://{server.user}:{server.password}@{server.host}:{server.port}/{server.name}", poolclass=NullPool
        )
        yield engine
        engine.dispose()


@pytest.mark.slow
def test_the_changes_of_a_session_on_a_server_fold_to_its_rows(engine: Engine, tmp_path: Path) -> None:
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path) as client:
        sessions = sessionmaker(engine)
        recording = record_changes(sessions, client=client, rows=True)
        with sessions.begin() as session:
            session.add_all([Order(), Order(quantity=3), Order(quantity=4)])
        with sessions() as session:
            session.add(Order(state="undone"))
            session.flush()
            session.rollback()
        with sessions.begin() as session:
            session.get_one(Order, 1).quantity = Order.quantity + 41
            with session.begin_nested() as savepoint:
                session.execute(update(Order).values(state="undone"))
                savepoint.rollback()
            session.execute(update(Order).where(Order.quantity > 3).values(state="paid"))
            session.execute(delete(Order).where(Order.quantity == 3))
        recording.stop()
        assert client.flush(30)
        assert client.stats().losses == {}
    with engine.connect() as connection:
        held = {("orders", str(row.id)): dict(row._mapping) for row in connection.execute(Order.__table__.select())}
    assert folded(transport.events) == held
    assert {row["state"] for row in held.values()} == {"paid"}
    assert len(held) == 2


def test_an_asynchronous_session_is_recorded_as_its_actor_when_it_commits(tmp_path: Path) -> None:
    class Recorded(Session):
        pass

    async def work() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        sessions = async_sessionmaker(engine, sync_session_class=Recorded)
        with acting_as("alice"):
            async with sessions.begin() as session:
                order = Order()
                session.add(order)
                await session.flush()
                order.quantity = Order.quantity + 1
        async with sessions() as session:
            session.add(Order(id=9))
            await session.flush()
            await session.rollback()
        with acting_as("bob"):
            async with sessions.begin() as session:
                await session.execute(update(Order).values(state="paid"))
        await engine.dispose()

    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path / "spool") as client:
        recording = record_changes(Recorded, client=client, rows=True)
        asyncio.run(work())
        recording.stop()
        assert client.flush(30)
        assert client.stats().losses == {}
    assert [(event["action"], event["actor"]["id"]) for event in transport.events] == [
        ("entity.create", "alice"),
        ("entity.update", "alice"),
        ("entity.bulk_update", "bob"),
        ("entity.update", "bob"),
    ]
    assert folded(transport.events) == {("orders", "1"): {"id": 1, "state": "paid", "quantity": 2}}


def test_tasks_at_the_same_time_keep_their_own_transactions(tmp_path: Path) -> None:
    class Recorded(Session):
        pass

    async def one(sessions: async_sessionmaker, name: str, ready: asyncio.Barrier) -> None:
        with acting_as(name):
            async with sessions.begin() as session:
                session.add(Order(state=name))
                await ready.wait()

    async def work() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        sessions = async_sessionmaker(engine, sync_session_class=Recorded)
        ready = asyncio.Barrier(2)
        async with asyncio.TaskGroup() as group:
            group.create_task(one(sessions, "alice", ready))
            group.create_task(one(sessions, "bob", ready))
        await engine.dispose()

    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path / "spool") as client:
        recording = record_changes(Recorded, client=client)
        asyncio.run(work())
        recording.stop()
        assert client.flush(30)
    told = [(event["actor"]["id"], event["targets"][0]["change"]["after"]["state"]) for event in transport.events]
    assert sorted(told) == [("alice", "alice"), ("bob", "bob")]
    assert len({event["attributes"]["transaction"] for event in transport.events}) == 2
