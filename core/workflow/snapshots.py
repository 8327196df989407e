"""The ageing of a day, computed from what is open and kept."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Integer, case, cast, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from core.db.tables import AgeingSnapshot, Document


def store_ageing(session: Session, day: date) -> int:
    """Replaces the snapshot of `day` (meant for today: it reads what is open now). Answers the number of rows."""
    late = cast(literal(day) - Document.due_date, Integer)
    bucket = case(
        (Document.open_minor < 0, "credit"),
        (late <= 0, "current"),
        (late <= 30, "d1_30"),
        (late <= 60, "d31_60"),
        (late <= 90, "d61_90"),
        else_="d90_plus",
    )
    rows = (
        select(
            literal(day),
            func.coalesce(Document.entity, "—").label("entity_of"),
            Document.currency,
            bucket.label("bucket_of"),
            func.sum(Document.open_minor),
            func.count(),
        )
        .where(Document.open_minor != 0, Document.issue_date <= day)
        .group_by("entity_of", Document.currency, "bucket_of")
    )
    session.execute(delete(AgeingSnapshot).where(AgeingSnapshot.day == day))
    columns = ["day", "entity", "currency", "bucket", "open_minor", "open_count"]
    session.execute(insert(AgeingSnapshot).from_select(columns, rows))
    return session.scalar(select(func.count()).select_from(AgeingSnapshot).where(AgeingSnapshot.day == day)) or 0
