"""What a handler is given and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from core.audit.model import Note
from core.billing.tax import TaxTable
from core.kit.money import convert_minor
from core.parties import store as parties
from core.workflow.actors import Actor


@dataclass(frozen=True, slots=True)
class TaxWays:
    """Which entities an engine outside taxes (`engines`), the table for all others, and how long a draft may wait."""

    engines: Mapping[str, str] = field(default_factory=dict)
    table: TaxTable = field(default_factory=lambda: TaxTable({}))
    patience: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Context:
    """One command's transaction: its session, the instant, who acts, and the currency of reports."""

    session: Session
    now: datetime
    actor: Actor
    currency: str
    # Hours after the end of a period in which late usage still changes its draft.
    usage_grace_hours: float = 12
    tax: TaxWays = field(default_factory=TaxWays)
    # How long a fresh document may wait for its contract.
    patience: timedelta = timedelta(0)
    # Ids of the people by whose word documents are let go, beside who acts: they had a hand in them.
    let_go_by: tuple[str, ...] = ()

    @cached_property
    def rates(self) -> dict[str, Decimal]:
        """Rate of each currency to the reporting currency, by the latest day stated."""
        return parties.rates_on(self.session, self.now.date())

    def in_reporting(self, minor: int, currency: str) -> int:
        """Amount in the reporting currency; without a stated rate the amount itself: nothing must look like zero."""
        rate = Decimal(1) if currency == self.currency else self.rates.get(currency)
        return minor if rate is None else convert_minor(minor, currency, self.currency, rate)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: a JSON-ready result for the caller, and notes for the trail."""

    result: dict[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
