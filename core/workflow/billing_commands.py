"""Changes on the way from what was agreed and used to a released invoice, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from core.canonical import UsageRecord
from core.ports import TaxAnswer
from core.workflow.command import Command, Target

# --- agreements ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSchedules(Command):
    """Plans what is to be billed of these contracts up to a day; what is billed stays as it is. Without contracts: the
    next ones, by id behind `after`, whose schedule does not reach far enough any more."""

    contract_ids: tuple[UUID, ...] = ()
    until: date
    after: UUID | None = None


# --- usage --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUsage(Command):
    """A batch of usage events as one sender sent it. `malformed`: what was refused before it could become an event,
    with `index`, `id`, `code` and `sentence`, for the receipt."""

    key_id: UUID | None
    events: tuple[UsageRecord, ...]
    malformed: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SummariseUsage(Command):
    """Places usage whose customer has appeared, and does the days again that were received since (None = all)."""

    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectUsage(Command):
    """Usage of a half-open span as it was in truth; what stands there is archived, unless the quantity is added."""

    customer_id: UUID
    meter: str
    kind: Literal["add", "replace", "take_out"]
    since: datetime
    until: datetime
    quantity: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey(Command):
    """A key for a machine that sends; only the hash of its secret is kept. `sources`: how the sources that it may send
    begin; `customers`: numbers of those whose usage it may send; without any, all."""

    name: str
    prefix: str
    key_hash: str
    sources: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey(Command):
    key_id: UUID


# --- billing runs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBillingRun(Command):
    """Takes everything scheduled to be billed on or before a day into a run. `review`: a person releases its drafts;
    `straight`: what is clean goes out. `entities` None = all legal entities."""

    name: str
    through: date
    mode: Literal["review", "straight"]
    entities: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateParts(Command):
    """Drafts the next contracts of a run in one transaction; those in other hands are left alone. `is_from_behind`:
    begins with the last legal entity, so that two workers seldom wait for the same sequence of numbers."""

    run_id: UUID
    limit: int = 500
    is_from_behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleDrafts(Command):
    """Decides drafts whose run was let go and whose grace is over, after a last look at their usage. `run_id` None =
    of any run."""

    run_id: UUID | None
    limit: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRun(Command):
    """Moves a run on when nothing of it is left to do: to its review, or to its end."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRun(Command):
    """Tries what failed once more, and goes on with what was interrupted."""

    run: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRun(Command):
    """After its review: what is clean goes out, the rest becomes exceptions and approvals."""

    run: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRun(Command):
    """Takes the drafts of a run back; what they billed is due again."""

    run: Target
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInvoices(Command):
    """A person releases these drafts, or what waits for a person to release it."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawInvoice(Command):
    """Takes an invoice of the house back that has not gone out, whatever keeps it; what it billed is due again."""

    document: Target
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RerateDrafts(Command):
    """Measures and rates drafts again, as after late usage, while their grace runs."""

    document_ids: tuple[UUID, ...]


# --- tax --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaxFound:
    """An engine's answer about a draft; `content_hash` tells what the draft said when it was asked."""

    engine: str
    document_id: UUID
    content_hash: str
    answer: TaxAnswer


@dataclass(frozen=True, slots=True)
class TaxRefused:
    """Why an engine will not tax a draft, in its words."""

    engine: str
    document_id: UUID
    content_hash: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTax(Command):
    """What an engine outside said of drafts. `silence`: why it says nothing about the others."""

    engine: str
    found: tuple[TaxFound, ...] = ()
    refused: tuple[TaxRefused, ...] = ()
    silence: str | None = None


# --- what reaches the customer ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView(Command):
    """The customer opened the document through the link in the message."""

    document_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendInvoice(Command):
    """Sends a document of the house to its customer once more, to the address that is known now."""

    document: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInvoiceLink(Command):
    """The customer's link to a document of the house opens it no more; one that is sent from now on is a new one."""

    document: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveEntity(Command):
    """The letterhead of a legal entity, as a person wrote it at the sight of `revision`. What differs from what stands
    there stays theirs, emptiness included: no source changes it any more."""

    code: str
    revision: int
    address: str | None = None
    tax_id: str | None = None
    email: str | None = None
    payment_instructions: str | None = None


# --- corrections --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCreditMemo(Command):
    """Gives back a posted invoice, by a credit memo of the house: all that is left of it (neither `lines` nor
    `amount`), net amounts of lines by position, or an amount with tax. `rebill`: all of it, and what it billed is
    drafted anew from the contract as it is now."""

    document: Target
    reason: str
    note: str = ""
    lines: tuple[tuple[int, Decimal], ...] = ()
    amount: Decimal | None = None
    rebill: bool = False
    dispute_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCreditMemo(Command):
    """Takes a credit memo back that has not gone out, and the draft that was to replace its invoice."""

    document: Target
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchDrift(Command):
    """Holds contracts against their schedule, their invoices, their subscription and the ledger; differences become
    exceptions, and exceptions without a difference any more are closed. Without contracts: the next `limit`, by id
    behind `after`."""

    contract_ids: tuple[UUID, ...] = ()
    after: UUID | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSales(Command):
    """Deals that were won more than `patience_days` ago and have no contract in force become exceptions, and
    exceptions of deals that have one by now are closed. The next `limit` deals, behind the day and id of `after`."""

    patience_days: int
    after: tuple[date, UUID] | None = None
    limit: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyDriftFix(Command):
    """Carries out what a drift exception proposes, if the difference is still the one that the person saw."""

    case: Target


RunCommand = (
    StartBillingRun
    | GenerateParts
    | SettleDrafts
    | FinishRun
    | ResumeRun
    | ReleaseRun
    | CancelRun
    | ReleaseInvoices
    | WithdrawInvoice
    | RerateDrafts
)
BillingCommand = (
    RunCommand
    | PlanSchedules
    | RecordUsage
    | SummariseUsage
    | CorrectUsage
    | CreateApiKey
    | RevokeApiKey
    | RecordTax
    | RecordView
    | ResendInvoice
    | EndInvoiceLink
    | SaveEntity
    | IssueCreditMemo
    | WithdrawCreditMemo
    | WatchDrift
    | WatchSales
    | ApplyDriftFix
)
