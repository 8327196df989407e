"""Whose usage it is: from the name a sender gives a customer to one of ours, at once or when the customer appears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.orm import Session

# A name that fits two customers fits none: usage is never billed to whoever comes first.
_FIND = text(
    "with s as materialized (select json_array_elements_text(cast(:subjects as json)) as subject) "
    "select subject, min(id::text)::uuid from ("
    "select s.subject, c.id from s join customers c on c.number = s.subject "
    "union select s.subject, c.id from s join links l on l.kind = 'customer' and l.system in ('salesforce', 'stripe') "
    "and l.external_id = s.subject join customers c on c.id = l.our_id::uuid"
    ") named group by subject having count(*) = 1"
)
_WAITING = text("select distinct subject from usage_events where state = 'unplaced'")
_PLACE = text(
    "update usage_events e set customer_id = f.customer_id, state = 'counted' "
    "from json_to_recordset(cast(:found as json)) as f(subject text, customer_id uuid) "
    "where e.state = 'unplaced' and e.subject = f.subject "
    "returning e.subject, e.meter, e.customer_id, e.at"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An event that has found its customer."""

    subject: str
    meter: str
    customer_id: UUID
    at: datetime


def customers_of(session: Session, subjects: Iterable[str]) -> dict[str, UUID]:
    """Our customer by our number, the CRM's id or the payment platform's id, for those that name exactly one."""
    wanted = sorted(set(subjects))
    if not wanted:
        return {}
    return {row[0]: row[1] for row in session.execute(_FIND, {"subjects": to_json(wanted).decode()}).all()}


def place(session: Session) -> list[Placed]:
    """Gives the events that wait for their customer to those who are here by now."""
    waiting = session.scalars(_WAITING).all()
    found = customers_of(session, waiting)
    if not found:
        return []
    content = [{"subject": subject, "customer_id": id} for subject, id in sorted(found.items())]
    rows = session.execute(_PLACE, {"found": to_json(content).decode()})
    return [Placed(*row) for row in rows]
