"""Amounts of several currencies in one, at the rate stated for a day; a missing rate is named, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import FxRate
from core.kit.money import convert_minor


@dataclass(frozen=True, slots=True)
class Rates:
    """`rates`: units of `currency` for one unit of each other currency, as stated on or last before `as_of`."""

    currency: str
    as_of: date
    rates: Mapping[str, Decimal]

    def knows(self, currency: str) -> bool:
        return currency == self.currency or currency in self.rates

    def convert(self, minor: int, currency: str) -> int:
        """Minor units of the common currency; 0 for a currency without a rate (see `left_out`)."""
        if not self.knows(currency):
            return 0
        return convert_minor(minor, currency, self.currency, self.rates.get(currency, Decimal(1)))

    def total(self, sums: Iterable[tuple[str, int]]) -> int:
        return sum(self.convert(minor, currency) for currency, minor in sums)

    def left_out(self, currencies: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({currency for currency in currencies if not self.knows(currency)}))


def stated_rates(session: Session, as_of: date) -> dict[str, Decimal]:
    """The latest rate of each currency on or before the day."""
    statement = (
        select(FxRate.currency, FxRate.rate)
        .where(FxRate.day <= as_of)
        .distinct(FxRate.currency)
        .order_by(FxRate.currency, FxRate.day.desc())
    )
    return dict(session.execute(statement).tuples().all())


def rates_for(session: Session, as_of: date, reporting: str, currencies: Iterable[str]) -> Rates:
    """Rates into the reporting currency; the only currency there is, when it has no rate, is used itself."""
    known, present = stated_rates(session, as_of), set(currencies)
    if len(present) == 1 and (only := present.pop()) != reporting and only not in known:
        return Rates(only, as_of, {})
    return Rates(reporting, as_of, known)
