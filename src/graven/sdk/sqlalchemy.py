"""Changes that go through a SQLAlchemy session, recorded when their transaction commits.

    Session = sessionmaker(engine)
    record_changes(Session, exclude=["password_hash"])

The mapper's events give each row just before and after its statement; the session's events tell what becomes of
the transaction. Values that SQLAlchemy holds cost nothing; those it does not (expired, deferred, computed by the
database) are read in the same transaction, one query a row at most on either side.

Not seen: rows of a many-to-many `secondary` table, `ON DELETE CASCADE` and triggers in the database,
`bulk_save_objects` and its sisters, statements on a connection; of a bulk update that changes keys, the new rows.
A session that was joined into a transaction of its connection counts as committed when the session commits.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, event, select
from sqlalchemy.orm import LoaderCallableStatus, Mapper, ORMExecuteState, Session, SessionTransaction, object_session
from sqlalchemy.orm import attributes as orm_attributes

from graven.errors import UsageError
from graven.sdk.changes import UNKNOWN, Frames, Pending, Recording, captured_row, difference, key_text
from graven.sdk.changes import statement_parameters as _parameters
from graven.sdk.client import Client

__all__ = ["SessionChanges", "record_changes"]

_INFO = "graven.changes"
_BEFORE = "graven.before"


class SessionChanges(Recording):
    """The recording of the sessions of one factory; `stop` ends it."""

    def __init__(self, client: Client | None, exclude: Iterable[str], rows: bool) -> None:
        super().__init__(client, exclude)
        self._rows = rows
        self._listening: list[tuple[Any, str, Any]] = []

    def listen(self, target: Any) -> None:
        """Attach to a session, a session class or a factory."""
        for name, function in (
            ("after_transaction_create", self._began),
            ("after_commit", self._committed),
            ("after_transaction_end", self._ended),
            ("do_orm_execute", self._executed),
        ):
            event.listen(target, name, function)
            self._listening.append((target, name, function))

    def stop(self) -> None:
        """Detach. Transactions under way are not recorded."""
        for target, name, function in self._listening:
            event.remove(target, name, function)
        self._listening.clear()

    def _began(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None or transaction.nested:
            owner, frames = session.info.setdefault(_INFO, (self, Frames()))
            if owner is self:  # a session that two recordings listen to is recorded by the first
                frames.begin(transaction)

    def _committed(self, session: Session) -> None:
        found = session.info.get(_INFO)
        if found is not None and found[0] is self:
            with self.guarded():
                found[1].commit(self)

    def _ended(self, session: Session, transaction: SessionTransaction) -> None:
        found = session.info.get(_INFO)
        if found is not None and found[0] is self:
            found[1].end(transaction)
            if transaction.parent is None:
                del session.info[_INFO]

    def _executed(self, state: ORMExecuteState) -> Any:
        if not (state.is_update or state.is_delete or state.is_insert):
            return None
        found = state.session.info.get(_INFO)
        rows = _BulkRows(self, state) if self._rows and not state.is_insert else None
        if rows is not None:
            if state.session.autoflush:  # as the statement itself will: what is pending must be among the rows
                state.session.flush()
            with self.guarded():
                rows.read_before()
        result = state.invoke_statement()
        if found is None:  # the statement itself began the transaction
            found = state.session.info.get(_INFO)
        with self.guarded():
            if found is not None and found[0] is self:
                found[1].add(self._bulk(state, getattr(result, "rowcount", None)))
                for change in rows.changes() if rows is not None else ():
                    found[1].add(change)
        return result

    def _bulk(self, state: ORMExecuteState, count: int | None) -> Pending:
        statement: Any = state.statement
        table = statement.table.name
        bind = state.session.get_bind(**state.bind_arguments)
        compiled = statement.compile(dialect=bind.dialect)
        given: Any = state.parameters
        sets = given if isinstance(given, list) else [{**compiled.params, **(given or {})}]
        verb = "update" if state.is_update else "delete" if state.is_delete else "create"
        return Pending(
            f"entity.bulk_{verb}",
            {
                "targets": [{"type": table}],
                "method": {"protocol": "sql", "operation": verb, "statement": str(compiled)},
                "input": {"parameters": [_parameters(self, table, one) for one in sets]},
                "output": {"rows": count if count is not None and count >= 0 else None},
            },
        )

    def row(self, mapper: Mapper[Any], values: dict[str, Any]) -> dict[str, Any]:
        """Captured, without the excluded columns."""
        table = _table(mapper)
        return captured_row({name: value for name, value in values.items() if not self.excludes(table, name)})


class _BulkRows:
    """The rows that a bulk statement touches, read by its own condition first and by their keys afterwards."""

    def __init__(self, recording: SessionChanges, state: ORMExecuteState) -> None:
        self._recording = recording
        self._state = state
        self._mapper = state.bind_mapper
        self._before: dict[tuple[Any, ...], dict[str, Any]] = {}

    def read_before(self) -> None:
        statement: Any = self._state.statement
        if self._mapper is not None and not isinstance(self._state.parameters, list):
            self._before = self._read(statement.whereclause)

    def changes(self) -> list[Pending]:
        changes: list[Pending] = []
        for key, before in self._before.items():
            if self._state.is_delete:
                changes.append(_change("delete", self._mapper, key, before, None))
                continue
            condition = _is_row(self._mapper, key)
            after = next(iter(self._read(condition).values()), None)
            both = difference(before, after, _key_names(self._mapper)) if after is not None else (before, None)
            if both is not None:
                changes.append(_change("update", self._mapper, key, *both))
        return changes

    def _read(self, condition: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
        mapper: Any = self._mapper
        columns = _columns(mapper)
        query = select(*columns.values()).select_from(mapper.persist_selectable)
        if condition is not None:
            query = query.where(condition)
        connection = self._state.session.connection(bind_arguments=dict(self._state.bind_arguments))
        keys = _key_names(mapper)
        found = {}
        for values in connection.execute(query, self._state.parameters or {}):
            row = dict(zip(columns, values, strict=True))
            found[tuple(row[name] for name in keys)] = self._recording.row(mapper, row)
        return found


def record_changes(
    sessions: Any, *, client: Client | None = None, exclude: Iterable[str] = (), rows: bool = False
) -> SessionChanges:
    """Record what the sessions of a factory (`sessionmaker`, `scoped_session`, a `Session` class) or
    one session change: `entity.create`, `entity.update`, `entity.delete`, and `entity.bulk_…` for
    statements that name no object.

    `exclude` names columns, `rows` also records each row that a bulk update or delete touches (it is read before
    and after). Without `client`, the process-wide one. Raises `UsageError` for anything that makes no sessions.
    """
    recording = SessionChanges(client, exclude, rows)
    try:
        recording.listen(sessions)
    except Exception as error:
        raise UsageError(
            f"no sessions to record: {type(sessions).__name__}",
            why=str(error),
            hint="give a sessionmaker, a scoped_session, a Session or its class; of an AsyncSession its sync class",
        ) from error
    return recording


def _recorded(target: Any) -> tuple[SessionChanges, Frames] | None:
    session = object_session(target)
    found: tuple[SessionChanges, Frames] | None = None if session is None else session.info.get(_INFO)
    return found


def _before_update(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    _note_before(mapper, connection, target, whole=False)


def _before_delete(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    _note_before(mapper, connection, target, whole=True)


def _note_before(mapper: Mapper[Any], connection: Connection, target: Any, *, whole: bool) -> None:
    found = _recorded(target)
    if found is None:
        return
    recording = found[0]
    with recording.guarded():
        state = orm_attributes.instance_state(target)
        held = {name: _committed_value(state, name_of) for name, name_of in _attribute_keys(mapper).items()}
        columns = _columns(mapper)
        # a row that gets another key is another entity: it is recorded whole, as gone and as new
        whole = whole or any(_changes(state, mapper, name) for name in _key_names(mapper))
        wanted = [
            name
            for name, value in held.items()
            if value is UNKNOWN and (whole or _changes(state, mapper, name) or _set_by_update(columns[name]))
        ]
        _fill(mapper, connection, held, wanted, state.key[1] if state.key else ())
        state.info[_BEFORE] = (recording.row(mapper, held), _key_of(mapper, held))


def _after_insert(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    found = _recorded(target)
    if found is None:
        return
    recording, frames = found
    with recording.guarded():
        values, key = _now(mapper, connection, target)
        frames.add(_change("create", mapper, key, None, recording.row(mapper, values)))


def _after_update(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    found = _recorded(target)
    if found is None:
        return
    recording, frames = found
    with recording.guarded():
        before, key = orm_attributes.instance_state(target).info.pop(_BEFORE)
        known = {*before, *_key_names(mapper)}
        values, now = _now(mapper, connection, target, known)
        after = recording.row(mapper, values)
        both = difference(before, after, _key_names(mapper))
        if now != key:
            change = _change("update", mapper, key, before, None)
            change.fields["targets"] += _change("update", mapper, now, None, after).fields["targets"]
            frames.add(change)
        elif both is not None:
            frames.add(_change("update", mapper, key, *both))


def _after_delete(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    found = _recorded(target)
    if found is None:
        return
    recording, frames = found
    with recording.guarded():
        before, key = orm_attributes.instance_state(target).info.pop(_BEFORE)
        frames.add(_change("delete", mapper, key, before, None))


def _now(
    mapper: Mapper[Any], connection: Connection, target: Any, known: Iterable[str] | None = None
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The row after its statement; of an update only the columns whose value before is `known`."""
    state = orm_attributes.instance_state(target)
    values = {name: state.dict.get(key, UNKNOWN) for name, key in _attribute_keys(mapper).items()}
    if known is not None:
        values = {name: value for name, value in values.items() if name in set(known)}
    key = _key_of(mapper, values)
    _fill(mapper, connection, values, [name for name, value in values.items() if _is_unread(value)], key)
    return values, key


def _fill(
    mapper: Mapper[Any], connection: Connection, values: dict[str, Any], wanted: Sequence[str], key: Sequence[Any]
) -> None:
    if not wanted:
        return
    columns = _columns(mapper)
    query = select(*(columns[name] for name in wanted)).select_from(mapper.persist_selectable)
    row = connection.execute(query.where(_is_row(mapper, key))).one_or_none()
    if row is not None:
        values.update(zip(wanted, row, strict=True))


def _change(verb: str, mapper: Any, key: Sequence[Any], before: Any, after: Any) -> Pending:
    target = {"type": _table(mapper), "id": key_text(key), "change": {"before": before, "after": after}}
    return Pending(f"entity.{verb}", {"targets": [target], "attributes": {"class": mapper.class_.__qualname__}})


def _columns(mapper: Any) -> dict[str, Column[Any]]:
    return {
        attribute.columns[0].name: attribute.columns[0]
        for attribute in mapper.column_attrs
        if isinstance(attribute.columns[0], Column)
    }


def _attribute_keys(mapper: Any) -> dict[str, str]:
    return {name: mapper.get_property_by_column(column).key for name, column in _columns(mapper).items()}


def _key_names(mapper: Any) -> list[str]:
    return [column.name for column in mapper.primary_key]


def _key_of(mapper: Any, values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name] for name in _key_names(mapper))


def _is_row(mapper: Any, key: Sequence[Any]) -> Any:
    first, *others = [column == value for column, value in zip(mapper.primary_key, key, strict=True)]
    for other in others:
        first &= other
    return first


def _table(mapper: Any) -> str:
    return str(mapper.local_table.name)


def _committed_value(state: Any, key: str) -> Any:
    """As the database has it, as far as the session knows."""
    value = state.committed_state.get(key, state.dict.get(key, UNKNOWN))
    return UNKNOWN if _is_unread(value) else value


def _is_unread(value: Any) -> bool:
    return value is UNKNOWN or value is LoaderCallableStatus.NO_VALUE or hasattr(value, "__clause_element__")


def _changes(state: Any, mapper: Any, name: str) -> bool:
    return _attribute_keys(mapper)[name] in state.committed_state


def _set_by_update(column: Column[Any]) -> bool:
    return column.onupdate is not None or column.server_onupdate is not None


for _name, _function in (
    ("before_update", _before_update),
    ("before_delete", _before_delete),
    ("after_insert", _after_insert),
    ("after_update", _after_update),
    ("after_delete", _after_delete),
):
    # on all mappers, once: which session makes a change is known only when it is made
    event.listen(Mapper, _name, _function)
