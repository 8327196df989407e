"""What NetSuite calls things: internal ids of subsidiaries, currencies, items, tax codes and customers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.netsuite import shapes
from connectors.netsuite.client import Client, Doc
from connectors.netsuite.config import Config
from connectors.netsuite.token import TITLE
from connectors.shapes import read
from core.ports import Rejected

_QUERIES = {
    "subsidiary": "SELECT s.id, s.name, s.country, s.externalid FROM subsidiary s ORDER BY s.id",
    "currency": "SELECT c.id, c.symbol FROM currency c ORDER BY c.id",
    "item": "SELECT i.id, i.itemid FROM item i WHERE i.id > ? ORDER BY i.id",
    "salestaxitem": "SELECT t.id, t.itemid, t.rate FROM salestaxitem t ORDER BY t.id",
}
_SHAPES: dict[str, type[shapes.Row]] = {
    "subsidiary": shapes.SubsidiaryName,
    "currency": shapes.CurrencySymbol,
    "item": shapes.ItemName,
    "salestaxitem": shapes.TaxCode,
}
_COUNTRIES = {"UK": "GB"}
_PAGE = 1000
_MOST_CUSTOMERS = 50_000
# Of the shape of their table.
Rows = list[Any]


class Directory:
    """Lists are read once and again when something is not in them. Unknown things raise Rejected."""

    def __init__(self, config: Config, client: Client) -> None:
        self._config = config
        self._client = client
        self._lock = threading.Lock()
        self._tables: dict[str, Rows] = {}
        self._customers: dict[str, str] = {}

    def customer(self, crm_id: str) -> str:
        found = self._customers.get(crm_id)
        if found is None:
            answer = self._client.get(f"customer/eid:{crm_id}") if crm_id.isalnum() else None
            if answer is None:
                sentence = f"{TITLE} does not know the customer: it has to be created there first."
                raise Rejected(sentence, "customer_unknown")
            if len(self._customers) >= _MOST_CUSTOMERS:
                self._customers.clear()
            customer = read(shapes.Reference, answer.body, f"{TITLE} sent a customer", answer.exchange)
            found = self._customers[crm_id] = customer.id
        return found

    def item(self, code: str) -> str:
        return str(self._row("item", "itemid", code, f"{TITLE} has no item {code}.").id)

    def currency(self, code: str) -> str:
        return str(self._row("currency", "symbol", code, f"{TITLE} does not know {code}.").id)

    def currency_code(self, id: str) -> str:
        return str(self._row("currency", "id", id, f"{TITLE} states a currency that it does not list.").symbol)

    def subsidiary(self, entity: str) -> str:
        """By setting, by external id, else by country."""
        set_id = self._config.subsidiaries.get(entity)
        if set_id is not None:
            return set_id
        country = _COUNTRIES.get(entity, entity)
        for column, value in (("externalid", entity), ("country", country), ("name", entity)):
            found = [row for row in self._rows("subsidiary") if getattr(row, column) == value]
            if len(found) == 1:
                return str(found[0].id)
        raise Rejected(f"{TITLE} has no subsidiary for the legal entity {entity}.", "subsidiary_unknown")

    def tax_code(self, entity: str, percent: Decimal) -> str | None:
        """The tax code of this rate: set, named for the entity, or at least not for another one."""
        rate = f"{percent.normalize():f}"
        rows = self._rows("salestaxitem")
        fitting = [row for row in rows if _percent(row.rate) == percent]
        others = {code for row in self._rows("subsidiary") for code in (row.externalid, row.country)}
        set_by_hand = [row for row in rows if row.itemid == self._config.tax_codes.get(f"{entity}:{rate}")]
        own = [row for row in fitting if _entity_of(row.itemid) == entity]
        neutral = [row for row in fitting if _entity_of(row.itemid) not in others]
        # What a tax engine has added up from several jurisdictions has no code of its own.
        any_rate = [row for row in rows if row.itemid == self._config.tax_codes.get(f"{entity}:*")]
        chosen = next(iter(set_by_hand or own or neutral or any_rate), None)
        if chosen is None and percent:
            raise Rejected(f"{TITLE} has no tax code of {rate} % for {entity}.", "tax_code_unknown")
        return None if chosen is None else str(chosen.id)

    def _row(self, table: str, column: str, value: str, sentence: str) -> Any:
        for is_again in (False, True):
            for row in self._rows(table, is_again):
                if getattr(row, column) == value:
                    return row
        raise Rejected(sentence, f"{table}_unknown")

    def _rows(self, table: str, is_again: bool = False) -> Rows:
        with self._lock:
            if table not in self._tables or is_again:
                self._tables[table] = self._read(table)
            return self._tables[table]

    def _read(self, table: str) -> Rows:
        if table != "item":
            return self._page(table, ())
        rows: Rows = []
        while True:
            page = self._page(table, [int(rows[-1].id) if rows else 0])
            rows += page
            if len(page) < _PAGE:
                return rows

    def _page(self, table: str, behind: Sequence[int]) -> Rows:
        found: list[Doc] = self._client.query(_QUERIES[table], behind, _PAGE)
        return [read(_SHAPES[table], row, f"{TITLE} sent a row of its table {table}", {}) for row in found]


def _entity_of(tax_code: str) -> str:
    return tax_code.partition("-")[0]


def _percent(rate: object) -> Decimal | None:
    """A rate is written as 20 or 20.0%."""
    text = str(rate or "").strip().removesuffix("%").strip()
    return Decimal(text) if text.replace(".", "", 1).isdigit() else None
