"""Lines whose revenue is recognised over time: their days are checked, and what is deferred can be read."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.emulators.netsuite.answers import bad_reference, user_error
from sandbox.emulators.netsuite.lines import ZERO, Sheet, decimal
from sandbox.emulators.netsuite.store import Store

START, END = "revRecStartDate", "revRecEndDate"
MADE = """
SELECT m.externalid, t.id FROM made m JOIN "transaction" t ON t.id = m.id
WHERE m.creates > 0 AND m.externalid IS NOT NULL ORDER BY m.externalid
"""


def check(sheet: Sheet) -> None:
    """Both days or neither, and the last not before the first."""
    for place, row in enumerate(sheet.rows):
        said = sheet.extra.get(str(row["id"]), {})
        start, end = said.get(START), said.get(END)
        if start is None and end is None:
            continue
        if start is None or end is None:
            missing = START if start is None else END
            raise user_error(f"Please enter value(s) for: {missing}")
        if date.fromisoformat(str(end)) < date.fromisoformat(str(start)):
            raise bad_reference(f"item.items[{place}].{END}", END, end)


def deferrals(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Of each transaction that the API made with such lines: line, days, amount, and what is earned in each month."""
    found = {}
    for external, id in store.records.query(MADE):
        said: Mapping[str, Any] = store.extra("transaction", id).get("lines", {})
        lines = [
            _deferred(int(row["id"]), said[row["id"]], decimal(row["foreignamount"]))
            for row in store.lines(id)
            if said.get(row["id"], {}).get(START)
        ]
        if lines:
            found[str(external)] = lines
    return found


def _deferred(line: int, said: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
    start, end = date.fromisoformat(said[START]), date.fromisoformat(said[END])
    months = {month: str(part) for month, part in _by_month(amount, start, end)}
    return {"line": line, "start": said[START], "end": said[END], "amount": str(amount), "months": months}


def _by_month(amount: Decimal, start: date, end: date) -> list[tuple[str, Decimal]]:
    """By days; the last month takes what rounding has left."""
    days = (end - start).days + 1
    parts, earned, day = [], ZERO, start
    while day <= end:
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        until = min(following, date.fromordinal(end.toordinal() + 1))
        share = (amount * (until - start).days / days).quantize(Decimal("0.01"))
        parts.append((f"{day:%Y-%m}", share - earned))
        earned, day = share, until
    return parts
