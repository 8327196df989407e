"""The link by which a customer opens an invoice: whether it still does, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from core.access.view_links import links_of, standing_of
from core.db.tables import Document
from core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class CustomerLink:
    """`last_day` is not to be said while something is open. `ended_by`: the person who ended it, if one did."""

    is_open: bool
    last_day: date | None
    ended_at: datetime | None
    ended_by: str | None


def customer_link(runtime: Runtime, session: Session, document: Document) -> CustomerLink:
    link = links_of(session, [document.id]).get(document.id)
    days, standing = runtime.settings.invoice_link_days, standing_of(document, link)
    return CustomerLink(
        is_open=not standing.has_ended(runtime.today(), days),
        last_day=standing.last_day(days),
        ended_at=link.ended_at if link else None,
        ended_by=link.ended_by if link else None,
    )
