"""Money and credits are taken back from documents that are no more, by applications that mirror the earlier ones.

A mirror is effective on the day of what it takes back, since what is void counts on no day; when it was recorded says
since when we know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Application, Payment
from core.kit.ids import id_from

# Behind the source of an application in that of its mirror.
_MIRROR = ":taken_back"


def is_taken_back(row: Application) -> bool:
    """Whether it is the mirror of an earlier one."""
    return row.source.endswith(_MIRROR)


def take_back_payments(session: Session, document_ids: Iterable[UUID], now: datetime) -> None:
    """Frees the money that was put against these documents: it is the customer's again, and unapplied."""
    wanted = list(document_ids)
    applied = select(Application).where(is_one_of(Application.document_id, wanted), Application.kind == "payment")
    mirrors = _mirror(session, list(session.scalars(applied)), now)
    if not mirrors:
        return
    freed = (
        select(Application.payment_id.label("id"), func.sum(-Application.amount_minor).label("minor"))
        .where(is_one_of(Application.id, mirrors))
        .group_by(Application.payment_id)
        .subquery()
    )
    session.execute(
        update(Payment)
        .where(Payment.id == freed.c.id)
        .values(unapplied_minor=Payment.unapplied_minor + freed.c.minor)
        .execution_options(synchronize_session=False)
    )


def take_back_credits(session: Session, memo_ids: Iterable[UUID], now: datetime) -> set[UUID]:
    """Takes these credit memos back from the invoices that they reduced; answers the documents concerned."""
    applied = list(session.scalars(select(Application).where(is_one_of(Application.credit_id, list(memo_ids)))))
    _mirror(session, applied, now)
    return {row.document_id for row in applied}


def _mirror(session: Session, applied: Sequence[Application], now: datetime) -> list[UUID]:
    """Answers the ids of the new ones: what was taken back before is not taken back again."""
    copied = ("kind", "payment_id", "credit_id", "document_id", "effective_on")
    rows = [
        {name: getattr(row, name) for name in copied}
        | {
            "id": id_from("application", "taken_back", str(row.id)),
            "source": f"{row.source}{_MIRROR}",
            "source_ref": row.source_ref,
            "amount_minor": -row.amount_minor,
            "recorded_at": now,
        }
        for row in applied
        if not is_taken_back(row)
    ]
    if not rows:
        return []
    statement = insert_rows(Application, rows).on_conflict_do_nothing()
    return list(session.scalars(statement.returning(Application.id)))
