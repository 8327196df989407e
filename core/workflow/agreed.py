"""Contracts as billing reads them: rows of the agreements room become an `Agreement`, or the reason why they cannot.

The store keeps days as the CRM states them (the last day counts); billing counts up to the first day after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from core.agreements import store as agreements
from core.billing.model import Agreement, Charge, Step
from core.canonical import ChargeTerms
from core.db.tables import Contract, ContractLine
from core.parties import store as parties
from core.workflow.hindrances import Hindrance, hindrance_of

MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}


@dataclass(frozen=True, slots=True)
class Agreed:
    """A contract and what billing needs of it; without an agreement there is a hindrance."""

    contract: Contract
    lines: list[ContractLine]
    agreement: Agreement | None
    hindrance: Hindrance | None


def read_agreements(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, Agreed]:
    """The contracts, locked for this transaction, with all that was agreed by now. Unknown ids are left out."""
    rows = agreements.contracts(session, contract_ids, is_locked=True)
    lines = agreements.lines_of(session, rows)
    names = parties.product_names(session, {line.product_code for found in lines.values() for line in found})
    return {id: read_agreement(row, lines.get(id, []), names) for id, row in rows.items()}


def read_agreement(contract: Contract, lines: list[ContractLine], names: Mapping[str, str]) -> Agreed:
    agreement = agreement_of(contract, lines, names)
    hindrance = hindrance_of(contract, agreement)
    return Agreed(contract, lines, None if hindrance else agreement, hindrance)


def as_one_per_product(agreed: Agreed) -> Agreed:
    """The contract as a platform outside bills it: all lines of a product that are sold on the same terms are one
    charge, linked to each other or not, so that what takes some away is not a charge below zero."""
    whole = agreement_of(agreed.contract, agreed.lines, {})
    groups: dict[tuple[str, ChargeTerms], list[Charge]] = defaultdict(list)
    for charge in whole.charges:
        groups[(charge.product_code, charge.terms)].append(charge)
    charges = tuple(
        replace(same[0], steps=tuple(sorted((step for charge in same for step in charge.steps), key=_place)))
        for (_, terms), same in groups.items()
        if terms.kind == "recurring"
    )
    others = tuple(charge for charge in whole.charges if charge.terms.kind != "recurring")
    agreement = replace(whole, charges=(*charges, *others))
    hindrance = hindrance_of(agreed.contract, agreement)
    return replace(agreed, agreement=None if hindrance else agreement, hindrance=hindrance)


def _place(step: Step) -> tuple[date, Decimal, Decimal]:
    return step.starts_on, step.unit_price, step.quantity


def agreement_of(contract: Contract, lines: Iterable[ContractLine], names: Mapping[str, str]) -> Agreement:
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


def renews(contract: Contract) -> bool:
    return contract.auto_renews and contract.ends_on is not None and contract.status == "active"


def chains(lines: Iterable[ContractLine]) -> dict[str, list[ContractLine]]:
    """Lines that are one charge, oldest first, by the reference of the first of them. A lookup to the line before
    instead of the first leads there too; lines that never came into effect are left out."""
    parents = {line.source_ref: line.root_ref for line in lines}
    found: dict[str, list[ContractLine]] = defaultdict(list)
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


def _charge(contract: Contract, key: str, chain: list[ContractLine], names: Mapping[str, str]) -> Charge:
    first = _first(key, chain)
    return Charge(
        key=key,
        product_code=first.product_code,
        description=first.description or names.get(first.product_code, first.product_code),
        terms=terms_of(first),
        steps=tuple(Step(line.starts_on, _last(contract, line), line.quantity, line.unit_price) for line in chain),
    )


def _first(key: str, chain: list[ContractLine]) -> ContractLine:
    """The line whose terms hold for the chain; as long as it has not arrived, the oldest of those that have."""
    return next((line for line in chain if line.source_ref == key), chain[0])


def terms_of(line: ContractLine) -> ChargeTerms:
    return ChargeTerms.model_validate(line.charge)


def _last(contract: Contract, line: ContractLine) -> date | None:
    """The first day after the line; None when it runs as long as the contract, and is renewed with it."""
    if line.ends_on is None or (contract.ends_on is not None and line.ends_on >= contract.ends_on):
        return None
    return _day_after(line.ends_on)


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
