"""Collecting, for a batch of documents, everything the rules may look at: a handful of queries, whatever the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.agreements import store as agreements
from core.billing.tax import TaxTable
from core.db.tables import Customer, Document, DocumentLine, LegalEntity
from core.documents import lookup
from core.documents import store as documents
from core.documents.corrections import credited_in_full
from core.documents.model import HOUSE
from core.parties import store as parties
from core.policies import store as policies
from core.posting.model import LEDGER
from core.validation.model import (
    ContractFacts,
    CustomerFacts,
    Facts,
    LineFacts,
    PriorInvoice,
    SellerFacts,
    Tolerance,
)
from core.workflow.context import Context
from core.workflow.lawful import lawful_percents
from core.workflow.promised import contract_facts
from core.workflow.scheduled import Drafted, Schedule, schedule_of
from core.workflow.taxing import tax_gap

# Invoices that say what a contract usually consumes.
_LATEST = 8


def gather(ctx: Context, rows: Mapping[UUID, Document], drafted: Drafted | None = None) -> dict[UUID, Facts]:
    """Facts per document. Documents whose customer or contract has arrived meanwhile are tied to them here.

    `drafted`: what belongs to documents that are not in the store yet.
    """
    _tie_to_customers(ctx, rows)
    ours = [row for row in rows.values() if row.source == HOUSE and row.kind == "invoice"]
    schedule = schedule_of(ctx, ours, drafted)
    lines: Mapping[UUID, Sequence[Any]] = documents.lines_of(ctx.session, rows) if drafted is None else drafted.lines
    customers = drafted.customers if drafted is not None and drafted.customers is not None else _customers(ctx, rows)
    contracts = _contract_facts(ctx, rows, drafted)
    numbers = [row.contract_number for row in rows.values() if row.contract_number]
    prior = _standing(ctx, rows, lookup.neighbours(ctx.session, numbers))
    around = _Surroundings(
        lines=lines,
        customers=customers,
        contracts=contracts,
        prior=prior,
        quantities=_quantities(ctx, prior),
        entities=parties.entities(ctx.session),
        table=ctx.tax.table,
        unmapped=_unmapped(ctx, lines),
        tolerance=tolerances(ctx),
        schedule=schedule,
    )
    return {id: _facts(row, around) for id, row in rows.items()}


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a batch of documents has in common."""

    lines: Mapping[UUID, Sequence[Any]]
    customers: Mapping[UUID, Customer]
    contracts: Mapping[str, ContractFacts]
    prior: Mapping[str, list[lookup.Neighbour]]
    quantities: Mapping[UUID, Mapping[str, Decimal]]
    entities: Mapping[str, LegalEntity]
    table: TaxTable
    unmapped: frozenset[str]
    tolerance: Callable[[str], Tolerance]
    schedule: Schedule


def _tie_to_customers(ctx: Context, rows: Mapping[UUID, Document]) -> None:
    orphans = [row for row in rows.values() if row.customer_id is None and row.customer_ref]
    for source in {row.source for row in orphans}:
        refs = [row.customer_ref for row in orphans if row.source == source and row.customer_ref]
        linked = parties.linked(ctx.session, "customer", source, refs)
        known = parties.customers(ctx.session, [UUID(id) for id in linked.values()])
        for row in orphans:
            id = linked.get(row.customer_ref or "") if row.source == source else None
            if id and UUID(id) in known:
                row.customer_id = UUID(id)


def _customers(ctx: Context, rows: Mapping[UUID, Document]) -> Mapping[UUID, Customer]:
    return parties.customers(ctx.session, [row.customer_id for row in rows.values() if row.customer_id])


def _contract_facts(
    ctx: Context, rows: Mapping[UUID, Document], drafted: Drafted | None = None
) -> dict[str, ContractFacts]:
    today = ctx.now.date()
    if drafted is not None and drafted.contracts is not None:
        return {
            number: contract_facts(contract, lines, today) for number, (contract, lines) in drafted.contracts.items()
        }
    numbers = [row.contract_number for row in rows.values() if row.contract_number]
    contracts = agreements.contracts_by_number(ctx.session, numbers)
    lines = agreements.lines_of(ctx.session, [contract.id for contract in contracts.values()])
    for row in rows.values():
        contract = contracts.get(row.contract_number or "")
        if contract is not None and row.contract_id != contract.id:
            row.contract_id = contract.id
    return {number: contract_facts(contract, lines[contract.id], today) for number, contract in contracts.items()}


def _unmapped(ctx: Context, lines: Mapping[UUID, Sequence[Any]]) -> frozenset[str]:
    """Products on these documents that the ledger has no item for."""
    codes = {line.product_code for rows in lines.values() for line in rows if line.product_code}
    mapped = parties.external_refs(ctx.session, "product", LEDGER, codes)
    return frozenset(codes - set(mapped))


def tolerances(ctx: Context) -> Callable[[str], Tolerance]:
    """What each code lets pass, by the policy in effect."""
    policy = policies.policy_on(ctx.session, "tolerance", ctx.now.date())

    def allowed(code: str) -> Tolerance:
        answer = policy.decide({"code": code}).answer
        return Tolerance(int(answer["minor"]), Decimal(str(answer["percent"])))

    return allowed


def _facts(row: Document, around: _Surroundings) -> Facts:
    customer = around.customers.get(row.customer_id) if row.customer_id else None
    entity = around.entities.get(row.entity or "")
    number = row.contract_number or ""
    contract = around.contracts.get(number)
    plain = _plain_charges(contract) if row.source == HOUSE else None
    kinds = around.schedule.kinds
    return Facts(
        id=row.id,
        number=row.number,
        kind=row.kind,
        entity=row.entity,
        entity_country=entity.country if entity else None,
        currency=row.currency,
        issue_date=row.issue_date,
        due_date=row.due_date,
        period_start=row.period_start,
        period_end=row.period_end,
        subtotal_minor=row.subtotal_minor,
        discount_minor=row.discount_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        po_number=row.po_number,
        tax_id=row.tax_id,
        bill_to=row.bill_to,
        bill_to_country=row.bill_to_country,
        contract_number=row.contract_number,
        lines=tuple(_line(line, kinds, plain) for line in around.lines[row.id]),
        customer=_customer(customer),
        contract=contract,
        prior=tuple(
            _prior(n, around.quantities) for n in around.prior.get(number, ()) if n.id not in (row.id, row.replaces_id)
        ),
        unmapped_products=around.unmapped,
        customer_ref=row.customer_ref,
        reason=row.reason,
        is_invoice_known=row.corrects_id is not None,
        tolerance=around.tolerance,
        source=row.source,
        due=around.schedule.due.get(row.id, ()),
        stated_tax_minor=around.schedule.taxes.get(row.id),
        seller=_seller(entity) if row.source == HOUSE else None,
        is_collected=row.collection_method == "charge_automatically",
        tax_gap=tax_gap(around.table, row, customer, entity) if row.source == HOUSE else None,
        tax_percents=lawful_percents(around.table, row, customer, entity),
    )


def _plain_charges(contract: ContractFacts | None) -> frozenset[str | None]:
    """Charges whose product no other charge of the contract sells: only those can be told apart by their product."""
    if contract is None:
        return frozenset()
    by_product: dict[str, set[str | None]] = {}
    for promise in contract.promises:
        by_product.setdefault(promise.product_code, set()).add(promise.charge_key)
    rough = {promise.charge_key for promise in contract.promises if not promise.is_plain}
    return frozenset(key for keys in by_product.values() if len(keys) == 1 for key in keys) - rough


def _line(row: DocumentLine, kinds: Mapping[UUID, str], plain: frozenset[str | None] | None) -> LineFacts:
    kind = kinds.get(row.schedule_item_id) if row.schedule_item_id else None
    return LineFacts(
        row.product_code,
        row.description,
        row.quantity,
        row.unit_price,
        row.amount_minor,
        row.discount_minor,
        row.tax_minor,
        row.period_start,
        row.period_end,
        kind,
        row.charge_key,
        row.schedule_item_id,
        row.arithmetic,
        row.tax_percent,
        row.earned_by,
        plain is None or (kind == "recurring" and row.charge_key in plain),
    )


def _seller(row: LegalEntity | None) -> SellerFacts | None:
    return None if row is None else SellerFacts(row.name, row.tax_id, row.address, row.payment_instructions)


def _customer(row: Customer | None) -> CustomerFacts | None:
    if row is None:
        return None
    return CustomerFacts(
        row.name,
        row.country,
        row.address,
        row.tax_id,
        row.is_po_required,
        row.is_on_hold,
        row.terms_days,
        row.release_mode == "manual",
    )


def _standing(
    ctx: Context, rows: Mapping[UUID, Document], prior: Mapping[str, list[lookup.Neighbour]]
) -> dict[str, list[lookup.Neighbour]]:
    """Without what was given back as a whole: to bill the same again is no duplicate."""
    said = {(row.contract_number, row.period_start, row.period_end, row.total_minor) for row in rows.values()}
    alike = [
        each.id
        for found in prior.values()
        for each in found
        if each.id not in rows and (each.contract_number, each.period_start, each.period_end, each.total_minor) in said
    ]
    gone = credited_in_full(ctx.session, alike)
    return {number: [each for each in found if each.id not in gone] for number, found in prior.items()}


def _prior(row: lookup.Neighbour, quantities: Mapping[UUID, Mapping[str, Decimal]]) -> PriorInvoice:
    return PriorInvoice(
        id=row.id,
        number=row.number,
        period_start=row.period_start,
        period_end=row.period_end,
        subtotal_minor=row.subtotal_minor,
        total_minor=row.total_minor,
        issue_date=row.issue_date,
        quantities=quantities.get(row.id, {}),
    )


def _quantities(ctx: Context, prior: Mapping[str, list[lookup.Neighbour]]) -> dict[UUID, dict[str, Decimal]]:
    """What the latest invoices of each contract billed, per product."""
    latest = [neighbour.id for invoices in prior.values() for neighbour in invoices[:_LATEST]]
    return lookup.quantities_of(ctx.session, latest)
