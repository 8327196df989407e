"""The lines of a sale or a journal: merged with those there are, priced and taxed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.emulators.netsuite.answers import user_error
from sandbox.emulators.netsuite.fields import Field
from sandbox.emulators.netsuite.reading import Line
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import Row

ZERO = Decimal(0)
WHOLE_CURRENCIES = {"JPY", "KRW", "CLP", "VND", "ISK", "UGX", "XAF", "XOF", "PYG", "RWF"}


@dataclass
class Sheet:
    """Lines as rows in their order, and what they say beyond the columns, by line number."""

    rows: list[Row] = field(default_factory=list)
    extra: dict[str, Line] = field(default_factory=dict)


def decimal(value: Any) -> Decimal:
    """A number column as Decimal; a rate may be written with a percent sign."""
    return Decimal(str(value).rstrip("% ")) if value not in (None, "") else ZERO


def places(store: Store, currency: Any) -> Decimal:
    """The smallest amount of a currency."""
    row = store.row("currency", currency) if currency is not None else None
    return Decimal(1) if row is not None and row["symbol"] in WHOLE_CURRENCIES else Decimal("0.01")


def rounded(amount: Decimal, smallest: Decimal) -> Decimal:
    return amount.quantize(smallest, ROUND_HALF_UP)


def merge(old: Sheet, incoming: list[Line], fields: Mapping[str, Field], replace: bool) -> tuple[Sheet, list[Row]]:
    """The lines after an update: a known line number changes that line, any other line is added.

    Answers also the rows that were touched, each with "given": the fields its body named.
    """
    sheet = Sheet() if replace else Sheet([dict(row) for row in old.rows], dict(old.extra))
    by_number = {str(row["id"]): row for row in sheet.rows}
    touched = []
    for line in incoming:
        number = str(int(line["line"])) if line.get("line") is not None else ""
        row = by_number.get(number)
        if row is None:
            number = str(max((int(row["id"]) for row in sheet.rows), default=0) + 1)
            row = {"id": number, "mainline": "F"}
            by_number[number] = row
            sheet.rows.append(row)
        _fill(row, sheet.extra.setdefault(number, {}), line, fields)
        touched.append(row | {"given": set(line)})
    return sheet, touched


def _fill(row: Row, extra: Line, line: Line, fields: Mapping[str, Field]) -> None:
    for name, value in line.items():
        known = fields.get(name.lower())
        if known is not None and known.column is not None:
            row[known.column] = value
        elif name != "line":
            extra[name] = value


def price(store: Store, sheet: Sheet, touched: list[Row], smallest: Decimal) -> None:
    """Amounts of the lines of a sale: as given, else quantity times rate; tax as given, else by the tax code's rate."""
    given = {str(row["id"]): row["given"] for row in touched}
    for row in sheet.rows:
        named = given.get(str(row["id"]))
        if named is None:
            continue
        if row.get("item") is None:
            raise user_error("Please enter value(s) for: Item")
        if "amount" not in named and (row.get("foreignamount") is None or named & {"rate", "quantity"}):
            row["foreignamount"] = _product(row)
        row["foreignamount"] = rounded(decimal(row["foreignamount"]), smallest)
        if "taxCode" in named and "taxRate1" not in named:
            row["taxrate"] = _rate(store, row.get("taxcode"))
        if "tax1Amt" not in named:
            row["taxamount"] = row["foreignamount"] * decimal(row.get("taxrate")) / 100
        row["taxamount"] = rounded(decimal(row["taxamount"]), smallest)


def _product(row: Row) -> Decimal:
    if row.get("rate") is None:
        raise user_error("Please enter value(s) for: Amount")
    quantity = row.get("quantity")
    return decimal(row["rate"]) * (Decimal(1) if quantity is None else decimal(quantity))


def _rate(store: Store, tax_code: Any) -> Decimal:
    row = store.row("salestaxitem", tax_code) if tax_code is not None else None
    return decimal(row["rate"]) if row is not None else ZERO


def balance(sheet: Sheet, smallest: Decimal) -> Decimal:
    """Turns debit and credit of journal lines into signed amounts; answers the total of the debits."""
    debits = total = ZERO
    for row in sheet.rows:
        extra = sheet.extra.get(str(row["id"]), {})
        debit, credit = decimal(extra.pop("debit", None)), decimal(extra.pop("credit", None))
        if debit or credit:
            row["foreignamount"] = rounded(debit - credit, smallest)
        if row.get("account") is None:
            raise user_error("Please enter value(s) for: Account")
        amount = decimal(row.get("foreignamount"))
        total += amount
        debits += max(amount, ZERO)
    if total:
        raise user_error("The amounts in a journal entry must balance.")
    return debits
