"""Numbers of invoices and credit memos: one gapless sequence per legal entity, kind and year.

The row of a sequence stays locked until the transaction that took numbers from it ends: one that is rolled back gives
them back, and nobody else can have gone on in between.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tables import NumberSequence

# Entity, kind and year.
Sequence = tuple[str, str, int]
_SIGNS = {"invoice": "", "credit_memo": "CM-"}


def take(session: Session, entity: str, kind: str, year: int, n: int) -> list[int]:
    """The next `n` numbers of one sequence, in order."""
    if n <= 0:
        return []
    statement = insert(NumberSequence).values(entity=entity, kind=kind, year=year, last=n)
    last: int | None = session.scalar(
        statement.on_conflict_do_update(
            index_elements=["entity", "kind", "year"], set_={"last": NumberSequence.last + statement.excluded.last}
        ).returning(NumberSequence.last)
    )
    assert last is not None
    return list(range(last - n + 1, last + 1))


def take_all(session: Session, wanted: Mapping[Sequence, int]) -> dict[Sequence, list[int]]:
    """Numbers of several sequences, always locked in the same order, so that two releases cannot deadlock."""
    return {sequence: take(session, *sequence, wanted[sequence]) for sequence in sorted(wanted)}


def format_number(entity: str, kind: str, year: int, number: int) -> str:
    """ "UK-2026-000123"; credit memos "UK-CM-2026-000004"."""
    return f"{entity}-{_SIGNS[kind]}{year}-{number:06d}"
