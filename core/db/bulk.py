"""Many rows or many keys in one statement of constant length: long ones cost the driver more than the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection as PsycopgConnection
from pydantic_core import to_json
from sqlalchemy import ARRAY, JSON, ColumnElement, Text, any_, cast, column, func, literal, select, tuple_
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.db.types import Table


def insert_rows(table: type[Table], rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None) -> Insert:
    """An insert of at least one row; all have the same columns, and beside them what is the `same` in all. What happens
    on conflict is the caller's to add."""
    target = _columns_of(table)
    names, shared = list(rows[0]), same or {}
    content = cast(literal(to_json(rows, fallback=str).decode(), Text), JSON)
    typed = [column(name, target.c[name].type) for name in names]
    sent = func.json_to_recordset(content).table_valued(*typed, name="sent").render_derived(with_types=True)
    values = [sent.c[name] for name in names] + [literal(value, target.c[name].type) for name, value in shared.items()]
    return insert(target).from_select([*names, *shared], select(*values))


def copy_lines(session: Session, table: type[Table], names: Sequence[str], lines: bytes) -> None:
    """Inserts rows that are written as COPY reads them: half the work of an insert, but there is no conflict clause.
    Raises the driver's errors."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, PsycopgConnection)
    with connection.cursor().copy(f"copy {table.__tablename__} ({', '.join(names)}) from stdin") as copy:
        copy.write(lines)


def upsert_changed(
    table: type[Table], rows: Sequence[Mapping[str, Any]], key: str, compared: Sequence[str], also: Sequence[str] = ()
) -> Insert:
    """Inserts what is new by `key`; where one of the `compared` columns differs, these and `also` are replaced and the
    row's revision, if it has one, counts up. Rows that stay as they are do not come out of a `returning`."""
    target, statement = _columns_of(table), insert_rows(table, rows)
    updates: dict[str, Any] = {name: statement.excluded[name] for name in (*compared, *also)}
    if "revision" in target.c:
        updates["revision"] = target.c.revision + 1
    is_changed = tuple_(*[target.c[name] for name in compared]).is_distinct_from(
        tuple_(*[statement.excluded[name] for name in compared])
    )
    return statement.on_conflict_do_update(index_elements=[key], set_=updates, where=is_changed)


def is_one_of(attribute: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Like `in_`, with all values in one parameter."""
    return attribute == any_(literal(list(values), ARRAY(attribute.type)))


def _columns_of(table: type[Table]) -> SqlTable:
    columns: SqlTable = table.__table__  # type: ignore[assignment]
    return columns
