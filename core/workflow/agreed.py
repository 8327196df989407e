"""Contracts as billing reads them: rows of the agreements room become an `Agreement`, or the reason why they cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from core.agreements import store as agreements
from core.billing.agreeing import agreement_of
from core.billing.model import Agreement, Charge, Step
from core.canonical import ChargeTerms
from core.db.tables import Contract, ContractLine
from core.parties import store as parties
from core.workflow.hindrances import Hindrance, hindrance_of


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
