"""What was agreed, before any vendor's spelling of it. Money is minor units, prices are per unit and month (usage: per
unit)."""

from dataclasses import dataclass
from datetime import date

from ..model import Customer


@dataclass(frozen=True, slots=True)
class Tier:
    """`up_to` None: all further units. `unit` is in hundredths of a minor unit, as usage costs less than a cent."""

    up_to: int | None
    unit: int


@dataclass(frozen=True, slots=True)
class Pricing:
    """How a line is priced beyond quantity and unit price."""

    kind: str = "Recurring"
    model: str = "Per Unit"
    timing: str = "Advance"
    months: int | None = None
    tiers: tuple[Tier, ...] = ()
    package: int | None = None
    ramp: tuple[tuple[date, int], ...] = ()
    meter: str | None = None
    included: int | None = None
    minimum: int | None = None
    commit: int | None = None
    free_until: date | None = None
    discount_percent: int | None = None
    discount_end: date | None = None
    milestone: date | None = None
    shares: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order. `revises`: place of the item whose quantity it changes."""

    product: str
    quantity: int
    unit: int
    start: date
    pricing: Pricing = Pricing()
    text: str | None = None
    revises: int | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A contract of one customer with its lines; each day on which lines begin is an order of its own."""

    number: str
    shape: str
    customer: Customer
    start: date
    end: date
    frequency: str
    items: tuple[Item, ...]
    currency: str
    po_number: str | None = None
    discount_percent: int = 0
    discount_end: date | None = None
    auto_renews: bool = False
    uplift_percent: int = 0
    anchor_day: int | None = None
    by_hand: bool = False
    """The customer's invoices are released by a person."""
    entity: str | None = None
    """Another legal entity than there is, where that is the fault."""
    fault: str | None = None
    hourly: int = 0
    """What is used per hour, in thousandths of the meter's unit; 0 without usage."""

    @property
    def is_metered(self) -> bool:
        return self.hourly > 0


@dataclass(frozen=True, slots=True)
class Label:
    """A planted error. `leak` is what is billed too little (negative: too much), net; None where no money is lost."""

    kind: str
    number: str
    detail: str
    codes: tuple[str, ...]
    leak: int | None = None
    subject: str | None = None
    """What an exception without a contract is about."""
    sold: int | None = None
    """What was sold and is in no contract."""
    currency: str | None = None
    """Of a label without a contract."""
