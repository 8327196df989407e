"""What the house asks of outside systems: small protocols, four failure families, declared capabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from core.canonical import CanonicalRecord


class ConnectorFailure(Exception):
    """Root of the four families; `sentence` is for people, `exchange` is the masked request and response."""

    def __init__(self, sentence: str, code: str | None = None, exchange: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.exchange = exchange or {}


class Transient(ConnectorFailure):
    """The clock acts next: try again later. `retry_after_seconds` when the vendor said so."""

    retry_after_seconds: float | None = None


class Rejected(ConnectorFailure):
    """A person acts next: the vendor refuses this record for good."""


class Misconfigured(ConnectorFailure):
    """An administrator acts next: credentials, permissions or set-up are wrong."""


class InDoubt(ConnectorFailure):
    """Nobody knows whether it happened: look it up before anything else."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One outside fact as it came. `version` distinguishes states of the same record (stamp or content hash). `text`:
    the payload as JSON, when that was made already; a copy with another payload does not have it."""

    kind: str
    external_id: str
    version: str
    payload: dict[str, Any]
    text: bytes | None = field(default=None, init=False, compare=False, repr=False)

    def with_text(self, text: bytes) -> RawRecord:
        """The same record with its payload as JSON."""
        copy = RawRecord(self.kind, self.external_id, self.version, self.payload)
        object.__setattr__(copy, "text", text)
        return copy


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and the cursor that stands behind them. `is_last`: nothing more for now."""

    records: tuple[RawRecord, ...]
    cursor: dict[str, Any]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """A pull: its name and the kinds of records it brings. Streams are read in the order they are listed."""

    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do, as a fact that documentation and pages read."""

    system: str
    title: str
    streams: tuple[Stream, ...] = ()
    has_webhooks: bool = False
    posts: tuple[str, ...] = ()
    finds_by_key: bool = False
    max_in_flight: int = 3
    requests_per_second: int = 10


@dataclass(frozen=True, slots=True)
class Probe:
    """Outcome of `check()`: a sentence per thing tried; nothing was changed outside."""

    is_usable: bool
    sentences: tuple[str, ...]


class Source(Protocol):
    """A system we read from."""

    capabilities: Capabilities

    def check(self) -> Probe: ...

    def count(self, stream: str) -> int | None:
        """How many records a first pull will bring, when the system can say so cheaply."""
        ...

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Pages from `cursor` ({} = from the beginning) on. Raises a ConnectorFailure."""
        ...

    def to_canonical(self, record: RawRecord) -> tuple[CanonicalRecord, ...]:
        """Pure. No record when there is nothing to record. Raises ValueError (pydantic's too) on an unknown shape."""
        ...

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        """The record as it is now, or None if it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """`period_end` is the first day after the period, `recognise_until` the last day on which revenue is earned; both
    recognition days stand when the line is `is_deferred`: paid before it is earned."""

    product_code: str
    description: str
    quantity: Decimal
    net_minor: int
    tax_minor: int
    tax_percent: Decimal
    # Per unit, major units; net_minor is what is left after the discount.
    unit_price: Decimal = Decimal(0)
    discount_minor: int = 0
    period_start: date | None = None
    period_end: date | None = None
    arithmetic: str | None = None
    recognise_from: date | None = None
    recognise_until: date | None = None
    is_deferred: bool = False


@dataclass(frozen=True, slots=True)
class TaxLine:
    """Tax of a document under one jurisdiction and rate; `reason` as in LineTax."""

    jurisdiction: str
    name: str
    percent: Decimal
    taxable_minor: int
    tax_minor: int
    reason: str


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys, as a letter names them."""

    name: str
    address: tuple[str, ...] = ()
    tax_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerDocument:
    """What is to be posted or sent, in our words; the connector finds the other side's ids. `key` makes a repetition
    harmless. What stands below `total_minor` is known of documents that the house issues itself."""

    key: str
    # A void takes back what a system was told of the document: its key is the document's with ".void" behind it.
    kind: str  # invoice | credit_memo | void
    number: str
    entity: str
    customer_ref: str  # the CRM's id, under which the ledger knows the customer
    currency: str
    issue_date: date
    due_date: date
    po_number: str | None
    memo: str
    lines: tuple[LedgerLine, ...]
    total_minor: int
    document_id: str = ""
    contract_number: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    terms_days: int | None = None
    taxes: tuple[TaxLine, ...] = ()
    seller: Party | None = None
    buyer: Party | None = None
    payment_instructions: str | None = None
    pays_by: str = "transfer"
    # The customer's id at the payment platform, and there the id of the invoice that a credit memo corrects.
    payer_ref: str | None = None
    corrects_ref: str | None = None
    corrects_number: str | None = None
    # The key under which that invoice went out.
    corrects_key: str | None = None
    # Opens the document without a sign-in; part of an address.
    view_token: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What goes along with a message to a customer: the document as a file, and where it can be seen."""

    file_name: str
    content: bytes
    view_address: str | None


Enclose = Callable[[LedgerDocument], Enclosure]


@dataclass(frozen=True, slots=True)
class Posted:
    """The ledger has it: under which id and number, with which total and tax, and the masked exchange."""

    external_id: str
    number: str | None
    total_minor: int | None
    exchange: dict[str, Any] = field(default_factory=dict)
    tax_minor: int | None = None


class Ledger(Protocol):
    """A system we post to."""

    capabilities: Capabilities

    def check(self) -> Probe: ...

    def post(self, document: LedgerDocument) -> Posted:
        """Posts once. Raises Transient (nothing happened), Rejected, Misconfigured or InDoubt."""
        ...

    def find(self, key: str, kind: str) -> Posted | None:
        """What the ledger holds under the key. Raises Transient or Misconfigured."""
        ...


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """A webhook whose signature was right."""

    external_id: str
    kind: str
    occurred_at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody sells or buys: ISO country, state or province, postal code."""

    country: str
    region: str | None = None
    postal_code: str | None = None
    city: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """`net_minor` after discount; may be negative (credits)."""

    key: str
    product_code: str
    net_minor: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class TaxQuestion:
    """`key` names the document: the same key asks again about the same document. Of a credit memo, `tax_date` is the
    day of the invoice that it corrects."""

    key: str
    kind: str  # invoice | credit_memo
    entity: str
    customer_ref: str
    currency: str
    tax_date: date
    seller: Place
    buyer: Place
    lines: tuple[TaxableLine, ...]
    seller_tax_id: str | None = None
    buyer_tax_id: str | None = None
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class LineTax:
    """Tax of one line under one jurisdiction. `reason`: standard, reverse_charge, exempt, export, no_nexus or
    not_taxable."""

    line_key: str
    jurisdiction: str
    name: str
    percent: Decimal
    taxable_minor: int
    tax_minor: int
    reason: str


@dataclass(frozen=True, slots=True)
class TaxAnswer:
    """`taxes` holds at least one entry per line, or none at all where nobody can say the tax; `sentences` are remarks
    for people (why no tax, which id is bad, what is missing)."""

    taxes: tuple[LineTax, ...]
    sentences: tuple[str, ...] = ()

    @property
    def total_minor(self) -> int:
        return sum(tax.tax_minor for tax in self.taxes)


class TaxEngine(Protocol):
    """Determines tax. What follows from a document's life, committing and taking back, goes the way of deliveries."""

    capabilities: Capabilities

    def calculate(self, question: TaxQuestion) -> TaxAnswer: ...
