"""The canonical records. Amounts are minor units of `currency`; dates are accounting dates; instants are aware UTC.

`source` + `source_ref` name the record in the system it came from; references to other records are by the ids of that
system too (`customer_ref` and so on) and are resolved through links when the record is recorded.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core.canonical.charges import ChargeTerms, Tier


class CanonicalRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    source: str
    source_ref: str


class EntityRecord(CanonicalRecord):
    """A legal entity that sells: its short code ("UK"), name, ISO country and currency of its books."""

    code: str
    name: str
    country: str
    currency: str
    region: str | None = None
    address: str | None = None
    tax_id: str | None = None
    email: str | None = None
    payment_instructions: str | None = None


class CustomerRecord(CanonicalRecord):
    """A customer as the CRM, the payment platform or the ledger knows it.

    `crm_ref` is the CRM's id of the same customer when another system states it: the two become one customer.
    Only a record from the CRM changes master data; the others only add their link.
    """

    crm_ref: str | None
    number: str | None = None
    name: str
    entity: str | None = None
    segment: str | None = None
    currency: str | None = None
    country: str | None = None
    address: str | None = None
    email: str | None = None
    tax_id: str | None = None
    is_po_required: bool = False
    terms_days: int | None = None
    is_on_hold: bool = False
    owner: str | None = None
    region: str | None = None
    postal_code: str | None = None
    is_tax_exempt: bool = False
    pays_by: Literal["transfer", "card"] = "transfer"
    release_mode: Literal["auto", "manual"] = "auto"


class ProductRecord(CanonicalRecord):
    """A product; the code is the same in every system, the ids differ."""

    code: str
    name: str


class ContractRecord(CanonicalRecord):
    number: str
    customer_ref: str
    status: Literal["draft", "active", "expired"]
    starts_on: date
    ends_on: date | None
    currency: str
    po_number: str | None
    terms_days: int | None
    discount_percent: Decimal
    discount_ends_on: date | None
    billing_frequency: Literal["monthly", "quarterly", "annual"] | None
    billed_by: Literal["stripe", "house"] = "stripe"
    anchor_day: int | None = None
    auto_renews: bool = False
    renewal_months: int | None = None
    uplift_percent: Decimal = Decimal(0)
    # Where the contract names the opportunity, and not the other way round.
    opportunity_ref: str | None = None


class OrderLineRecord(CanonicalRecord):
    """One promise of a contract: a quantity (a delta in an amendment) at a price per unit and month.

    Lines of one `root_ref` (the first line of the chain) are one charge; `charge` is that of the first line.
    """

    contract_ref: str
    product_code: str
    quantity: Decimal
    unit_price: Decimal
    starts_on: date
    ends_on: date | None
    root_ref: str | None = None
    description: str | None = None
    charge: ChargeTerms = ChargeTerms()


class OpportunityRecord(CanonicalRecord):
    """A deal of the CRM; `amount_minor` is what is sold over the whole term, net of tax. `address`: where people open
    it."""

    name: str
    customer_ref: str | None
    contract_ref: str | None
    stage: str
    is_won: bool
    closes_on: date
    currency: str
    amount_minor: int | None
    address: str | None = None


class QuoteRecord(CanonicalRecord):
    """An offer made for an opportunity, its total net of tax; `is_chosen`: the one that the opportunity stands for."""

    opportunity_ref: str
    number: str
    status: str
    is_chosen: bool
    currency: str
    total_minor: int | None
    po_number: str | None
    expires_on: date | None
    address: str | None = None


class SubscriptionItemRecord(BaseModel):
    """`unit_price` in major units per unit and interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product_code: str | None
    quantity: Decimal
    unit_price: Decimal
    interval_months: int
    meter: str | None = None
    tiers: tuple[Tier, ...] = ()


class SubscriptionRecord(CanonicalRecord):
    """A subscription as the payment platform runs it."""

    contract_number: str | None
    customer_ref: str
    status: str
    currency: str
    items: tuple[SubscriptionItemRecord, ...]


class MeterRecord(CanonicalRecord):
    """How usage of one kind is counted."""

    code: str
    name: str
    unit: str = "unit"
    aggregation: Literal["sum", "max", "count", "last"]
    window: Literal["hour", "day"] | None = None


class UsageRecord(CanonicalRecord):
    """One usage event; `source` + `source_ref` is its key. `subject` names the customer as the sender knows it.

    `value` None: none was stated, which is enough for a meter that counts.
    """

    meter: str
    subject: str
    value: Decimal | None
    at: AwareDatetime


class DocumentLineRecord(BaseModel):
    """`unit_price` in major units per unit and month; `amount_minor` before discount and tax."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product_code: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount_minor: int
    discount_minor: int
    tax_minor: int
    period_start: date | None
    period_end: date | None
    # Only of lines that the house rated.
    charge_key: str | None = None
    schedule_item_id: UUID | None = None
    arithmetic: str | None = None
    tax_percent: Decimal | None = None
    earned_by: str | None = None


# Statuses of an invoice or credit memo that was taken back; nothing leads back from there.
GONE = frozenset({"void", "deleted"})


class DatedRecord(CanonicalRecord):
    """A record whose source may say when it was so. What was so earlier may arrive later."""

    told_at: AwareDatetime | None = Field(default=None, repr=False)


class InvoiceRecord(DatedRecord):
    """An issued invoice. `status`: open and paid are issued, void takes it out of the receivables; only a draft is ever
    deleted."""

    number: str
    status: Literal["draft", "open", "paid", "void", "uncollectible", "deleted"]
    customer_ref: str
    customer_name: str
    contract_number: str | None
    entity: str | None
    currency: str
    issue_date: date
    due_date: date
    period_start: date | None
    period_end: date | None
    lines: tuple[DocumentLineRecord, ...]
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    po_number: str | None
    tax_id: str | None
    bill_to: str | None
    bill_to_country: str | None
    collection_method: str | None
    # Our own id of the document when we made it: its source only collects it.
    house_ref: str | None = None


class CreditMemoRecord(DatedRecord):
    number: str
    invoice_ref: str
    status: Literal["issued", "void"]
    customer_ref: str
    currency: str
    issue_date: date
    total_minor: int
    tax_minor: int
    reason: str | None
    house_ref: str | None = None


class PaymentRecord(CanonicalRecord):
    """Money received for one document of the same system; `amount_minor` is what was applied to it."""

    invoice_ref: str | None
    customer_ref: str | None
    currency: str
    amount_minor: int
    received_on: date
    method: Literal["card", "bank", "other"]


class DisputeRecord(DatedRecord):
    """A customer's or card holder's objection; the document is named by its id in `source` or by its number."""

    kind: Literal["customer", "card"]
    number: str | None
    invoice_ref: str | None
    invoice_number: str | None
    payment_ref: str | None
    customer_ref: str | None
    reason: str
    sentence: str | None
    currency: str | None
    amount_minor: int | None
    state: Literal["open", "upheld", "rejected", "withdrawn"]
    opened_at: AwareDatetime
    due_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class DeliveryNotice(CanonicalRecord):
    """What became of a message after it was sent; `key` is that of our delivery."""

    key: str
    outcome: Literal["delivered", "bounced"]
    address: str
    sentence: str | None
    at: AwareDatetime


class LedgerRecord(CanonicalRecord):
    """A transaction in a ledger; `key` is the external id under which it was (or would have been) posted."""

    kind: Literal["invoice", "credit_memo", "payment"]
    key: str | None
    number: str | None
    currency: str
    total_minor: int
    open_minor: int
    dated_on: date
    modified_at: datetime


class ExchangeRate(CanonicalRecord):
    """`rate` units of `base` for one unit of `currency`, stated for `day`."""

    base: str
    currency: str
    day: date
    rate: Decimal
