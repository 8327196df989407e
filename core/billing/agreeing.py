"""From what the store keeps of a contract to the `Agreement` that is billed. Pure.

The store keeps days as the CRM states them (the last day counts); billing counts up to the first day after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from core.billing.model import Agreement, Charge, Step
from core.canonical import ChargeTerms

MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}


class KeptContract(Protocol):
    """A contract as it is kept."""

    number: str
    status: str
    starts_on: date
    ends_on: date | None
    currency: str
    discount_percent: Decimal
    discount_ends_on: date | None
    billing_frequency: str | None
    anchor_day: int | None
    auto_renews: bool
    renewal_months: int | None
    uplift_percent: Decimal


class KeptLine(Protocol):
    """A line of it."""

    source_ref: str
    root_ref: str | None
    product_code: str
    quantity: Decimal
    unit_price: Decimal
    starts_on: date
    ends_on: date | None
    description: str | None
    charge: dict[str, Any]


L = TypeVar("L", bound=KeptLine)


def agreement_of(contract: KeptContract, lines: Iterable[KeptLine], names: Mapping[str, str]) -> Agreement:
    """`names`: of products by code, for lines without a description of their own."""
    return Agreement(
        number=contract.number,
        currency=contract.currency,
        starts_on=contract.starts_on,
        ends_on=_day_after(contract.ends_on),
        frequency_months=MONTHS[contract.billing_frequency or "monthly"],
        anchor_day=contract.anchor_day or contract.starts_on.day,
        charges=tuple(_charge(contract, key, chain, names) for key, chain in sorted(chains(lines).items())),
        discount_percent=contract.discount_percent,
        discount_ends_on=contract.discount_ends_on,
        auto_renews=renews(contract),
        renewal_months=contract.renewal_months or 12,
        uplift_percent=contract.uplift_percent,
    )


def renews(contract: KeptContract) -> bool:
    return contract.auto_renews and contract.ends_on is not None and contract.status == "active"


def chains(lines: Iterable[L]) -> dict[str, list[L]]:
    """Lines that are one charge, oldest first, by the reference of the first of them. A lookup to the line before
    instead of the first leads there too; lines that never came into effect are left out."""
    parents = {line.source_ref: line.root_ref for line in lines}
    found: dict[str, list[L]] = defaultdict(list)
    for line in lines:
        if line.ends_on is None or line.ends_on >= line.starts_on:
            found[_root(line.source_ref, parents)].append(line)
    for chain in found.values():
        chain.sort(key=lambda line: (line.starts_on, line.source_ref))
    return dict(found)


def _root(ref: str, parents: Mapping[str, str | None]) -> str:
    seen = {ref}
    while (parent := parents.get(ref)) and parent not in seen:
        seen.add(parent)
        ref = parent
    return ref


def _charge(contract: KeptContract, key: str, chain: Sequence[KeptLine], names: Mapping[str, str]) -> Charge:
    first = _first(key, chain)
    return Charge(
        key=key,
        product_code=first.product_code,
        description=first.description or names.get(first.product_code, first.product_code),
        terms=terms_of(first),
        steps=tuple(Step(line.starts_on, _last(contract, line), line.quantity, line.unit_price) for line in chain),
    )


def _first(key: str, chain: Sequence[KeptLine]) -> KeptLine:
    """The line whose terms hold for the chain; as long as it has not arrived, the oldest of those that have."""
    return next((line for line in chain if line.source_ref == key), chain[0])


def terms_of(line: KeptLine) -> ChargeTerms:
    return ChargeTerms.model_validate(line.charge)


def _last(contract: KeptContract, line: KeptLine) -> date | None:
    """The first day after the line; None when it runs as long as the contract, and is renewed with it."""
    if line.ends_on is None or (contract.ends_on is not None and line.ends_on >= contract.ends_on):
        return None
    return _day_after(line.ends_on)


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
