"""Writing invoices, credit memos, payments and journals by NetSuite's rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.emulators.netsuite.answers import bad_reference, nonexistent, user_error
from sandbox.emulators.netsuite.applications import Applications, Wish
from sandbox.emulators.netsuite.deferral import check as check_deferral
from sandbox.emulators.netsuite.fields import RecordType
from sandbox.emulators.netsuite.lines import ZERO, Sheet, balance, decimal, merge, places, price, rounded
from sandbox.emulators.netsuite.periods import need_open, posting_period
from sandbox.emulators.netsuite.reading import Reading
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import Row

WORDS = {"entity": "Customer", "customer": "Customer", "subsidiary": "Subsidiary"}
IMPACT = {"tranDate", "postingPeriod", "entity", "customer", "currency", "subsidiary", "payment", "exchangeRate"}


@dataclass
class Draft:
    """One transaction while it is written. `free` is what a payment or credit may spend on invoices."""

    kind: RecordType
    row: Row
    old: Row | None
    extra: dict[str, Any]
    sheet: Sheet = field(default_factory=Sheet)

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def spent_before(self) -> Decimal:
        """How much of the old total was paid (an invoice) or applied (a payment), however it came about."""
        if self.old is None or self.old["foreignamountunpaid"] is None:
            return ZERO
        return decimal(self.old["foreigntotal"]) - decimal(self.old["foreignamountunpaid"])


class Transactions:
    """All methods run inside the caller's transaction: what is refused leaves no trace."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def write(self, kind: RecordType, id: str | None, reading: Reading, replace: frozenset[str]) -> str:
        """Create (id None) or update one transaction; answers its internal id."""
        draft = self._draft(kind, id, reading)
        if draft.old is not None and (reading.sublists or IMPACT & reading.fields.keys()):
            need_open(self._store, kind, draft.old)
        self._complete(draft, reading)
        if kind.type_code == "CustPymt":
            self._price_payment(draft, reading)
        else:
            self._price_lines(draft, reading, replace)
        self._save(draft)
        if kind.type_code in ("CustPymt", "CustCred"):
            self._apply(draft, reading)
        return draft.id

    def _draft(self, kind: RecordType, id: str | None, reading: Reading) -> Draft:
        old = self._store.row("transaction", id) if id is not None else None
        row: Row = dict(old) if old else {"id": self._store.fresh_id("transaction"), "type": kind.type_code}
        extra = self._store.extra("transaction", id) if id is not None else {}
        for name, value in reading.fields.items():
            known = kind.fields.get(name.lower())
            if known is not None and known.column is not None:
                row[known.column] = value
            elif value is None:
                extra.pop(name, None)
            else:
                extra[name] = value
        line_extra = extra.pop("lines", {})
        sheet = Sheet(self._store.lines(id), line_extra) if id is not None else Sheet()
        return Draft(kind, row, old, extra, sheet)

    def _complete(self, draft: Draft, reading: Reading) -> None:
        """What NetSuite fills in by itself, and what must agree."""
        row, kind = draft.row, draft.kind
        for name in kind.required:
            column = kind.fields[name.lower()].column
            if column is None or row.get(column) is None:
                raise user_error(f"Please enter value(s) for: {WORDS[name]}")
        if row.get("entity") is not None:
            self._match_customer(row, kind)
        elif row.get("currency") is None:
            subsidiary = self._store.row("subsidiary", row["subsidiary"])
            row["currency"] = subsidiary["currency"] if subsidiary else None
        row["trandate"] = row.get("trandate") or self._now().astimezone(UTC).date().isoformat()
        if draft.old is None or {"tranDate", "postingPeriod"} & reading.fields.keys():
            chosen = reading.fields.get("postingPeriod")
            row["postingperiod"] = posting_period(self._store, kind, row["trandate"], chosen)
        if kind.type_code == "CustInvc" and row.get("duedate") is None:
            row["duedate"] = self._due(row)
        row["tranid"] = row.get("tranid") or f"{kind.number_prefix}{row['id']}"
        row["exchangerate"] = row.get("exchangerate") or self._rate(row)

    def _match_customer(self, row: Row, kind: RecordType) -> None:
        customer = self._store.row("customer", row["entity"])
        if customer is None:
            raise nonexistent()
        for column in ("subsidiary", "currency"):
            row[column] = row.get(column) or customer[column]
            if customer[column] is not None and str(row[column]) != customer[column]:
                raise bad_reference(column, column, row[column])
        if kind.type_code == "CustInvc":
            row["terms"] = row.get("terms") or customer["terms"]

    def _due(self, row: Row) -> str:
        terms = self._store.row("term", row["terms"]) if row.get("terms") else None
        days = int(decimal(terms["daysuntilnetdue"])) if terms else 0
        return (date.fromisoformat(row["trandate"]) + timedelta(days=days)).isoformat()

    def _rate(self, row: Row) -> str:
        """The rate of the day against the base currency, the last known one if that day has none."""
        where = "transactioncurrency = ? AND effectivedate <= ? ORDER BY effectivedate DESC LIMIT 1"
        found = self._store.rows("currencyrate", where, (row["currency"], f"{row['trandate']} 00:00:00".encode()))
        return str(found[0]["exchangerate"]) if found else "1"

    def _price_payment(self, draft: Draft, reading: Reading) -> None:
        if draft.row.get("foreigntotal") is None:
            named = [decimal(line.get("amount")) for line in reading.sublists.get("apply", [])]
            draft.row["foreigntotal"] = sum(named, ZERO)
        total = rounded(decimal(draft.row["foreigntotal"]), places(self._store, draft.row["currency"]))
        if total <= 0:
            raise user_error("Please enter value(s) for: Payment Amount")
        draft.row |= {"foreigntotal": total, "status": "C"}

    def _price_lines(self, draft: Draft, reading: Reading, replace: frozenset[str]) -> None:
        kind, row = draft.kind, draft.row
        sublist = "line" if kind.type_code == "Journal" else "item"
        smallest = places(self._store, row["currency"])
        if sublist in reading.sublists:
            incoming, fields = reading.sublists[sublist], kind.sublists[sublist]
            draft.sheet, touched = merge(draft.sheet, incoming, fields, sublist in replace)
            if sublist == "line":
                row["foreigntotal"] = balance(draft.sheet, smallest)
            else:
                check_deferral(draft.sheet)
                price(self._store, draft.sheet, touched, smallest)
                row["foreigntotal"] = _total(draft.sheet)
        if not draft.sheet.rows and draft.old is None:
            raise user_error("You must enter at least one line item for this transaction.")
        if kind.type_code == "CustInvc":
            self._remaining(draft)

    def _remaining(self, draft: Draft) -> None:
        unpaid = decimal(draft.row["foreigntotal"]) - draft.spent_before
        if unpaid < 0:
            raise user_error("The total of an invoice cannot be less than what was paid on it.")
        draft.row["foreignamountunpaid"] = unpaid
        if draft.row.get("status") != "V":
            draft.row["status"] = "B" if unpaid == 0 else "A"

    def _save(self, draft: Draft) -> None:
        stamp = self._now().isoformat()
        row, store = draft.row, self._store
        row["createddate"] = row.get("createddate") or stamp
        row["lastmodifieddate"] = stamp
        store.put("transaction", row)
        heads = store.rows("transactionline", "\"transaction\" = ? AND mainline = 'T'", (draft.id,))
        head = heads[0] if heads else {"transaction": draft.id, "id": 0, "mainline": "T"}
        store.delete_lines(draft.id)
        store.put("transactionline", head | {"foreignamount": row["foreigntotal"], "memo": row.get("memo")})
        store.load("transactionline", ({**line, "transaction": draft.id} for line in draft.sheet.rows))
        lines = {number: fields for number, fields in draft.sheet.extra.items() if fields}
        store.put_extra("transaction", draft.id, draft.extra | ({"lines": lines} if lines else {}))

    def _apply(self, draft: Draft, reading: Reading) -> None:
        """What was spent without a link to tell on what (loaded history) stays spent."""
        applications = Applications(self._store, self._now().isoformat())
        linked = sum(applications.given_by(draft.id).values(), ZERO)
        elsewhere = draft.spent_before - linked
        free = decimal(draft.row["foreigntotal"]) - elsewhere
        wish = Wish(reading.sublists.get("apply"), draft.extra.get("autoApply") == "T")
        unspent = free - applications.apply(draft.row, free, wish)
        draft.row["foreignamountunpaid"] = unspent
        if draft.kind.type_code == "CustCred":
            draft.row["status"] = "B" if unspent == 0 else "A"
        self._store.put("transaction", draft.row)

    def delete(self, id: str, kind: RecordType) -> None:
        """Refused for an invoice something is applied to; a payment's applications are taken back."""
        row = self._store.row("transaction", id)
        if row is None:
            raise nonexistent()
        need_open(self._store, kind, row)
        applications = Applications(self._store, self._now().isoformat())
        if applications.received_by(id):
            raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
        given = [{"doc": doc, "apply": "F"} for doc in applications.given_by(id)]
        applications.apply(row, decimal(row["foreigntotal"]), Wish(list(given)))
        self._store.delete_lines(id)
        self._store.delete("transaction", id)


def _total(sheet: Sheet) -> Decimal:
    return sum((decimal(row.get("foreignamount")) + decimal(row.get("taxamount")) for row in sheet.rows), ZERO)
