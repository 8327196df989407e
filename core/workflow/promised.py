"""What a contract promises, as the rules see it: its lines, those of renewed terms among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from core.billing.agreeing import agreement_of, chains, renews
from core.billing.anchors import add_months
from core.billing.model import Agreement
from core.billing.renewing import raised, raises, renewals_by
from core.db.tables import Contract, ContractLine
from core.documents.model import HOUSE
from core.validation.model import ContractFacts, PromiseFacts
from core.workflow.hindrances import is_over_before_its_end

# Terms of a charge with which quantity × price per month is not the whole story.
_SPECIAL = (
    "tiers",
    "package_size",
    "ramp",
    "minimum_amount",
    "commit_amount",
    "free_until",
    "discount_percent",
    "discount_ends_on",
    "shares",
)
# Renewed terms are told so far ahead: no invoice is for later periods.
_AHEAD = timedelta(days=800)
_DAY = timedelta(days=1)


def contract_facts(row: Contract, lines: list[ContractLine], today: date) -> ContractFacts:
    return ContractFacts(
        row.number,
        row.status,
        row.starts_on,
        row.ends_on,
        row.currency,
        row.po_number,
        row.terms_days,
        row.discount_percent,
        row.discount_ends_on,
        tuple(_with_renewals(row, tuple(_promises(row, lines)), today)),
        renews(row),
        is_over_before_its_end(row, today),
    )


def _promises(contract: Contract, lines: list[ContractLine]) -> Iterator[PromiseFacts]:
    """Lines of one chain are one charge, under the terms of the first."""
    if contract.billed_by != HOUSE:
        for line in lines:
            yield PromiseFacts(line.product_code, line.quantity, line.unit_price, line.starts_on, line.ends_on)
        return
    for key, chain in chains(lines).items():
        is_plain = not contract.uplift_percent and _is_plain(chain[0].charge)
        for line in chain:
            yield PromiseFacts(
                line.product_code, line.quantity, line.unit_price, line.starts_on, line.ends_on, key, is_plain
            )


def _is_plain(charge: Mapping[str, Any]) -> bool:
    is_by_unit = charge.get("kind", "recurring") == "recurring" and charge.get("pricing", "per_unit") == "per_unit"
    return is_by_unit and not any(charge.get(name) for name in _SPECIAL)


def _with_renewals(contract: Contract, promises: Sequence[PromiseFacts], today: date) -> Iterator[PromiseFacts]:
    """What runs to the end of the term is promised again in every renewed one, at the raised price."""
    if not renews(contract) or contract.ends_on is None:
        yield from promises
        return
    agreement = agreement_of(contract, (), {})
    terms = [(contract.starts_on, contract.ends_on), *_renewed_terms(agreement, today + _AHEAD)]
    for promise in promises:
        if promise.ends_on is not None and promise.ends_on < contract.ends_on:
            yield promise
        else:
            yield from (_within(agreement, promise, term) for term in terms if promise.starts_on <= term[1])


def _renewed_terms(agreement: Agreement, until: date) -> Iterator[tuple[date, date]]:
    """First and last day of each term after the first that begins by `until`."""
    assert agreement.ends_on is not None
    for number in range(renewals_by(agreement, until)):
        first, after = (add_months(agreement.ends_on, agreement.renewal_months * n) for n in (number, number + 1))
        yield first, after - _DAY


def _within(agreement: Agreement, promise: PromiseFacts, term: tuple[date, date]) -> PromiseFacts:
    first = max(promise.starts_on, term[0])
    price = raised(agreement, promise.unit_price, raises(agreement, promise.starts_on, first))
    return replace(promise, unit_price=price, starts_on=first, ends_on=term[1])
