"""Payments and credit memos applied to invoices: what remains to be paid follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.emulators.netsuite.answers import bad_reference, user_error
from sandbox.emulators.netsuite.lines import ZERO, decimal
from sandbox.emulators.netsuite.reading import Line
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import Row


@dataclass(frozen=True)
class Wish:
    """What a body asks to be applied; `apply` None means that it does not say."""

    apply: list[Line] | None
    automatic: bool = False


class Applications:
    """Moves amounts between a giving document (payment, credit memo) and invoices, in the caller's transaction."""

    def __init__(self, store: Store, stamp: str) -> None:
        self._store = store
        self._stamp = stamp

    def given_by(self, document: str) -> dict[str, Decimal]:
        return self._amounts("nextdoc", "previousdoc", document)

    def received_by(self, invoice: str) -> dict[str, Decimal]:
        return self._amounts("previousdoc", "nextdoc", invoice)

    def _amounts(self, near: str, far: str, id: str) -> dict[str, Decimal]:
        rows = self._store.rows("previoustransactionlinelink", f"{near} = ? ORDER BY id", (id,))
        return {row[far]: decimal(row["foreignamount"]) for row in rows}

    def apply(self, giver: Row, free: Decimal, wish: Wish) -> Decimal:
        """Apply up to `free`, the giver's amount not spent elsewhere, as wished; answers what is applied afterwards."""
        before = self.given_by(str(giver["id"]))
        after = dict(before)
        for number, line in enumerate(wish.apply or ()):
            self._take(giver, free, after, (number, line))
        if wish.automatic:
            self._spread(giver, free, after)
        applied = sum(after.values(), ZERO)
        if applied > free:
            raise user_error("You can not apply more than your total payments.")
        self._settle(str(giver["id"]), before, after)
        return applied

    def _take(self, giver: Row, free: Decimal, after: dict[str, Decimal], asked: tuple[int, Line]) -> None:
        number, line = asked
        invoice = self._invoice(giver, line, f"apply.items[{number}].doc")
        if line.get("apply") == "F":
            after.pop(invoice["id"], None)
            return
        open_amount = decimal(invoice["foreignamountunpaid"]) + self.given_by(str(giver["id"])).get(invoice["id"], ZERO)
        others = sum((amount for doc, amount in after.items() if doc != invoice["id"]), ZERO)
        amount = line.get("amount")
        chosen = min(open_amount, free - others) if amount is None else decimal(amount)
        if chosen > open_amount or chosen < 0:
            raise user_error(f"The amount applied to {invoice['tranid']} exceeds its amount due of {open_amount}.")
        after[invoice["id"]] = chosen

    def _invoice(self, giver: Row, line: Line, path: str) -> Row:
        found = self._store.row("transaction", line["doc"]) if line.get("doc") is not None else None
        if found is None or found["type"] != "CustInvc" or found["status"] == "V":
            raise bad_reference(path, "doc", line.get("doc"))
        if (found["entity"], found["currency"]) != (str(giver["entity"]), str(giver["currency"])):
            raise bad_reference(path, "doc", line["doc"])
        return found

    def _spread(self, giver: Row, free: Decimal, after: dict[str, Decimal]) -> None:
        """autoApply: the oldest open invoices first."""
        where = "type = 'CustInvc' AND entity = ? AND currency = ? AND foreignamountunpaid > 0 AND status = 'A'"
        values = (giver["entity"], giver["currency"])
        for invoice in self._store.rows("transaction", where + " ORDER BY trandate, id", values):
            rest = free - sum(after.values(), ZERO)
            if rest > 0 and invoice["id"] not in after:
                after[invoice["id"]] = min(rest, decimal(invoice["foreignamountunpaid"]))

    def _settle(self, giver: str, before: dict[str, Decimal], after: dict[str, Decimal]) -> None:
        for doc in before.keys() | after.keys():
            change = after.get(doc, ZERO) - before.get(doc, ZERO)
            if change:
                self._move(doc, change)
        self._store.records.change("DELETE FROM previoustransactionlinelink WHERE nextdoc = ?", (giver,))
        self._store.load("previoustransactionlinelink", self._links(giver, after.items()))

    def _move(self, doc: str, change: Decimal) -> None:
        invoice = self._store.row("transaction", doc)
        if invoice is None:
            return
        remaining = decimal(invoice["foreignamountunpaid"]) - change
        status = "B" if remaining == 0 else "A"
        settled = {"foreignamountunpaid": remaining, "status": status, "lastmodifieddate": self._stamp}
        self._store.put("transaction", invoice | settled)

    def _links(self, giver: str, amounts: Iterable[tuple[str, Decimal]]) -> list[dict[str, Any]]:
        link = {"nextdoc": giver, "previousline": 0, "nextline": 0, "linktype": "Payment"}
        return [link | {"previousdoc": doc, "foreignamount": amount} for doc, amount in amounts if amount]
