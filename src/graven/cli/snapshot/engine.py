"""Tables of database servers, through SQLAlchemy: one transaction, read only where the server can promise it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from graven.cli.snapshot.rows import FETCHED, Place, Rows, Wanted, choose_columns, password_of, way_to_read
from graven.errors import NotFound, Unavailable, UsageError

try:
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
except ImportError as missing:
    raise UsageError(
        "SQLAlchemy is needed to read from a database server, and it is not installed",
        hint="pip install sqlalchemy, with the driver of your database (psycopg, pymysql)",
    ) from missing

__all__ = ["engine_rows"]

_ONE_MOMENT = {"postgresql": "REPEATABLE READ", "mysql": "REPEATABLE READ", "mariadb": "REPEATABLE READ"}
"""Isolation in which every row is read as of one moment; others are left as they are set up."""


@contextmanager
def engine_rows(place: Place, wanted: Wanted) -> Iterator[Rows]:
    """See `open_rows`."""
    try:
        engine = sqlalchemy.create_engine(place.url, poolclass=sqlalchemy.NullPool, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise UsageError(f"{place.name}: {_shown(error, place)}", hint="is its driver installed?") from None
    try:
        with engine.connect() as connection:
            yield _reading(connection, engine.dialect.name, wanted, place)
    except SQLAlchemyError as error:
        raise Unavailable(f"{place.name} cannot be read: {_shown(error, place)}", hint=way_to_read(wanted)) from None
    finally:
        engine.dispose()


def _reading(connection: Any, dialect: str, wanted: Wanted, place: Place) -> Rows:
    if dialect in _ONE_MOMENT:
        options = {"postgresql_readonly": True} if dialect == "postgresql" else {}
        connection = connection.execution_options(isolation_level=_ONE_MOMENT[dialect], **options)
    schema, _, name = wanted.table.rpartition(".")
    inspector = sqlalchemy.inspect(connection)
    try:
        known = [column["name"] for column in inspector.get_columns(name, schema=schema or None)]
        primary = inspector.get_pk_constraint(name, schema=schema or None)["constrained_columns"]
    except sqlalchemy.exc.NoSuchTableError:
        tables = ", ".join(sorted(inspector.get_table_names(schema=schema or None))[:20])
        raise NotFound(f"{place.name} has no table {wanted.table!r}", hint=f"it has {tables or 'none'}") from None
    columns, key = choose_columns(known, primary, wanted)
    table = sqlalchemy.Table(name, sqlalchemy.MetaData(), schema=schema or None, autoload_with=connection)
    query = sqlalchemy.select(*(table.c[one] for one in columns)).order_by(*(table.c[one] for one in key))
    counting = sqlalchemy.select(sqlalchemy.func.count()).select_from(table)
    if wanted.where:
        # a colon in the user's text is no parameter of ours
        given = wanted.where.replace("\\", "\\\\").replace(":", "\\:")
        condition = sqlalchemy.text(f"({given}\n)")
        query, counting = query.where(condition), counting.where(condition)
    count = connection.execute(counting).scalar_one()
    rows = connection.execution_options(stream_results=True, yield_per=FETCHED).execute(query)
    return Rows(columns, key, iter(rows), count)


def _shown(error: BaseException, place: Place) -> str:
    """The first line of what the driver said, never with the password, whoever put it there."""
    said = str(getattr(error, "orig", None) or error).strip().split("\n", 1)[0]
    password = password_of(place.url)
    return said.replace(password, "***") if password else said
