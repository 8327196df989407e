"""Rows of usage: meters, events that count once, and what they add up to. Every call takes a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from pydantic_core import to_json
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.canonical import MeterRecord
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Meter, UsageEvent
from core.usage.aggregates import Kind, aggregate, kind_of
from core.usage.model import EventRow, EventState, Kept, MeterTerms, Wanted

_NAMES = [field.name for field in fields(EventRow)]
# Typed as the table is; the rows become JSON without a Python object for each of their fields.
_INSERT = text(
    f"insert into usage_events ({', '.join(_NAMES)}) select {', '.join(_NAMES)} "
    "from json_populate_recordset(null::usage_events, cast(:rows as json)) "
    "on conflict do nothing returning source, event_id"
)
_BY_KEY = text(
    f"select {', '.join(f'e.{name}' for name in _NAMES)} from usage_events e join json_to_recordset("
    "cast(:keys as json)) as k(source text, event_id text) on e.source = k.source and e.event_id = k.event_id"
)
_MEASURE = (
    "select w.n, x.value from json_to_recordset(cast(:wanted as json)) "
    "as w(n int, meter text, customer_id uuid, since timestamptz, until timestamptz) cross join lateral ({}) x"
)


def measured(session: Session, wanted: Sequence[Wanted]) -> dict[Hashable, Decimal]:
    """The usage of each wanted row by its meter's aggregation, 0 where nothing was used; events may have come in any
    order. Rows of a meter that nobody has described yet are summed. One statement per kind of aggregate."""
    terms = meters(session, {each.meter for each in wanted})
    by_kind: dict[Kind, list[tuple[int, Wanted]]] = defaultdict(list)
    for n, each in enumerate(wanted):
        by_kind[kind_of(terms.get(each.meter))].append((n, each))
    found: dict[Hashable, Decimal] = {each.key: Decimal(0) for each in wanted}
    for kind, rows in by_kind.items():
        statement = text(_MEASURE.format(aggregate(kind)))
        for n, value in session.execute(statement, {"wanted": _as_json(rows)}):
            if value is not None:
                found[wanted[n].key] = value
    return found


def _as_json(rows: Sequence[tuple[int, Wanted]]) -> str:
    content = [
        {"n": n, "meter": w.meter, "customer_id": w.customer_id, "since": w.since, "until": w.until} for n, w in rows
    ]
    return to_json(content).decode()


def insert_events(session: Session, rows: Sequence[EventRow]) -> Kept:
    """Inserts what is not here yet, in one statement and in the order of the keys, so that two senders of the same
    events cannot deadlock. What was here before, or earlier in the batch, stays as it is."""
    by_key: dict[tuple[str, str], EventRow] = {}
    for row in rows:
        by_key.setdefault(row.key, row)
    if not by_key:
        return Kept(frozenset(), {})
    ordered = to_json([by_key[key] for key in sorted(by_key)]).decode()
    fresh = frozenset((row[0], row[1]) for row in session.execute(_INSERT, {"rows": ordered}).all())
    return Kept(fresh, events_of(session, by_key.keys() - fresh))


def events_of(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], EventRow]:
    """Events by (source, id), as they are kept."""
    wanted = [{"source": source, "event_id": id} for source, id in sorted(keys)]
    if not wanted:
        return {}
    rows = session.execute(_BY_KEY, {"keys": to_json(wanted).decode()}).mappings()
    found = [EventRow(**dict(row) | {"state": EventState(row["state"])}) for row in rows]
    return {row.key: row for row in found}


def meters(session: Session, codes: Iterable[str]) -> dict[str, MeterTerms]:
    """The meters of these codes that are described, archived ones too."""
    wanted = set(codes)
    if not wanted:
        return {}
    rows = session.scalars(select(Meter).where(is_one_of(Meter.code, wanted)))
    return {row.code: _terms(row) for row in rows}


def _terms(row: Meter) -> MeterTerms:
    return MeterTerms(
        row.code,
        row.name,
        row.unit,
        row.aggregation,  # type: ignore[arg-type]
        row.window,  # type: ignore[arg-type]
        row.late_after_hours,
        row.archived_at is not None,
    )


def save_meters(session: Session, records: Sequence[MeterRecord], now: datetime) -> set[str]:
    """Describes meters, or describes them anew; answers the codes of those that are new or count otherwise now."""
    if not records:
        return set()
    before = meters(session, {record.code for record in records})
    rows = {
        record.code: {
            "code": record.code,
            "name": record.name,
            "unit": record.unit,
            "aggregation": record.aggregation,
            "window": record.window,
        }
        for record in records
    }
    statement = insert_rows(Meter, [rows[code] for code in sorted(rows)])
    changed = {name: statement.excluded[name] for name in ("name", "unit", "aggregation", "window")}
    session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changed | {"archived_at": None}))
    changed_codes = {code for code, row in rows.items() if _counts_otherwise(before.get(code), row)}
    _weigh_counts(session, [code for code in changed_codes if rows[code]["aggregation"] == "count"])
    return changed_codes


def _counts_otherwise(before: MeterTerms | None, row: dict[str, str | None]) -> bool:
    return before is None or (before.aggregation, before.window) != (row["aggregation"], row["window"])


def _weigh_counts(session: Session, codes: Sequence[str]) -> None:
    """Events that came before their meter was known to count: each weighs one, whatever value was sent along."""
    if codes:
        session.execute(
            update(UsageEvent)
            .where(is_one_of(UsageEvent.meter, codes), UsageEvent.correction_id.is_(None), UsageEvent.value != 1)
            .values(value=1)
        )
