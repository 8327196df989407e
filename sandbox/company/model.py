"""The neutral company: what happened at Halden Cloud, before any vendor's spelling of it. Money is minor units."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a customer pays. `method` is card or bank; days are counted from the due date."""

    method: str
    habit: str
    """prompt, late, chronic or card."""
    late_mu: float
    late_sigma: float
    failing_percent: int
    """Share of the payments that go wrong: card declined, or part paid."""


@dataclass(frozen=True, slots=True)
class Customer:
    index: int
    name: str
    segment: str
    entity: str
    country: str
    state: str | None
    city: str
    street: str
    postal_code: str
    currency: str
    tax_id: str | None
    tax_id_type: str | None
    terms_days: int
    po_required: bool
    email: str
    people: tuple[tuple[str, str, str, str], ...]
    """(first name, last name, email, title)"""
    owner: int
    behaviour: Behaviour
    since: date
    on_hold: bool = False
    has_address: bool = True
    has_tax_id: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    kind: str
    """New or Amendment."""
    effective: date
    lines: tuple[tuple[str, int], ...]
    """(product code, quantity or change of quantity)"""


@dataclass(frozen=True, slots=True)
class Contract:
    index: int
    number: str
    customer: int
    start: date
    end: date
    term_months: int
    months: int
    """Months per billing period: 1, 3 or 12."""
    currency: str
    po_number: str | None
    terms_days: int
    discount_percent: int
    discount_end: date | None
    prices: dict[str, int]
    """Price per unit and month by product code."""
    orders: tuple[Order, ...]
    usage_mean: int
    """Usual quantity of usage per month; 0 when usage is not sold."""
    status: str = "Activated"
    open_ended_items: bool = False

    def quantity(self, code: str, day: date) -> int:
        """Units in effect on a day: all orders add up."""
        return sum(count for order in self.orders if order.effective <= day for product, count in order.lines
                   if product == code)  # fmt: skip

    def products(self, day: date) -> list[str]:
        """Product codes ordered by that day."""
        return list(dict.fromkeys(code for order in self.orders if order.effective <= day for code, _ in order.lines))


@dataclass(frozen=True, slots=True)
class Billing:
    """One period of one contract that falls due for an invoice; `turn` counts periods since the contract began."""

    contract: int
    turn: int
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Line:
    product: str
    quantity: int
    unit_minor: int
    start: date
    end: date
    amount: int
    discount: int
    tax: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """A finalised (or draft) invoice. `contract_number` and `po_number` are what the invoice says, not what is true."""

    key: str
    """Natural key: contract, turn, and a letter for a copy."""
    number: str
    customer: int
    contract: int
    turn: int
    issued: date
    created: int
    due: date
    start: date
    end: date
    currency: str
    lines: tuple[Line, ...]
    contract_number: str | None
    po_number: str | None
    posted: bool
    tax_code: str
    from_subscription: bool = True
    stray_customer: str | None = None
    """Set when it was made out to a customer record that does not lead to an account: missing or unknown."""
    status: str = "open"
    flaw: str | None = None

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.tax


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for one invoice, or a card attempt that failed."""

    invoice: int
    turn: int
    at: int
    amount: int
    method: str
    failed: bool = False
    refunded: int = 0
    excess: int = 0
    dispute: "CardDispute | None" = None


@dataclass(frozen=True, slots=True)
class CardDispute:
    at: int
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note; `after_payment` when the invoice had been paid, so that money went back."""

    invoice: int
    at: int
    amount: int
    tax: int
    reason: str
    memo: str
    after_payment: bool


@dataclass(frozen=True, slots=True)
class Complaint:
    """A Salesforce case: an invoice dispute when it names an invoice, otherwise support."""

    index: int
    customer: int
    invoice: int | None
    at: int
    closed_at: int | None
    kind: str
    reason: str
    subject: str
    text: str
    priority: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """A planted discrepancy. `money_minor` is what is billed too much (negative: too little), or the whole total when
    the amount is right but the invoice must not be posted."""

    kind: str
    invoice: int
    detail: str
    money_minor: int
    deterministic: bool


@dataclass(frozen=True, slots=True)
class World:
    anchor: date
    seed: int
    customers: tuple[Customer, ...]
    contracts: tuple[Contract, ...]
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]
    credits: tuple[Credit, ...]
    complaints: tuple[Complaint, ...]
    flaws: tuple[Flaw, ...]
