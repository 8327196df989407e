"""What keeps a contract from being billed, in words. Pure: a contract and what was read of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.agreements.model import Item, ItemState
from core.billing.model import Agreement, Charge
from core.canonical.charges import flaw_of
from core.db.tables import Contract
from core.kit.money import UnknownCurrency, exponent
from core.kit.words import day_in_words as _day


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a contract cannot be billed: a code of the taxonomy and a sentence for people."""

    code: str
    sentence: str


def hindrance_of(contract: Contract, agreement: Agreement) -> Hindrance | None:
    """The first reason why nothing may be billed under the contract; None when there is none."""
    return next((found for check in _CHECKS for found in check(contract, agreement)), None)


def unbillable(contract: Contract, reason: str) -> Hindrance:
    code = "contract.unbillable"
    return Hindrance(code, f"Contract {contract.number} cannot be billed: {reason}.")


def is_over_before_its_end(contract: Contract, today: date) -> bool:
    """Whether the CRM calls the contract expired although its last day is not over."""
    return contract.status == "expired" and (contract.ends_on is None or contract.ends_on >= today)


def ended_early(contract: Contract, items: Iterable[Item], today: date) -> Hindrance | None:
    """A contract that has expired although its term goes on, or went on by renewal. Where it ends is for a person to
    say: what was billed beyond is to be credited, and what was open is lost from there on."""
    code = "contract.ended_early"
    reach = max((item.period_end for item in items if item.state == ItemState.BILLED), default=None)
    if is_over_before_its_end(contract, today):
        last = f"its last day is {_day(contract.ends_on)}" if contract.ends_on else "it has no last day"
    elif contract.status == "expired" and contract.auto_renews and reach and reach > _after(contract.ends_on):
        last = f"it was renewed and billed up to {_day(reach)}"
    else:
        return None
    return Hindrance(code, f"Contract {contract.number} has expired in the CRM, but {last}: state when it ended.")


def _after(day: date | None) -> date:
    return date.max if day is None else day + timedelta(days=1)


def _currency(contract: Contract, _: Agreement) -> Iterator[Hindrance]:
    try:
        exponent(contract.currency)
    except UnknownCurrency:
        yield unbillable(contract, f"“{contract.currency}” is not a currency code we know")


def _term(contract: Contract, _: Agreement) -> Iterator[Hindrance]:
    if contract.ends_on is not None and contract.ends_on < contract.starts_on:
        yield unbillable(
            contract, f"it ends on {_day(contract.ends_on)}, before it starts on {_day(contract.starts_on)}"
        )


def _figures(contract: Contract, _: Agreement) -> Iterator[Hindrance]:
    discount, uplift = contract.discount_percent, contract.uplift_percent or Decimal(0)
    if not 0 <= discount <= 100:
        yield unbillable(contract, f"its discount of {discount.normalize():f} % is not between 0 and 100 percent")
    if uplift < -100:
        yield unbillable(contract, f"its uplift of {uplift.normalize():f} % takes more than the price away")
    if contract.anchor_day is not None and not 1 <= contract.anchor_day <= 31:
        yield unbillable(contract, f"its periods begin on day {contract.anchor_day} of a month")


def _promises(contract: Contract, agreement: Agreement) -> Iterator[Hindrance]:
    if not agreement.charges:
        yield unbillable(contract, "it has no lines")


def _beginnings(contract: Contract, agreement: Agreement) -> Iterator[Hindrance]:
    code = "amendment.before_start"
    for charge in agreement.charges:
        early = min(step.starts_on for step in charge.steps)
        if early < contract.starts_on:
            yield Hindrance(
                code,
                f"A line of contract {contract.number} for {charge.description} takes effect on {_day(early)}, "
                f"before the contract starts on {_day(contract.starts_on)}.",
            )


def _pricing(contract: Contract, agreement: Agreement) -> Iterator[Hindrance]:
    for charge in agreement.charges:
        reason = _flaw(charge)
        if reason:
            yield unbillable(contract, f"the price of {charge.description} {reason}")


def _flaw(charge: Charge) -> str | None:
    terms = charge.terms
    if terms.pricing in ("volume", "graduated") and not terms.tiers:
        return f"is {terms.pricing} but has no tiers"
    if terms.pricing == "package" and (terms.package_size or 0) <= 0:
        return "is per package, but the size of a package is not stated"
    if terms.kind == "usage" and not terms.meter:
        return "is for usage, but no meter is named"
    if terms.kind == "milestone" and terms.milestone_on is None:
        return "is due at a milestone without a date"
    if any(step.unit_price < 0 for step in charge.steps):
        return "is below zero: what is given back is a credit"
    return flaw_of(terms)


def _quantities(contract: Contract, agreement: Agreement) -> Iterator[Hindrance]:
    """Deltas that take away more than there is."""
    for charge in agreement.charges:
        for day in sorted({step.starts_on for step in charge.steps}):
            held = sum(
                (s.quantity for s in charge.steps if s.starts_on <= day and (s.ends_on is None or day < s.ends_on)),
                Decimal(0),
            )
            if held < 0:
                yield unbillable(
                    contract, f"from {_day(day)} on its lines add up to {held.normalize():f} of {charge.description}"
                )
                break


_CHECKS: tuple[Callable[[Contract, Agreement], Iterator[Hindrance]], ...] = (
    _currency,
    _term,
    _figures,
    _promises,
    _beginnings,
    _pricing,
    _quantities,
)
