"""The columns of a ledger file, how headers of other programs are recognised, and how single cells are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from core.kit.errors import Refused


@dataclass(frozen=True, slots=True)
class Column:
    """One column we understand; `known_as` are headers of other programs, in lower case without punctuation."""

    name: str
    is_required: bool
    meaning: str
    known_as: tuple[str, ...]


COLUMNS = (
    Column(
        "customer_number",
        True,
        "number or id of the customer",
        (
            "customernumber",
            "customerid",
            "customerno",
            "custnumber",
            "custid",
            "accountnumber",
            "accountid",
            "customer",
        ),
    ),
    Column("customer_name", False, "name; the number when left out", ("customername", "namecustomer", "accountname")),
    Column(
        "invoice_number",
        True,
        "number of the invoice, unique in the file",
        ("invoicenumber", "invoiceid", "invoiceno", "documentnumber", "docid", "invoice"),
    ),
    Column(
        "invoice_date",
        True,
        "day of issue",
        ("invoicedate", "issuedate", "documentdate", "postingdate", "billdate", "date"),
    ),
    Column("due_date", True, "day on which it is due", ("duedate", "dueindate", "duedt", "due")),
    Column(
        "amount",
        True,
        "total with tax, such as 1234.50 or 1,234.50",
        ("amount", "invoiceamount", "totalamount", "grossamount", "totalopenamount", "total"),
    ),
    Column(
        "currency", False, "ISO code; the reporting currency when left out", ("currency", "invoicecurrency", "curr")
    ),
    Column(
        "settled_date",
        False,
        "day of payment; empty = open",
        ("settleddate", "paiddate", "paymentdate", "cleardate", "datepaid"),
    ),
    Column("paid_amount", False, "what was paid on that day; all when left out", ("paidamount", "amountpaid")),
    Column("disputed", False, "yes or no", ("disputed", "isdisputed", "dispute")),
    Column("entity", False, "code of the legal entity", ("entity", "legalentity", "companycode", "subsidiary")),
)

DATE_FORMATS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d %b %Y",
    "%Y-%m-%d %H:%M:%S",
)
_RUN_TOGETHER = "yearmonthday"
_EXAMPLE = datetime(2026, 11, 28, 14, 5, tzinfo=UTC)
_WORDS = (("%Y", "year"), ("%m", "month"), ("%d", "day"), ("%b", "month"), (" %H:%M:%S", " and time"))
# As people write a format: no letter twice in it means two things.
_LETTERS = (("YYYY", "%Y"), ("YY", "%y"), ("MM", "%m"), ("DD", "%d"))
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0", ""})


class Unreadable(ValueError):
    """A cell that cannot be understood; the message is the sentence for people."""


def guess_mapping(header: Sequence[str]) -> dict[str, str]:
    """Our column → their header, where the header is one we know; each header is used once."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(header)}
    found: dict[str, str] = {}
    for column in COLUMNS:
        candidates = (plain[known] for known in (column.name.replace("_", ""), *column.known_as) if known in plain)
        free = next((name for name in candidates if name not in found.values()), None)
        if free is not None:
            found[column.name] = free
    return found


def fitting_formats(values: Iterable[str]) -> tuple[str, ...]:
    """The date formats that read every value; several when days and months cannot be told apart."""
    distinct = {value.strip() for value in values} - {""}
    return tuple(form for form in DATE_FORMATS if distinct and all(_reads(value, form) for value in distinct))


def _reads(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007 - an accounting day has no zone
    except ValueError:
        return False
    return True


def format_words(form: str) -> str:
    """ "2026-11-28 (year-month-day)"."""
    words = form
    for directive, word in _WORDS:
        words = words.replace(directive, word)
    if words == _RUN_TOGETHER:
        words = "year, month, day"
    return f"{_EXAMPLE.strftime(form)} ({words})" if "%" not in words else form


def format_of(text: str) -> str:
    """A format as a person may write it, DD-MM-YYYY, as the machine knows it; one that names directives stays."""
    form = text.strip()
    if "%" not in form:
        for letters, directive in _LETTERS:
            form = form.replace(letters, directive).replace(letters.lower(), directive)
    return form


def check_format(form: str) -> None:
    """Raises Refused when the format does not name a day, a month and a year."""
    sample = date(2013, 11, 28)
    try:
        is_whole = datetime.strptime(sample.strftime(form), form).date() == sample  # noqa: DTZ007
    except (ValueError, re.error):
        # The second is what a format gives that names a part twice.
        is_whole = False
    if not is_whole:
        raise Refused(
            "import.date_format",
            f"“{form}” is not a date format. Name day, month and year, for example MM/DD/YYYY (%m/%d/%Y) for "
            "11/28/2013.",
        )


def read_day(text: str, form: str) -> date:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007
    except ValueError:
        example = date(2013, 11, 28).strftime(form)
        raise Unreadable(
            f"“{text}” is not a date like {example}. State the date format if the file uses another."
        ) from None


def read_yes_or_no(text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise Unreadable(f"“{text}” is neither yes nor no.")
    return word in _YES


def mapping_faults(mapping: Mapping[str, str], header: Sequence[str]) -> list[tuple[str, str]]:
    """(column, sentence) for every column that is needed or named and cannot be found."""
    known = {column.name for column in COLUMNS}
    faults = [
        (name, f"“{name}” is not one of our columns. They are: {', '.join(column.name for column in COLUMNS)}.")
        for name in mapping
        if name not in known
    ]
    faults += [
        (name, f"The file has no column “{theirs}”. Its columns are: {', '.join(header)}.")
        for name, theirs in mapping.items()
        if name in known and theirs not in header
    ]
    return faults + [
        (
            column.name,
            f"There is no column for the {column.name.replace('_', ' ')} ({column.meaning}). Say which one it is.",
        )
        for column in COLUMNS
        if column.is_required and column.name not in mapping
    ]
