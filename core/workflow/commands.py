"""Every change of the house as frozen data: imperative verb + noun. `command_id` is made when the wish is formed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from core.canonical import (
    ContractRecord,
    CreditMemoRecord,
    CustomerRecord,
    DeliveryNotice,
    DisputeRecord,
    EntityRecord,
    ExchangeRate,
    InvoiceRecord,
    LedgerRecord,
    MeterRecord,
    OpportunityRecord,
    OrderLineRecord,
    PaymentRecord,
    ProductRecord,
    QuoteRecord,
    SubscriptionRecord,
)
from core.intake.model import Arrival
from core.workflow.billing_commands import BillingCommand
from core.workflow.command import Command, Target

# --- facts from outside -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts(Command):
    """Canonical records of one source, with the inbox rows they came from (stamped in the same transaction).

    With an `arrival` instead, the rows and the cursor of the pull behind them are written in this transaction too.
    """

    source: str
    inbox_ids: tuple[UUID, ...] = ()
    arrival: Arrival | None = None
    # While history is read for the first time nothing is decided: what a document is held against may still come.
    is_backfill: bool = False
    entities: tuple[EntityRecord, ...] = ()
    rates: tuple[ExchangeRate, ...] = ()
    products: tuple[ProductRecord, ...] = ()
    customers: tuple[CustomerRecord, ...] = ()
    contracts: tuple[ContractRecord, ...] = ()
    order_lines: tuple[OrderLineRecord, ...] = ()
    opportunities: tuple[OpportunityRecord, ...] = ()
    quotes: tuple[QuoteRecord, ...] = ()
    subscriptions: tuple[SubscriptionRecord, ...] = ()
    meters: tuple[MeterRecord, ...] = ()
    ledger: tuple[LedgerRecord, ...] = ()
    notices: tuple[DeliveryNotice, ...] = ()
    invoices: tuple[InvoiceRecord, ...] = ()
    credit_memos: tuple[CreditMemoRecord, ...] = ()
    payments: tuple[PaymentRecord, ...] = ()
    disputes: tuple[DisputeRecord, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows of the inbox these facts are from."""
        return len(self.inbox_ids) if self.arrival is None else self.arrival.count - len(self.arrival.unread)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReceived(Command):
    """Decides the oldest documents of a source that were recorded during its backfill, or had to wait."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLedger(Command):
    """A file's worth of records for people without connectors: all or nothing; invoices count as already posted.

    `rows`: where in the file each invoice stands, for sentences about it.
    """

    file_name: str
    customers: tuple[CustomerRecord, ...]
    invoices: tuple[InvoiceRecord, ...]
    payments: tuple[PaymentRecord, ...]
    disputes: tuple[DisputeRecord, ...]
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBadRecord(Command):
    """An inbox row that could not be understood: opens a case and keeps the row."""

    inbox_id: UUID
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDelivery(Command):
    """The outcome of one attempt to post. "unclear": nobody can make out what became of it; "given_up": nor
    after many tries."""

    delivery_id: UUID
    attempt: int
    outcome: Literal["delivered", "retry", "refused", "in_doubt", "unclear", "given_up", "misconfigured"]
    external_id: str | None = None
    external_number: str | None = None
    external_total_minor: int | None = None
    external_tax_minor: int | None = None
    error_code: str | None = None
    error: str | None = None
    retry_in_seconds: float | None = None
    exchange: dict[str, Any] = field(default_factory=dict)


# --- exceptions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCases(Command):
    """Re-routes to a queue and/or a person (owner_id None with a queue = the queue's pool)."""

    targets: tuple[Target, ...]
    queue: str | None
    owner_id: UUID | None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveCases(Command):
    targets: tuple[Target, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDocument(Command):
    """Fixes facts of the document that a case is about, and validates again."""

    case: Target
    po_number: str | None = None
    tax_id: str | None = None
    due_date: date | None = None
    contract_number: str | None = None
    bill_to: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevalidateCases(Command):
    """Checks the cases' documents again, as after a fix in the source system."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveCases(Command):
    """Closes cases that have no document to validate (a bad record, a stopped delivery), saying what was done."""

    targets: tuple[Target, ...]
    resolution: str


# --- approvals ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApprovals(Command):
    targets: tuple[Target, ...]
    verdict: Literal["approve", "reject"]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgain(Command):
    """Who rejected documents takes that back: they are checked again as they are, and asked about anew. The targets are
    the exceptions that the rejections opened."""

    cases: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RerouteApprovals(Command):
    targets: tuple[Target, ...]
    assignee_id: UUID
    note: str | None = None


# --- collections and disputes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LogContact(Command):
    customer_id: UUID
    kind: Literal["call", "email", "note"]
    outcome: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPromise(Command):
    customer_id: UUID
    amount: Decimal
    currency: str
    promised_on: date
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDispute(Command):
    document: Target
    reason: str
    amount: Decimal | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDispute(Command):
    dispute: Target
    outcome: Literal["upheld", "rejected", "withdrawn"]
    note: str


# --- integrations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDeliveries(Command):
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideDeliveries(Command):
    targets: tuple[Target, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryInboxItems(Command):
    inbox_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideInboxItems(Command):
    inbox_ids: tuple[UUID, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetConnectionState(Command):
    """Pauses or resumes the traffic with one system."""

    system: str
    state: Literal["connected", "paused"]
    reason: str


# --- the clock ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateOverdue(Command):
    """Marks cases and promises whose deadline has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot(Command):
    day: date


# --- people and policies ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveUser(Command):
    """Adds a person (`person` None), or changes the one it names, at the sight of a revision: the e-mail address is
    then theirs and stays. `password_hash` None keeps the present password."""

    person: Target | None = None
    email: str
    name: str
    role: str
    entities: tuple[str, ...] | None
    approval_limit_minor: int
    password_hash: str | None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicy(Command):
    name: str
    model: dict[str, Any]
    effective_from: date


# What comes from outside systems and goes to them.
OutsideCommand = (
    RecordFacts
    | DecideReceived
    | ImportLedger
    | ReportBadRecord
    | RecordDelivery
    | RetryDeliveries
    | SetAsideDeliveries
    | RetryInboxItems
    | SetAsideInboxItems
    | SetConnectionState
)
AnyCommand = (
    OutsideCommand
    | AssignCases
    | WaiveCases
    | CorrectDocument
    | RevalidateCases
    | ResolveCases
    | DecideApprovals
    | RerouteApprovals
    | AskAgain
    | LogContact
    | RecordPromise
    | OpenDispute
    | CloseDispute
    | EscalateOverdue
    | TakeSnapshot
    | SaveUser
    | ReleasePolicy
    | BillingCommand
)
