"""What becomes of a document of the house on the day of its release: number, dates, a receivable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from uuid import UUID

from core.db.tables import Document
from core.documents import numbers
from core.documents.model import HOUSE
from core.validation.model import Facts
from core.workflow.context import Context

_DEFAULT_TERMS_DAYS = 30
_WITHOUT_ENTITY = "XX"


def issue(ctx: Context, rows: Iterable[Document], facts: Mapping[UUID, Facts]) -> None:
    """Issues what the house has drafted; what it has issued before keeps its number and dates."""
    today = ctx.now.date()
    fresh = sorted((row for row in rows if row.source == HOUSE and not row.is_issued), key=lambda row: row.source_ref)
    sequences = [(row.entity or _WITHOUT_ENTITY, row.kind, today.year) for row in fresh]
    taken = {key: iter(found) for key, found in numbers.take_all(ctx.session, Counter(sequences)).items()}
    for row, sequence in zip(fresh, sequences, strict=True):
        row.number = numbers.format_number(*sequence, next(taken[sequence]))
        row.due_date = _due_date(row, facts[row.id], today)
        row.issue_date = today
        row.is_issued = True
        row.open_minor = row.total_minor
        row.settled_on = today if row.total_minor == 0 else None


def terms_days(row: Document, facts: Facts) -> int:
    """Days to pay: as the contract says, else the customer, else as it was drafted."""
    contract, customer = facts.contract, facts.customer
    for days in (contract.terms_days if contract else None, customer.terms_days if customer else None):
        if days is not None:
            return days
    drafted = (row.due_date - row.issue_date).days
    return drafted if drafted > 0 else _DEFAULT_TERMS_DAYS


def _due_date(row: Document, facts: Facts, today: date) -> date:
    """A due date that a person set stands; a credit memo is due at once."""
    if row.kind == "credit_memo":
        return today
    if "due_date" in row.corrections:
        return max(row.due_date, today)
    return today + timedelta(days=terms_days(row, facts))
