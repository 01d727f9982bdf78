"""What an INSERT does: new rows by the keys that it gave or was given, read again as the database has them.

An INSERT that ignores or updates what it conflicts with does not say which rows were new. They are told apart by
reading what matches the values of any unique set of columns, before and after.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet, UniqueConstraint

from graven.sdk.changes import Pending, difference
from graven.sdk.django.reading import Rows, keys_digest, locked, of_keys, read, shielded
from graven.sdk.django.statements import Statement

__all__ = ["Insert"]

Key = tuple[Any, ...]


class Insert(Statement):
    """`INSERT` of one object, or of a batch of `bulk_create()`."""

    verb = "create"

    def _look(self) -> None:
        query = self.query
        if len(query.objs) > self.limit:
            self.why_not = f"more than {self.limit}"
            return
        self.why_not = None
        if query.on_conflict is None:
            return
        conflicting = self._conflicting()
        if conflicting is not None:
            locked(conflicting, self.connection, keep_keys=True)  # for SQLite; new rows have nothing to lock
            self.held = read(self.table, conflicting)

    def changes(self, answer: Any) -> list[Pending]:
        sent = len(self.query.objs)
        keys = [key for key in self._keys(answer) if key is not None]
        if self.why_not is not None:
            if keys:
                self.keys = keys_digest(iter(keys))
            return [self._whole(sent if self.query.on_conflict is None else None)]
        with shielded(self.connection):
            now = self._now(keys)
        changes = []
        for key, row in now.items():
            before = self.held.get(key)
            if before is None:
                changes.append(self.change("create", (key, None, row)))
            elif (both := difference(before, row, self.table.key_names())) is not None:
                changes.append(self.change("update", (key, *both)))
        nameless = sum(key is None for key in self._keys(answer, or_unique=True))
        if nameless:
            self.why_not = f"the database did not tell the keys of {nameless}"
            changes.append(self._whole(nameless if self.query.on_conflict is None else None))
        return changes

    def _whole(self, count: int | None) -> Pending:
        conflict = self.query.on_conflict
        sent: dict[str, Any] = {"rows": len(self.query.objs)}
        if conflict is not None:
            sent["on_conflict"] = conflict.name.lower()
        return self.bulk(count, input=sent)

    def _now(self, keys: list[Key]) -> Rows:
        now: Rows = {}
        if self.query.on_conflict is not None:
            conflicting = self._conflicting()
            if conflicting is not None:
                now |= read(self.table, conflicting)
        for rows in of_keys(self.table, [key for key in keys if key not in now], self.connection):
            now |= read(self.table, rows)
        return now

    def _keys(self, answer: Any, *, or_unique: bool = False) -> Iterator[Key | None]:
        """The key of each object: its own, or the one that the database returned; None when nobody knows.

        With `or_unique`, objects whose row can be found by a unique set count as known, by an empty key."""
        rows, names = answer if answer is not None else ([], [])
        told = len(rows) == len(self.query.objs) and all(field in names for field in self.table.key)
        unique = self._unique_sets() if or_unique and self.query.on_conflict is not None else []
        for at, given in enumerate(self.query.objs):
            key = self._own_key(given)
            if key is None and told:
                returned = dict(zip(names, rows[at], strict=False))
                key = tuple(returned[field] for field in self.table.key)
            if key is None and any(_values(given, fields) is not None for fields in unique):
                key = ()
            yield key

    def _own_key(self, given: Any) -> Key | None:
        return _values(given, self.table.key)

    def _conflicting(self) -> Any | None:
        """Rows that match an object in some unique set of columns, perhaps a few more; None when none can."""
        condition = Q()
        for fields in self._unique_sets():
            found = [values for given in self.query.objs if (values := _values(given, fields)) is not None]
            if found:
                columns = zip(fields, zip(*found, strict=True), strict=True)
                condition |= Q(**{f"{field.attname}__in": list(dict.fromkeys(values)) for field, values in columns})
        return QuerySet(self.table.model, using=self.connection.alias).filter(condition) if condition else None

    def _unique_sets(self) -> list[tuple[Any, ...]]:
        meta = self.table.model._meta
        sets = [tuple(self.table.key), *((field,) for field in meta.local_concrete_fields if field.unique)]
        sets += [tuple(meta.get_field(name) for name in names) for names in meta.unique_together]
        sets += [
            tuple(meta.get_field(name) for name in constraint.fields)
            for constraint in meta.constraints
            if isinstance(constraint, UniqueConstraint) and constraint.fields and constraint.condition is None
        ]
        if self.query.unique_fields:
            sets.append(tuple(self.query.unique_fields))
        return list(dict.fromkeys(sets))


def _values(given: Any, fields: tuple[Any, ...]) -> Key | None:
    """The object's values of these fields; None when one is absent or computed by the database."""
    values = []
    for field in fields:
        value = getattr(given, field.attname, None)
        if value is None or hasattr(value, "resolve_expression"):
            return None
        values.append(field.to_python(value))
    return tuple(values)
