"""Amounts of several currencies in one, at the rate stated for a day; a missing rate is named, never guessed.

Rounding each of several amounts and adding them up gives another sum than rounding once, so that parts of one whole
could come to more than the whole. What is held against each other is therefore converted without rounding (`exact`),
and what is shown is rounded once (`total`), its parts so that they add up to it (`parts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import FxRate
from core.kit.money import convert_minor, to_decimal, to_minor


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

    def exact(self, sums: Iterable[tuple[str, int]]) -> Decimal:
        """The sum in the common currency, not rounded to its digits: what formulas reckon with."""
        return sum((self._unrounded(currency, minor) for currency, minor in sums), Decimal(0))

    def total(self, sums: Iterable[tuple[str, int]]) -> int:
        """The sum in minor units of the common currency, rounded once."""
        return to_minor(self.exact(sums), self.currency)

    def parts(self, sums: Sequence[tuple[str, int]]) -> list[int]:
        """Each in minor units, so that the first of them, however many, add up to what `total` says of those."""
        found, exact, before = [], Decimal(0), 0
        for currency, minor in sums:
            exact += self._unrounded(currency, minor)
            upto = to_minor(exact, self.currency)
            found.append(upto - before)
            before = upto
        return found

    def _unrounded(self, currency: str, minor: int) -> Decimal:
        if currency == self.currency:
            return to_decimal(minor, currency)
        return to_decimal(minor, currency) * self.rates.get(currency, Decimal(0))

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
