"""Which tables and columns are recorded, and how a row of one is named.

A table is recorded as the database has it: of a model that inherits from another over several tables each table by
itself, of a proxy the table behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.apps import apps

from graven.errors import UsageError
from graven.sdk.changes import captured_row, key_text

__all__ = ["ALWAYS_EXCLUDED", "Selection", "Table"]

ALWAYS_EXCLUDED = ("authtoken.token", "sessions.session")
"""Models whose primary key lets its holder in, so that not even the name of a row may be recorded."""


@dataclass(frozen=True, slots=True)
class Table:
    """The recorded columns of one concrete model; `columns` and `key` are fields of Django."""

    model: Any
    columns: tuple[Any, ...]
    key: tuple[Any, ...]

    @property
    def name(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def names(self) -> list[str]:
        """What to select: every recorded column."""
        return [field.attname for field in self.columns]

    def key_names(self) -> list[str]:
        return [field.column for field in self.key]

    def row(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Key and captured row of the values of `names`."""
        row = {field.column: value for field, value in zip(self.columns, values, strict=True)}
        return tuple(row[name] for name in self.key_names()), captured_row(row)

    def target(self, using: str, key: Iterable[Any], **more: Any) -> dict[str, Any]:
        """The target of an event: tables of other databases than `default` carry its name."""
        return {"type": self.type(using), "id": key_text(key), **more}

    def type(self, using: str) -> str:
        return self.name if using == "default" else f"{using}.{self.name}"


class Selection:
    """`include` and `exclude` as given: `app.*`, `app.Model`; `exclude` also `app.Model.field` and `field`.

    Raises `UsageError` for a name that means nothing.
    """

    def __init__(self, include: Iterable[str] | None, exclude: Iterable[str]) -> None:
        if isinstance(include, str) or isinstance(exclude, str):
            raise UsageError("include and exclude are lists of names, not one text", hint='exclude=["shop.Customer"]')
        self._include = None if include is None else {_checked(name, fields=False) for name in include}
        self._exclude = {_checked(name, fields=True) for name in exclude} | set(ALWAYS_EXCLUDED)
        self._tables: WeakKeyDictionary[Any, Table | None] = WeakKeyDictionary()

    def table(self, model: Any) -> Table | None:
        """The recorded table of a model; None when it is not recorded."""
        concrete = model._meta.concrete_model
        if concrete not in self._tables:
            self._tables[concrete] = self._chosen(concrete)
        return self._tables[concrete]

    def _chosen(self, model: Any) -> Table | None:
        meta = model._meta
        names = {meta.label_lower, f"{meta.app_label.lower()}.*"}
        if names & self._exclude or (self._include is not None and not names & self._include):
            return None
        key = tuple(getattr(meta, "pk_fields", None) or [meta.pk])
        if any(self._excludes(meta, field) for field in key):
            return None  # the name of each row is what must not be recorded
        columns = tuple(field for field in meta.local_concrete_fields if not self._excludes(meta, field))
        return Table(model, columns, key) if all(field in columns for field in key) else None

    def _excludes(self, meta: Any, field: Any) -> bool:
        # a field that keeps its value encrypted gives it decrypted to whoever reads it
        if any("encrypt" in kind.__name__.lower() for kind in type(field).__mro__):
            return True
        names = {field.name.lower(), field.attname.lower(), str(field.column).lower()}
        return bool(self._exclude & (names | {f"{meta.label_lower}.{name}" for name in names}))


def _checked(given: str, *, fields: bool) -> str:
    name = str(given).lower()
    app, _, rest = name.partition(".")
    model, _, field = rest.partition(".")
    models = [model for registered in apps.all_models.values() for model in registered.values()]
    if not rest and fields:
        known = any(name in _field_names(one) for one in models)
    elif model == "*" and not field:
        known = any(one._meta.app_label.lower() == app for one in models)
    else:
        meant = [one for one in models if one._meta.label_lower == f"{app}.{model}"]
        known = bool(meant) and (not field or (fields and field in _field_names(meant[0])))
    if not known:
        forms = "app.Model, app.*" + (", app.Model.field, field" if fields else "")
        raise UsageError(f"{given!r} is no model{' or field' if fields else ''} of this project", hint=f"write {forms}")
    return name


def _field_names(model: Any) -> set[str]:
    fields = model._meta.concrete_fields
    return {str(name).lower() for field in fields for name in (field.name, field.attname, field.column)}
