"""A ledger as a CSV file: checked and turned into records. Pure: nothing here touches the store.

Every bad cell is reported with its row (the header is row 1), its column and a sentence; a file with one is not
imported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from core.canonical import CustomerRecord, DisputeRecord, InvoiceRecord, PaymentRecord
from core.intake.ledger_columns import (
    Unreadable,
    check_format,
    guess_mapping,
    mapping_faults,
    read_day,
    read_yes_or_no,
)
from core.intake.ledger_limits import ANY, MOST_MINOR, MOST_MINOR_OF_A_FILE, Limits, overlong
from core.intake.ledger_records import Item, customers_of, dispute_of, invoice_of, payment_of
from core.intake.ledger_sheet import Sheet
from core.intake.ledger_text import hidden, shown
from core.kit.errors import Refused
from core.kit.money import exponent, parse_grouped, to_decimal
from core.kit.words import counted


@dataclass(frozen=True, slots=True)
class BadRow:
    row: int
    column: str
    value: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ParsedLedger:
    """`is_clean` = may be imported; otherwise the records are those of the good rows only, for a preview."""

    customers: tuple[CustomerRecord, ...]
    invoices: tuple[InvoiceRecord, ...]
    payments: tuple[PaymentRecord, ...]
    disputes: tuple[DisputeRecord, ...]
    bad_rows: tuple[BadRow, ...]
    row_count: int
    rows: tuple[int, ...] = ()  # the number of each invoice's row in the file

    @property
    def is_clean(self) -> bool:
        return not self.bad_rows and bool(self.invoices)

    @property
    def verdict(self) -> str:
        """How much of the file is bad, in words without a full stop."""
        count = len({bad.row for bad in self.bad_rows if bad.row > 1})
        if count == 0:
            return "The file as a whole cannot be imported"
        return f"{count:,} of {counted(self.row_count, 'row')} cannot be imported"

    @property
    def billed(self) -> dict[str, int]:
        """Minor units of the invoices by currency."""
        sums: Counter[str] = Counter()
        for invoice in self.invoices:
            sums[invoice.currency] += invoice.total_minor
        return dict(sorted(sums.items()))

    @property
    def paid(self) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for payment in self.payments:
            sums[payment.currency] += payment.amount_minor
        return dict(sorted(sums.items()))


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file. `mapping`: our column → their header; None = guessed."""

    currency: str
    date_format: str = "%Y-%m-%d"
    mapping: Mapping[str, str] | None = None
    limits: Limits = ANY


@dataclass(slots=True)
class _Row:
    """The cells of one row by our names; faults are gathered, and an unreadable cell is None."""

    number: int
    cells: Mapping[str, str]
    days: dict[str, date]
    limits: Limits
    faults: list[BadRow] = field(default_factory=list)

    def bad(self, column: str, sentence: str) -> None:
        self.faults.append(BadRow(self.number, column, shown(self.cells.get(column, "")), sentence))

    def text(self, column: str) -> str | None:
        found = self.cells.get(column) or None
        if found is None:
            self.bad(column, f"There is no {column.replace('_', ' ')}.")
        return found

    def day(self, column: str, form: str, *, is_required: bool = True) -> date | None:
        text = self.cells.get(column, "")
        if not text:
            if is_required:
                self.bad(column, f"There is no {column.replace('_', ' ')}.")
            return None
        try:
            found = self.days.setdefault(text, read_day(text, form)) if text not in self.days else self.days[text]
        except Unreadable as fault:
            self.bad(column, str(fault))
            return None
        if sentence := self.limits.about_day(found):
            self.bad(column, sentence)
            return None
        return found

    def currency(self, default: str) -> str | None:
        code = (self.cells.get("currency") or default).upper()
        try:
            exponent(code)
        except Refused as fault:
            self.bad("currency", fault.sentence)
            return None
        return code

    def minor(self, column: str, currency: str) -> int | None:
        try:
            minor = parse_grouped(self.cells[column], currency)
        except Refused as fault:
            self.bad(column, f"{fault.sentence} Write it like {to_decimal(123_450, currency)}.")
            return None
        if minor > MOST_MINOR:
            self.bad(column, f"{self.cells[column]} is more than any invoice can be.")
            return None
        if minor < 0:
            self.bad(column, f"{self.cells[column]} is negative. Credits are not part of this file; leave the row out.")
            return None
        return minor

    def is_disputed(self) -> bool:
        try:
            return read_yes_or_no(self.cells.get("disputed", ""))
        except Unreadable as fault:
            self.bad("disputed", str(fault))
            return False

    def entity(self) -> str | None:
        code = self.cells.get("entity") or None
        if sentence := self.limits.about_entity(code):
            self.bad("entity", sentence)
        return code


def parse_ledger(sheet: Sheet, reading: Reading) -> ParsedLedger:
    """Records of the good rows and a report of every bad one. Raises Refused for an unusable date format."""
    check_format(reading.date_format)
    mapping = dict(reading.mapping) if reading.mapping is not None else guess_mapping(sheet.header)
    mapping = {name: theirs for name, theirs in mapping.items() if theirs}
    faults = [BadRow(1, column, "", sentence) for column, sentence in mapping_faults(mapping, sheet.header)]
    if faults:
        return ParsedLedger((), (), (), (), tuple(faults), len(sheet.rows))
    items, bad = _items(sheet, mapping, reading)
    if not sheet.rows:
        bad.append(BadRow(1, "", "", "The file has a header but no rows."))
    if sum(item.total_minor for item in items) > MOST_MINOR_OF_A_FILE:
        bad.append(BadRow(1, "amount", "", "The amounts of this file add up to more than the house can hold."))
    return ParsedLedger(
        customers=tuple(customers_of(items)),
        invoices=tuple(invoice_of(item) for item in items),
        payments=tuple(payment_of(item) for item in items if item.settled and item.paid_minor),
        disputes=tuple(dispute_of(item) for item in items if item.is_disputed),
        bad_rows=tuple(bad),
        row_count=len(sheet.rows),
        rows=tuple(item.row for item in items),
    )


def _items(sheet: Sheet, mapping: Mapping[str, str], reading: Reading) -> tuple[list[Item], list[BadRow]]:
    places = {name: sheet.header.index(theirs) for name, theirs in mapping.items()}
    days: dict[str, date] = {}
    seen: dict[str, int] = {}
    items, bad = [], []
    for number, cells in sheet.rows:
        found = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
        row = _Row(number, found, days, reading.limits)
        item = _item(row, reading)
        if len(cells) > len(sheet.header):
            row.bad("", f"The row has {len(cells)} cells, the header {len(sheet.header)}.")
        if item is not None and item.number in seen:
            row.bad("invoice_number", f"Invoice {item.number} is already in row {seen[item.number]}.")
        bad += row.faults
        if item is not None and not row.faults:
            seen[item.number] = number
            items.append(item)
    return items, bad


def _item(row: _Row, reading: Reading) -> Item | None:
    for column, sentence in (*hidden(row.cells), *overlong(row.cells)):
        row.bad(column, sentence)
    if row.faults:
        return None
    customer, number = row.text("customer_number"), row.text("invoice_number")
    issued = row.day("invoice_date", reading.date_format)
    due = row.day("due_date", reading.date_format)
    settled = row.day("settled_date", reading.date_format, is_required=False)
    is_disputed, currency = row.is_disputed(), row.currency(reading.currency)
    total = row.minor("amount", currency) if currency and row.text("amount") else None
    entity = row.entity()
    if issued and due and due < issued:
        row.bad("due_date", f"It is due on {due}, before it was issued on {issued}.")
    if issued and settled and settled < issued:
        row.bad("settled_date", f"It was settled on {settled}, before it was issued on {issued}.")
    if customer is None or number is None or issued is None or due is None or currency is None or total is None:
        return None
    return Item(
        row=row.number,
        customer=customer,
        name=row.cells.get("customer_name") or customer,
        number=number,
        issued=issued,
        due=due,
        currency=currency,
        total_minor=total,
        settled=settled,
        paid_minor=_paid(row, currency, total, settled),
        is_disputed=is_disputed,
        entity=entity,
    )


def _paid(row: _Row, currency: str, total: int, settled: date | None) -> int:
    if not row.cells.get("paid_amount"):
        return total if settled else 0
    paid = row.minor("paid_amount", currency)
    if paid is None:
        return 0
    if paid > total:
        row.bad("paid_amount", f"{to_decimal(paid, currency)} was paid on an invoice of {to_decimal(total, currency)}.")
    if paid and not settled:
        row.bad("paid_amount", "A payment needs its day: there is no settled date.")
    return paid
