"""The read model of usage per day. Days are done again as a whole, so that doing them twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.usage.aggregates import COUNTED, Kind, aggregate, kind_of
from core.usage.model import Wanted
from core.usage.store import meters

_TOUCHED = "create temporary table touched on commit drop as select distinct t.meter, t.customer_id, d.day from "
_DAY = "(e.at at time zone 'UTC')::date"
_BY_ARRIVAL = text(
    f"{_TOUCHED} (select e.meter, e.customer_id, {_DAY} as day from usage_events e "
    "where e.received_at >= :since and e.customer_id is not null) t cross join lateral (select t.day) d"
)
_BY_SPAN = text(
    f"{_TOUCHED} json_to_recordset(cast(:spans as json)) "
    "as t(meter text, customer_id uuid, since timestamptz, until timestamptz) cross join lateral "
    "(select generate_series((t.since at time zone 'UTC')::date, "
    "(greatest(t.since, t.until - interval '1 microsecond') at time zone 'UTC')::date, '1 day')::date as day) d"
)
_METERS = text("select distinct meter from touched")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_DROP = text("drop table touched")
_FORGET = text(
    "delete from usage_days d using touched t "
    "where d.meter = t.meter and d.customer_id = t.customer_id and d.day = t.day "
    "and not exists (select from usage_events e where e.meter = t.meter and e.customer_id = t.customer_id "
    "and e.state = 'counted' and e.at >= t.day::timestamp at time zone 'UTC' "
    "and e.at < (t.day + 1)::timestamp at time zone 'UTC')"
)
_FILL = (
    "insert into usage_days (meter, customer_id, day, quantity, events, late) "
    "select w.meter, w.customer_id, w.day, x.value, n.events, n.late from (select t.meter, t.customer_id, t.day, "
    "t.day::timestamp at time zone 'UTC' as since, (t.day + 1)::timestamp at time zone 'UTC' as until from touched t "
    "where t.meter in (select json_array_elements_text(cast(:meters as json)))) w "
    "cross join lateral ({}) x "
    f"cross join lateral (select count(*) as events, count(*) filter (where e.is_late) as late {COUNTED}) n "
    "where n.events > 0 order by 1, 2, 3 on conflict (meter, customer_id, day) do update "
    "set quantity = excluded.quantity, events = excluded.events, late = excluded.late "
    "where (usage_days.quantity, usage_days.events, usage_days.late) "
    "is distinct from (excluded.quantity, excluded.events, excluded.late)"
)


def summarise_received(session: Session, since: datetime | None) -> int:
    """Does the days again that events received at or after `since` fall on (None = all); answers how many changed."""
    session.execute(_BY_ARRIVAL, {"since": since or _EVER})
    return _redo(session)


def summarise_spans(session: Session, spans: Sequence[Wanted]) -> int:
    """Does the days of these spans again, whole."""
    content = [
        {"meter": each.meter, "customer_id": each.customer_id, "since": each.since, "until": each.until}
        for each in spans
    ]
    session.execute(_BY_SPAN, {"spans": to_json(content).decode()})
    return _redo(session)


def _redo(session: Session) -> int:
    codes = set(session.scalars(_METERS))
    changed = session.execute(_FORGET).rowcount  # type: ignore[attr-defined]
    for kind, members in _by_kind(session, codes).items():
        statement = text(_FILL.format(aggregate(kind)))
        changed += session.execute(statement, {"meters": to_json(members).decode()}).rowcount  # type: ignore[attr-defined]
    session.execute(_DROP)
    return int(changed)


def _by_kind(session: Session, codes: Iterable[str]) -> dict[Kind, list[str]]:
    wanted = sorted(codes)
    terms = meters(session, wanted)
    found: dict[Kind, list[str]] = {}
    for code in wanted:
        found.setdefault(kind_of(terms.get(code)), []).append(code)
    return found
