"""What an UPDATE or a DELETE does, told by the rows that it touches: read before, and again after.

`before` is called ahead of the statement, `changes` with its answer. Above `limit` rows, or when the rows could not
be read, one `entity.bulk_…` says what was done to how many, and which: the digest of their keys.
"""

from typing import Any

from django.db.models.expressions import ExpressionWrapper

from graven.sdk.changes import Pending, captured_row, difference
from graven.sdk.django.reading import (
    Rows,
    keys_digest,
    locked,
    matching,
    of_keys,
    read,
    shielded,
)
from graven.sdk.django.tables import Table

__all__ = ["Delete", "Statement", "Update"]

_NEW_KEY = "graven_key_{}"


class Statement:
    """One statement about the rows of one table."""

    verb = ""

    def __init__(self, table: Table, query: Any, connection: Any, limit: int) -> None:
        self.table = table
        self.query = query
        self.connection = connection
        self.limit = limit
        self.held: Rows = {}
        self.why_not: str | None = "they could not be read"
        """Why there is no change for each row; None when there is."""
        self.keys: dict[str, Any] | None = None
        self.text: str | None = None

    def before(self) -> None:
        """Look at the rows that the statement will touch."""
        try:
            with shielded(self.connection):
                self._look()
        except Exception as error:
            self.why_not = f"they could not be read: {type(error).__name__}"
            raise

    def _look(self) -> None:
        raise NotImplementedError

    def changes(self, answer: Any) -> list[Pending]:
        """What the statement did; `answer` is what Django got of it."""
        raise NotImplementedError

    def change(self, verb: str, *targets: tuple[tuple[Any, ...], Any, Any]) -> Pending:
        """One event of key, row before and row after."""
        using = self.connection.alias
        told = [
            self.table.target(using, key, change={"before": before, "after": after}) for key, before, after in targets
        ]
        return Pending(f"entity.{verb}", {"targets": told, "attributes": self._attributes()})

    def bulk(self, count: int | None, **about: Any) -> Pending:
        """The statement as a whole."""
        reason = {} if self.why_not is None else {"rows_not_recorded": self.why_not}
        keys = {} if self.keys is None else {"keys": self.keys}
        method = {"protocol": "sql", "operation": self.verb, "statement": self.text}
        return Pending(
            f"entity.bulk_{self.verb}",
            {
                "targets": [{"type": self.table.type(self.connection.alias)}],
                "method": {name: value for name, value in method.items() if value is not None},
                "output": {"rows": count},
                "attributes": {**self._attributes(), **reason, **keys},
                **about,
            },
        )

    def _attributes(self) -> dict[str, Any]:
        meta = self.query.get_meta()
        return {"class": meta.model.__qualname__, "app": meta.app_label}

    def _within_limit(self, rows: Any) -> list[Any]:
        """The values of the rows, or none when there are too many: then their keys are digested instead."""
        found = list(rows[: self.limit + 1])
        if len(found) <= self.limit:
            self.why_not = None
            return found
        self.why_not = f"more than {self.limit}"
        keys = matching(self.table, self.query, self.connection).order_by("pk")
        names = [field.attname for field in self.table.key]
        self.keys = keys_digest(keys.values_list(*names).iterator())
        if not getattr(self.query, "related_updates", None):  # to compile those reads the rows once more
            self.text = self.query.clone().get_compiler(self.connection.alias).as_sql()[0]
        return []


class Delete(Statement):
    """`DELETE`: of one object, of many by their keys, or by a condition that names none."""

    verb = "delete"

    def _look(self) -> None:
        rows = locked(matching(self.table, self.query, self.connection), self.connection, keep_keys=False)
        self.held = dict(self.table.row(values) for values in self._within_limit(rows.values_list(*self.table.names)))

    def changes(self, answer: Any) -> list[Pending]:
        count = answer if isinstance(answer, int) else None
        if self.why_not is not None:
            return [] if count == 0 else [self.bulk(count)]
        changes = [self.change("delete", (key, row, None)) for key, row in self.held.items()]
        return changes + _unseen(self, count)


class Update(Statement):
    """`UPDATE`: of `save()`, of a query set, of `SET_NULL`; also when it gives rows another key."""

    verb = "update"

    def __init__(self, table: Table, query: Any, connection: Any, limit: int) -> None:
        super().__init__(table, query, connection, limit)
        self._moves = {field: value for field, _, value in query.values if field in table.key}
        self._new_keys: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def _look(self) -> None:
        moving = {
            _NEW_KEY.format(at): ExpressionWrapper(self._moves[field], output_field=field)
            for at, field in enumerate(self.table.key)
            if hasattr(self._moves.get(field), "resolve_expression")
        }
        rows = locked(matching(self.table, self.query, self.connection), self.connection, keep_keys=not self._moves)
        rows = rows.annotate(**moving).values_list(*self.table.names, *moving)
        width = len(self.table.names)
        for values in self._within_limit(rows):
            key, row = self.table.row(values[:width])
            self.held[key] = row
            self._new_keys[key] = self._moved(key, dict(zip(moving, values[width:], strict=True)))

    def _moved(self, key: tuple[Any, ...], computed: dict[str, Any]) -> tuple[Any, ...]:
        """The key that the row will have."""
        new = []
        for at, (field, old) in enumerate(zip(self.table.key, key, strict=True)):
            value = computed.get(_NEW_KEY.format(at), self._moves.get(field, old))
            if hasattr(value, "prepare_database_save"):
                value = value.prepare_database_save(field)
            new.append(field.to_python(value))
        return tuple(new)

    def changes(self, answer: Any) -> list[Pending]:
        count = answer if isinstance(answer, int) and answer > 0 else None
        if self.why_not is not None:
            return [] if answer == 0 and self.keys is None else [self.bulk(count, input={"values": self._values()})]
        keys = list(dict.fromkeys([*self.held, *self._new_keys.values()]))
        now: Rows = {}
        with shielded(self.connection):
            for rows in of_keys(self.table, keys, self.connection):
                now |= read(self.table, locked(rows, self.connection, keep_keys=not self._moves) if self.held else rows)
        return self._compared(now) + _unseen(self, count)

    def _compared(self, now: Rows) -> list[Pending]:
        changes: list[Pending] = []
        told: set[tuple[Any, ...]] = set()
        for key, row in self.held.items():
            new = self._new_keys[key]
            if new != key and key not in now and new in now and new not in self.held:
                # a row that gets another key is another entity: it is told whole, as gone and as new
                changes.append(self.change("update", (key, row, None), (new, None, now[new])))
                told |= {key, new}
        for key in dict.fromkeys([*self.held, *now]):
            if key in told:
                continue
            held, after = self.held.get(key), now.get(key)
            if held is None or after is None:
                changes.append(self.change("update", (key, held, after)))
            elif (both := difference(held, after, self.table.key_names())) is not None:
                changes.append(self.change("update", (key, *both)))
        return changes

    def _values(self) -> dict[str, Any]:
        recorded = {field.column for field in self.table.columns}
        values: dict[str, Any] = {}
        for field, _, value in self.query.values:
            if field.column in recorded:
                is_expression = hasattr(value, "resolve_expression")
                values[field.column] = {"$expression": str(value)} if is_expression else value
        return captured_row(values)


def _unseen(statement: Statement, count: int | None) -> list[Pending]:
    """Rows that another transaction brought between the read and the statement."""
    if count is None or count <= len(statement.held):
        return []
    statement.why_not = f"{len(statement.held)} of {count} were there when they were read"
    return [statement.bulk(count)]
