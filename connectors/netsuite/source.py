"""Reading NetSuite by SuiteQL: pages by key, never by offset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.netsuite import mapping, shapes
from connectors.netsuite.client import Client, Doc
from connectors.netsuite.config import Config
from connectors.netsuite.token import TITLE
from connectors.shapes import Records, content_version, first_or_none, read, record_with_stamp, record_without_stamp
from core.ports import Capabilities, ConnectorFailure, Page, Probe, RawRecord, Stream

OVERLAP = timedelta(minutes=10)
_FORM = "%Y-%m-%d %H:%M:%S"
_SQL_FORM = "YYYY-MM-DD HH24:MI:SS"


@dataclass(frozen=True, slots=True)
class _Table:
    """`read`: by "stamp" (changed rows), by "id" (new rows), or "whole" (all rows when any has changed)."""

    kind: str
    columns: str
    tables: str
    read: str
    where: str = ""

    @property
    def alias(self) -> str:
        return self.tables.split()[1]

    def select(self, condition: str, order: str) -> str:
        terms = " AND ".join(term for term in (self.where, condition) if term)
        return f"SELECT {self.columns} FROM {self.tables}{f' WHERE {terms}' if terms else ''} ORDER BY {order}"


_REFERENCE = (
    _Table(
        "subsidiary",
        "s.id, s.name, s.country, s.externalid, s.email, s.federalidnumber, c.symbol AS currency,"
        " a.addr1, a.addr2, a.city, a.state, a.zip",
        "subsidiary s JOIN currency c ON c.id = s.currency LEFT JOIN subsidiarymainaddress a ON a.nkey = s.mainaddress",
        "whole",
    ),
    _Table("item", "i.id, i.itemid, i.displayname, i.itemtype", "item i", "whole"),
    _Table(
        "currencyrate",
        "r.id, b.symbol AS base, c.symbol AS currency, r.exchangerate,"
        " TO_CHAR(r.effectivedate, 'YYYY-MM-DD') AS effectivedate",
        "currencyrate r JOIN currency b ON b.id = r.basecurrency JOIN currency c ON c.id = r.transactioncurrency",
        "id",
    ),
    _Table(
        "customer",
        "u.id, u.entityid, u.companyname, u.email, u.externalid, c.symbol AS currency,"
        f" TO_CHAR(u.lastmodifieddate, '{_SQL_FORM}') AS lastmodifieddate",
        "customer u LEFT JOIN currency c ON c.id = u.currency",
        "stamp",
    ),
)
_TRANSACTIONS = (
    _Table(
        "transaction",
        "t.id, t.type, t.tranid, t.externalid, c.symbol AS currency, t.foreigntotal, t.foreignamountunpaid, t.status,"
        " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate,"
        f" TO_CHAR(t.lastmodifieddate, '{_SQL_FORM}') AS lastmodifieddate",
        "transaction t JOIN currency c ON c.id = t.currency",
        "stamp",
        "t.type IN ('CustInvc', 'CustCred', 'CustPymt')",
    ),
)
_STREAMS = {"reference": _REFERENCE, "transactions": _TRANSACTIONS}
_BY_KIND = {table.kind: table for tables in _STREAMS.values() for table in tables}
CAPABILITIES = Capabilities(
    system="netsuite",
    title=TITLE,
    streams=tuple(Stream(name, tuple(table.kind for table in tables)) for name, tables in _STREAMS.items()),
    posts=("invoice", "credit_memo"),
    finds_by_key=True,
    max_in_flight=3,
    requests_per_second=5,
)


class NetSuiteSource:
    """The port Source over SuiteQL. A cursor holds a place per table, and under "at" the table being read."""

    capabilities = CAPABILITIES

    def __init__(self, config: Config, client: Client) -> None:
        self._client = client
        self._rows = config.page_rows

    def check(self) -> Probe:
        sentences: list[str] = []
        try:
            self._client.sign_in()
            sentences.append(f"{TITLE} accepts our certificate.")
            for table in _BY_KIND.values():
                self._client.query(table.select("", f"{table.alias}.id"), limit=1)
                sentences.append(f"{TITLE} shows us its table {table.kind}.")
        except ConnectorFailure as problem:
            return Probe(False, (*sentences, problem.sentence))
        return Probe(True, tuple(sentences))

    def count(self, stream: str) -> int | None:
        total = 0
        for table in _STREAMS[stream]:
            where = f" WHERE {table.where}" if table.where else ""
            rows = self._client.query(f"SELECT COUNT(*) AS n FROM {table.tables}{where}")
            total += read(shapes.Counted, first_or_none(rows), f"{TITLE} counted {table.kind}", {}).n
        return total

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        tables = _STREAMS[stream]
        places: dict[str, Any] = dict(cursor)
        first = int(places.pop("at", 0))
        if places.pop("done", False):
            places = {kind: _overlapped(place) for kind, place in places.items()}
        for index, table in enumerate(tables[first:], first):
            for rows, place, is_end in self._pages(table, places.get(table.kind, {})):
                places[table.kind] = place
                is_last = is_end and index == len(tables) - 1
                mark = {"done": True} if is_last else {"at": index + 1 if is_end else index}
                yield Page(tuple([_record(table, row) for row in rows]), {**places, **mark}, is_last)

    def to_canonical(self, record: RawRecord) -> Records:
        return mapping.to_canonical(record)

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        table = _BY_KIND[kind]
        if not external_id.isdecimal():
            return None
        rows = self._client.query(table.select(f"{table.alias}.id = ?", f"{table.alias}.id"), [int(external_id)])
        return _record(table, rows[0]) if rows else None

    def _pages(self, table: _Table, place: Doc) -> Iterator[tuple[list[Doc], Doc, bool]]:
        """Rows, the place behind them, and whether the table ends there."""
        if table.read == "whole":
            yield self._whole(table, place)
            return
        while True:
            sql, parameters = _behind(table, place)
            rows = self._client.query(sql, parameters, self._rows)
            place = _place_behind(table, rows) or place
            is_end = len(rows) < self._rows
            yield rows, place, is_end
            if is_end:
                return

    def _whole(self, table: _Table, place: Doc) -> tuple[list[Doc], Doc, bool]:
        """A small table without stamps: all of its rows, if it is not as it was the last time."""
        rows: list[Doc] = []
        id = 0
        while True:
            alias = table.alias
            page = self._client.query(table.select(f"{alias}.id > ?", f"{alias}.id"), [id], self._rows)
            rows += page
            if len(page) < self._rows:
                break
            id = _place_behind(table, page)["id"]
        print_now = content_version([_plain(row) for row in rows])
        return ([] if place.get("print") == print_now else rows), {"print": print_now}, True


def _behind(table: _Table, place: Doc) -> tuple[str, list[str | int]]:
    alias, id = table.alias, place.get("id", 0)
    if table.read == "id":
        return table.select(f"{alias}.id > ?", f"{alias}.id"), [id]
    stamp, order = f"{alias}.lastmodifieddate", f"{alias}.lastmodifieddate, {alias}.id"
    if "stamp" not in place:
        return table.select("", order), []
    at = f"TO_DATE(?, '{_SQL_FORM}')"
    return table.select(f"{stamp} >= {at} AND ({stamp} > {at} OR {alias}.id > ?)", order), [
        place["stamp"],
        place["stamp"],
        id,
    ]


def _overlapped(place: Doc) -> Doc:
    """Ten minutes back: NetSuite stamps a row before others can see it."""
    if "stamp" not in place:
        return place
    return {"stamp": (datetime.fromisoformat(place["stamp"]) - OVERLAP).strftime(_FORM), "id": 0}


def _place_behind(table: _Table, rows: list[Doc]) -> Doc:
    """Where the next page begins; nothing where there are no rows."""
    if not rows:
        return {}
    last = _known(table, rows[-1])
    return {"id": int(last.id)} | ({"stamp": last.lastmodifieddate} if isinstance(last, shapes.StampedRow) else {})


def _known(table: _Table, row: Doc) -> shapes.Row:
    shape = shapes.StampedRow if table.read == "stamp" else shapes.Row
    return read(shape, row, f"{TITLE} sent a row of its table {table.kind}", {})


def _record(table: _Table, row: Doc) -> RawRecord:
    """Stamps tell the second: of two changes within one, the content tells which is which."""
    plain, known = _plain(row), _known(table, row)
    if isinstance(known, shapes.StampedRow):
        return record_with_stamp(table.kind, known.id, known.lastmodifieddate, plain)
    return record_without_stamp(table.kind, known.id, plain)


def _plain(row: Doc) -> Doc:
    return {name: value for name, value in row.items() if name != "links"}
