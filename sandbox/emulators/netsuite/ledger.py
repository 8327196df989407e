"""Which transactions the API made, and how often: what a product's promise of no duplicates is held against."""

from typing import Any

from sandbox.emulators.netsuite.lines import WHOLE_CURRENCIES, decimal
from sandbox.emulators.netsuite.store import Store

TOTALS = """
SELECT c.symbol, t.foreigntotal FROM made m JOIN "transaction" t ON t.id = m.id
LEFT JOIN currency c ON c.id = t.currency
WHERE m.record = 'invoice' AND m.creates > 0
"""
CREATES = (
    "SELECT externalid, sum(creates), sum(updates) FROM made WHERE externalid IS NOT NULL GROUP BY record, externalid"
)


class Ledger:
    """Counts are kept per record made, also of those deleted since."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, record: str, id: str, external: str | None, created: bool) -> None:
        """Remember one create or update through the API, in the caller's transaction."""
        change = self._store.records.change
        columns = "creates = creates + 1" if created else "updates = updates + 1"
        found = change(f"UPDATE made SET {columns} WHERE record = ? AND id = ?", (record, id))
        if not found:
            sql = "INSERT INTO made (record, externalid, id, creates, updates) VALUES (?, ?, ?, ?, ?)"
            change(sql, (record, external, id, int(created), int(not created)))

    def summary(self) -> dict[str, Any]:
        """Amounts are whole minor units; `duplicates` are the external ids created more than once."""
        query = self._store.records.query
        totals: dict[str, int] = {}
        invoices = query(TOTALS)
        for symbol, total in invoices:
            minor = decimal(total).scaleb(0 if symbol in WHOLE_CURRENCIES else 2)
            totals[str(symbol)] = totals.get(str(symbol), 0) + round(minor)
        counts = query(CREATES)
        without = query("SELECT count(*) FROM made WHERE externalid IS NULL AND creates > 0")
        return {
            "invoices": len(invoices),
            "total_by_currency": totals,
            "duplicates": sorted(external for external, creates, _ in counts if creates > 1),
            "creates": {external: creates for external, creates, _ in counts if creates},
            "updates": {external: updates for external, _, updates in counts if updates},
            "without_external_id": int(without[0][0]),
        }
