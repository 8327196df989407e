"""The Oracle functions of SuiteQL, for SQLite. Dates are 19 bytes (see tables.py); text is text."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from sandbox.emulators.netsuite.tables import number_text

STAMP = "%Y-%m-%d %H:%M:%S"
PARTS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MONTH": "%B",
    "MON": "%b",
    "MM": "%m",
    "DD": "%d",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "AM": "%p",
    "PM": "%p",
}
PART = re.compile(r'"([^"]*)"|(' + "|".join(sorted(PARTS, key=len, reverse=True)) + r")|(.)", re.IGNORECASE)
WHOLE = {"YYYY-MM-DD HH24:MI:SS": 19, "YYYY-MM-DD": 10}


@lru_cache(maxsize=256)
def _python_format(oracle: str) -> str:
    def part(found: re.Match[str]) -> str:
        quoted, name, other = found.groups()
        if name is not None:
            return PARTS[name.upper()]
        return (quoted if quoted is not None else other).replace("%", "%%")

    return PART.sub(part, oracle)


def to_char(value: Any, form: str | None = None) -> str | None:
    """TO_CHAR of a date or a number."""
    if value is None:
        return None
    if isinstance(value, bytes):
        if form in WHOLE:
            return value[: WHOLE[form]].decode()
        return account_date(value) if form is None else _read(value).strftime(_python_format(form))
    if isinstance(value, str):
        return value
    if form is None:
        return number_text(value) if isinstance(value, float) else str(value)
    places = Decimal(1).scaleb(-len(form.partition(".")[2]))
    return format(Decimal(str(value)).quantize(places, ROUND_HALF_UP), ",f" if "," in form else "f")


def to_date(value: Any, form: str | None = None) -> bytes | None:
    """TO_DATE of text. Without a format the account's own, month/day/year, is meant."""
    if value is None or isinstance(value, bytes):
        return value
    pattern = _python_format(form or "MM/DD/YYYY")
    return datetime.strptime(str(value), pattern).replace(tzinfo=UTC).strftime(STAMP).encode()


def account_date(value: bytes) -> str:
    """How a date that no TO_CHAR rendered is shown: the account's format, without the time of day."""
    moment = _read(value)
    return f"{moment.month}/{moment.day}/{moment.year}"


def _read(value: bytes) -> datetime:
    return datetime.strptime(value.decode(), STAMP).replace(tzinfo=UTC)


def trunc(value: Any, form: Any = None) -> Any:
    """TRUNC of a date (to day, month or year) or of a number (to so many places)."""
    if value is None:
        return None
    if isinstance(value, bytes):
        unit = str(form or "DD").upper()
        kept = 4 if unit.startswith("Y") else 7 if unit.startswith(("MM", "MON")) else 10
        return value[:kept] + b"0000-01-01 00:00:00"[kept:]
    shift = Decimal(10) ** int(form or 0)
    return float(int(Decimal(str(value)) * shift) / shift)


def add_months(value: Any, months: Any) -> bytes | None:
    if value is None or months is None:
        return None
    moment = _read(value)
    count = moment.year * 12 + moment.month - 1 + int(months)
    year, month = divmod(count, 12)
    day = min(moment.day, _days(year, month + 1))
    return moment.replace(year=year, month=month + 1, day=day).strftime(STAMP).encode()


def _days(year: int, month: int) -> int:
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (after - datetime(year, month, 1, tzinfo=UTC)).days


def last_day(value: Any) -> bytes | None:
    if value is None:
        return None
    moment = _read(value)
    return moment.replace(day=_days(moment.year, moment.month)).strftime(STAMP).encode()


def decode(*arguments: Any) -> Any:
    """DECODE(value, search, result, ..., default); here null equals null."""
    value, rest = arguments[0], arguments[1:]
    for search, result in zip(rest[::2], rest[1::2], strict=False):
        if value == search:
            return result
    return rest[-1] if len(rest) % 2 else None


def to_number(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() else float(number)


def _nvl(value: Any, instead: Any) -> Any:
    return instead if value is None else value


def _nvl2(value: Any, present: Any, absent: Any) -> Any:
    return absent if value is None else present


def _joined(*parts: Any) -> str:
    return "".join(str(part) for part in parts if part is not None)


def _greatest(*values: Any) -> Any:
    return None if None in values else max(values)


def _least(*values: Any) -> Any:
    return None if None in values else min(values)


def _modulo(value: Any, by: Any) -> Any:
    return None if value is None or by is None else value - by * int(value / by)


def _display(kind: str, value: Any) -> Any:
    """BUILTIN.DF of a column with no table behind it: statuses and types by name, the rest as it is."""
    return NAMES.get((kind, str(value)), value)


NAMES = {
    ("status", "A"): "Open",
    ("status", "B"): "Paid In Full",
    ("status", "V"): "Voided",
    ("type", "CustInvc"): "Invoice",
    ("type", "CustCred"): "Credit Memo",
    ("type", "CustPymt"): "Payment",
    ("type", "Journal"): "Journal",
}
FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("TO_CHAR", 1, to_char),
    ("TO_CHAR", 2, to_char),
    ("TO_DATE", 1, to_date),
    ("TO_DATE", 2, to_date),
    ("TO_TIMESTAMP", 2, to_date),
    ("TO_NUMBER", 1, to_number),
    ("NVL", 2, _nvl),
    ("NVL2", 3, _nvl2),
    ("DECODE", -1, decode),
    ("TRUNC", 1, trunc),
    ("TRUNC", 2, trunc),
    ("ADD_MONTHS", 2, add_months),
    ("LAST_DAY", 1, last_day),
    ("CONCAT", -1, _joined),
    ("GREATEST", -1, _greatest),
    ("LEAST", -1, _least),
    ("MOD", 2, _modulo),
    ("BUILTIN_DF", 2, _display),
)


def register(connection: sqlite3.Connection, now: Callable[[], datetime]) -> None:
    """Give a connection the functions; all but SYSDATE are constant-folded by SQLite, as bound dates must be."""
    for name, count, function in FUNCTIONS:
        connection.create_function(name, count, function, deterministic=True)
    connection.create_function("SYSDATE", 0, lambda: now().strftime(STAMP).encode())
