"""Django in this process, with the models of a small shop, and databases that tests bring and take."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import django.conf
from asgiref.sync import sync_to_async
from tests.support.databases import Database

if not django.conf.settings.configured:  # once for all tests of a process: Django has one project
    django.conf.settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="x",
        MIDDLEWARE=[],
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "tests.support.django_shop_app",
        ],
    )
    django.setup()

from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connections, models
from tests.support.django_shop_app.models import Customer, Order, Stock, Tag, Ticket, UrgentOrder, Voucher

MODELS = [Tag, Customer, Order, UrgentOrder, Stock, Voucher, Ticket, ContentType, Permission, Group, User, Session]
TABLES = [Tag, Customer, Order, UrgentOrder, Order.tags.through, Stock, Voucher]


@contextmanager
def database(alias: str, **settings: Any) -> Iterator[None]:
    """A database under this alias, with the tables of the shop."""
    configured = connections.configure_settings({"default": settings})["default"]
    before = connections.settings.get(alias)
    connections.settings[alias] = configured
    _forget(alias)
    try:
        with connections[alias].schema_editor() as editor:
            for model in MODELS:
                editor.create_model(model)
        yield
    finally:
        _forget(alias)
        asyncio.run(sync_to_async(_forget)(alias))  # asynchronous use had a connection of a thread of its own
        if before is None:
            del connections.settings[alias]
        else:
            connections.settings[alias] = before


def _forget(alias: str) -> None:
    if hasattr(connections._connections, alias):
        connections[alias].close()
        delattr(connections._connections, alias)


def held(alias: str = "default") -> dict[tuple[str, str], dict[str, Any]]:
    """Every row of every table as the database has it, by table and key."""
    rows = {}
    for model in TABLES:
        fields = model._meta.local_concrete_fields
        for row in models.QuerySet(model, using=alias).values_list(*(field.attname for field in fields)):
            named = {field.column: value for field, value in zip(fields, row, strict=True)}
            rows[model._meta.db_table, str(named[model._meta.pk.column])] = named
    return rows


def sqlite_settings(folder: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "shop.db")}


def postgres_settings(server: Database) -> dict[str, Any]:
    return {**_server_settings(server), "ENGINE": "django.db.backends.postgresql"}


def mariadb_settings(server: Database) -> dict[str, Any]:
    import pymysql

    pymysql.install_as_MySQLdb()
    return {**_server_settings(server), "ENGINE": "django.db.backends.mysql"}


def _server_settings(server: Database) -> dict[str, Any]:
    return {
        "HOST": server.host,
        "PORT": server.port,
        "USER": server.user,
        "PASSWORD": server.password,
        "NAME": server.name,
    }


def forget_rows(alias: str = "default") -> None:
    """Empty every table, unseen by what is recorded."""
    connection = connections[alias]
    tables = [model._meta.db_table for model in [*TABLES, Ticket, User, Session]]
    tables = [table for table in tables if table in connection.introspection.table_names()]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            return
        with connection.constraint_checks_disabled():
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")
