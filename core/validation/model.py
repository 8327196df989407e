"""What the rules see, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

Level = Literal["blocking", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Stable code, level, a sentence for people, the compared values, and the money at stake (minor, own currency).

    `cause` groups siblings: findings with the same cause are settled by the same fix.
    """

    code: str
    level: Level
    sentence: str
    evidence: Mapping[str, Any]
    stake_minor: int
    cause: str

    @property
    def type(self) -> str:
        """The taxonomy's type of this finding."""
        return TYPES[self.code]


# Finding code -> type of the exception taxonomy.
TYPES: dict[str, str] = {
    "customer.unknown": "master_data",
    "customer.on_hold": "master_data",
    "address.missing": "master_data",
    "entity.unknown": "master_data",
    "seller.incomplete": "master_data",
    "seller.no_account": "master_data",
    "mapping.item_missing": "master_data",
    "contract.missing": "contract",
    "contract.not_active": "contract",
    "contract.unbillable": "contract",
    "contract.ended_early": "contract",
    "amendment.before_start": "contract",
    "currency.mismatch": "contract",
    "terms.drift": "contract",
    "price.outdated": "pricing",
    "seats.outdated": "pricing",
    "discount.wrong": "pricing",
    "discount.expired": "pricing",
    "charge.missing": "pricing",
    "charge.extra": "pricing",
    "schedule.differs": "pricing",
    "billing.unratable": "pricing",
    "billing.no_customer": "master_data",
    "billing.no_entity": "master_data",
    "billing.negative_total": "pricing",
    "period.duplicate": "duplicate",
    "tax.undetermined": "tax",
    "tax.pending": "tax",
    "amount.variance": "usage",
    "charge.absent": "usage",
    "usage.spike": "usage",
    "usage.unplaced": "usage",
    "usage.no_meter": "usage",
    "usage.conflict": "usage",
    "usage.after_billing": "usage",
    "usage.corrected_after_billing": "usage",
    "entitlement.breach": "usage",
    "po.missing": "purchase_order",
    "tax_id.missing": "tax",
    "tax_id.invalid": "tax",
    "tax.mismatch": "tax",
    "document.duplicate": "duplicate",
    "total.broken": "document",
    "due_date.early": "document",
    "credit.no_reason": "document",
    "credit.unknown_invoice": "document",
    "approval.rejected": "approval",
    "document.changed_after_posting": "document",
    "document.voided_at_source": "document",
    "posting.rejected": "posting",
    "posting.total_mismatch": "posting",
    "delivery.bounced": "delivery",
    "delivery.refused": "delivery",
    "sale.uncontracted": "contract",
    "drift.sold": "drift",
    "drift.schedule": "drift",
    "drift.invoice": "drift",
    "drift.billed": "drift",
    "drift.subscription": "drift",
    "drift.ledger": "drift",
    "drift.terms": "drift",
    "record.unreadable": "integration",
    "connection.misconfigured": "integration",
}

TYPE_TITLES: dict[str, str] = {
    "master_data": "Master data",
    "contract": "Contract",
    "pricing": "Pricing",
    "usage": "Usage",
    "purchase_order": "Purchase order",
    "tax": "Tax",
    "duplicate": "Duplicate",
    "document": "Document",
    "approval": "Approval",
    "posting": "ERP posting",
    "delivery": "Delivery to the customer",
    "drift": "Contract drift",
    "integration": "Integration",
}


@dataclass(frozen=True, slots=True)
class LineFacts:
    """`unit_price` per unit and month in major units; `months` in the line's period."""

    product_code: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount_minor: int
    discount_minor: int
    tax_minor: int
    period_start: date | None
    period_end: date | None
    # Of lines that the house rated. `kind` is that of the schedule item.
    kind: str | None = None
    charge_key: str | None = None
    schedule_item_id: UUID | None = None
    arithmetic: str | None = None
    tax_percent: Decimal | None = None
    earned_by: str | None = None
    # Priced by quantity × price per unit and month, so that it can be held against the contract's line as it stands.
    is_plain: bool = True

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class DueFacts:
    """An item of the billing schedule that belongs on the invoice, or should. `expected_minor`: net as planned; None
    while usage decides. `twin`: number of another invoice that bills the same charge for some of the same days."""

    id: UUID
    charge_key: str
    kind: str
    period_start: date
    period_end: date
    expected_minor: int | None
    is_on_invoice: bool
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    name: str
    country: str | None
    address: str | None
    tax_id: str | None
    is_po_required: bool
    is_on_hold: bool
    terms_days: int | None
    # A person releases every invoice of this customer.
    is_released_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class SellerFacts:
    """What the letter of the legal entity says of it."""

    name: str
    tax_id: str | None
    address: str | None
    payment_instructions: str | None


@dataclass(frozen=True, slots=True)
class PromiseFacts:
    """One line of the contract: a (delta) quantity at a price, in effect between two days."""

    product_code: str
    quantity: Decimal
    unit_price: Decimal
    starts_on: date
    ends_on: date | None
    # Of contracts that the house bills: which charge it belongs to, and whether quantity × price is all there is.
    charge_key: str | None = None
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class ContractFacts:
    number: str
    status: str
    starts_on: date
    ends_on: date | None
    currency: str
    po_number: str | None
    terms_days: int | None
    discount_percent: Decimal
    discount_ends_on: date | None
    promises: tuple[PromiseFacts, ...]
    # It goes on beyond its last day, term by term.
    is_renewed: bool = False
    # The CRM calls it expired before its last day: nobody can say until when it may be billed.
    is_over_early: bool = False

    @property
    def last_day(self) -> date | None:
        """None while it goes on, by renewal or without end."""
        return None if self.is_renewed else self.ends_on

    def products_on(self, day: date) -> dict[str, tuple[Decimal, Decimal]]:
        """Quantity (summed over order and amendments) and unit price per product in effect on `day`."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for promise in self.promises:
            if promise.starts_on <= day and (promise.ends_on is None or day <= promise.ends_on):
                quantity = found.get(promise.product_code, (Decimal(0), Decimal(0)))[0]
                found[promise.product_code] = (quantity + promise.quantity, promise.unit_price)
        return found

    def seats_by_price(self, day: date, product_code: str) -> dict[Decimal, Decimal]:
        """Quantity of a product per price in effect on `day`: what was sold later may have a price of its own."""
        found: dict[Decimal, Decimal] = {}
        for promise in self.promises:
            is_in_effect = promise.starts_on <= day and (promise.ends_on is None or day <= promise.ends_on)
            if promise.product_code == product_code and is_in_effect:
                found[promise.unit_price] = found.get(promise.unit_price, Decimal(0)) + promise.quantity
        return {price: quantity for price, quantity in found.items() if quantity}


@dataclass(frozen=True, slots=True)
class PriorInvoice:
    """Another invoice of the same contract."""

    id: UUID
    number: str
    period_start: date | None
    period_end: date | None
    subtotal_minor: int
    total_minor: int
    issue_date: date
    # Billed quantity per product; only of the latest few.
    quantities: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the rules may look at; None = not known to us."""

    id: UUID
    number: str
    kind: str
    entity: str | None
    entity_country: str | None
    currency: str
    issue_date: date
    due_date: date
    period_start: date | None
    period_end: date | None
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    po_number: str | None
    tax_id: str | None
    bill_to: str | None
    bill_to_country: str | None
    contract_number: str | None
    lines: tuple[LineFacts, ...]
    customer: CustomerFacts | None
    contract: ContractFacts | None
    prior: tuple[PriorInvoice, ...] = ()
    unmapped_products: frozenset[str] = frozenset()
    customer_ref: str | None = None
    source: str = ""
    # Of what the house drafted: its schedule, and the tax as stated per jurisdiction (None: not determined yet).
    due: tuple[DueFacts, ...] = ()
    stated_tax_minor: int | None = None
    # Why nobody can say its tax: the second half of a sentence.
    tax_gap: str | None = None
    # Who writes the invoice, and whether the money is taken from a payment method on file.
    seller: SellerFacts | None = None
    is_collected: bool = False
    # Of what somebody else has taxed: the rates that may stand on it; None when nobody can say.
    tax_percents: tuple[Decimal, ...] | None = None
    # Of a credit memo: why, and whether the invoice that it corrects is here.
    reason: str | None = None
    is_invoice_known: bool = False
    tolerance: Callable[[str], Tolerance] = field(default=lambda _code: Tolerance(0, Decimal(0)))

    @property
    def is_ours(self) -> bool:
        """Drafted by the house itself, from its own schedule."""
        return self.source == "house"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Differences up to `minor`, or up to `percent` of what was expected, pass."""

    minor: int
    percent: Decimal

    def allows(self, difference_minor: int, expected_minor: int) -> bool:
        limit = max(Decimal(self.minor), abs(expected_minor) * self.percent / 100)
        return abs(difference_minor) <= limit


Rule = Callable[[Facts], tuple[Finding, ...]]
