"""The SuiteQL tables: the one form in which records are kept. Bodies of the record service are made from these rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# A column is "name:type". Types: id and ref are whole numbers, number is a decimal, flag is T or F.
# Dates and stamps are kept as BLOBs of one width: they sort as text does, and an answer can tell a bare date
# (shown in the account's date format) from text that TO_CHAR made.
DEFINITIONS = {
    "subsidiary": "id:id name:text currency:ref country:text externalid:text isinactive:flag"
    " email:text federalidnumber:text mainaddress:ref",
    "subsidiarymainaddress": "nkey:id addr1:text addr2:text city:text state:text zip:text country:text",
    "currency": "id:id name:text symbol:text",
    "currencyrate": "id:id basecurrency:ref transactioncurrency:ref exchangerate:number effectivedate:date",
    "account": "id:id acctnumber:text accttype:text fullname:text externalid:text isinactive:flag",
    "accountingperiod": "id:id periodname:text startdate:date enddate:date isposting:flag closed:flag"
    " arlocked:flag aplocked:flag alllocked:flag isyear:flag isquarter:flag",
    "term": "id:id name:text daysuntilnetdue:number externalid:text isinactive:flag",
    "salestaxitem": "id:id itemid:text rate:number externalid:text isinactive:flag",
    "item": "id:id itemid:text displayname:text itemtype:text externalid:text isinactive:flag lastmodifieddate:stamp",
    "customer": "id:id entityid:text companyname:text email:text subsidiary:ref currency:ref terms:ref externalid:text"
    " isinactive:flag datecreated:stamp lastmodifieddate:stamp",
    "transaction": "id:id type:text tranid:text externalid:text entity:ref trandate:date duedate:date currency:ref"
    " exchangerate:number foreigntotal:number foreignamountunpaid:number status:text memo:text otherrefnum:text"
    " postingperiod:ref subsidiary:ref terms:ref createddate:stamp lastmodifieddate:stamp",
    "transactionline": "transaction:ref id:id mainline:flag item:ref quantity:number rate:number foreignamount:number"
    " memo:text account:ref entity:ref taxcode:ref taxrate:number taxamount:number"
    " department:ref class:ref location:ref",
    "previoustransactionlinelink": "id:id previousdoc:ref previousline:ref nextdoc:ref nextline:ref linktype:text"
    " foreignamount:number",
}
KEYS = {"transactionline": ("transaction", "id"), "subsidiarymainaddress": ("nkey",)}
INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS transaction_external ON "transaction" (type, externalid);
CREATE INDEX IF NOT EXISTS transaction_externalid ON "transaction" (externalid);
CREATE INDEX IF NOT EXISTS transaction_modified ON "transaction" (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS transaction_type_modified ON "transaction" (type, lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS transaction_tranid ON "transaction" (tranid);
CREATE INDEX IF NOT EXISTS transaction_otherrefnum ON "transaction" (otherrefnum);
CREATE INDEX IF NOT EXISTS transaction_entity ON "transaction" (entity, id);
CREATE UNIQUE INDEX IF NOT EXISTS customer_external ON customer (externalid);
CREATE INDEX IF NOT EXISTS customer_modified ON customer (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS currencyrate_date ON currencyrate (effectivedate, transactioncurrency);
CREATE INDEX IF NOT EXISTS link_previous ON previoustransactionlinelink (previousdoc);
CREATE INDEX IF NOT EXISTS link_next ON previoustransactionlinelink (nextdoc);
"""
AFFINITIES = {"id": "INTEGER", "ref": "INTEGER", "number": "NUMERIC", "text": "TEXT", "flag": "TEXT"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Columns by name, with their types, and the columns that make a row's key."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]

    @property
    def quoted(self) -> str:
        return f'"{self.name}"'

    @property
    def insert(self) -> str:
        """Replaces the row of the same key; a second row with an external id already taken is an IntegrityError."""
        marks = ",".join("?" * len(self.columns))
        key = ",".join(f'"{c}"' for c in self.key)
        changes = ",".join(f'"{c}" = excluded."{c}"' for c in self.columns if c not in self.key)
        into = f"INSERT INTO {self.quoted} ({self.column_list}) VALUES ({marks})"
        return f"{into} ON CONFLICT ({key}) DO UPDATE SET {changes}"

    @property
    def column_list(self) -> str:
        return ",".join(f'"{column}"' for column in self.columns)

    def create(self) -> str:
        """Made without a rowid only where the key is not one number: a number key is the rowid itself."""
        columns = ",".join(f'"{c}" {AFFINITIES.get(t, "BLOB")}' for c, t in self.columns.items())
        tail = "" if self.key == ("id",) else " WITHOUT ROWID"
        key = ",".join(f'"{c}"' for c in self.key)
        return f"CREATE TABLE IF NOT EXISTS {self.quoted} ({columns}, PRIMARY KEY ({key})){tail};"

    def encode(self, row: Mapping[str, Any]) -> list[Any]:
        """The values of a row in column order; ValueError on a column that this table lacks."""
        if not row.keys() <= self.columns.keys():
            raise ValueError(f"{self.name} has no column {sorted(row.keys() - self.columns.keys())}")
        get = row.get
        return [None if (value := get(c)) is None else ENCODERS[t](value) for c, t in self.columns.items()]

    def decode(self, values: tuple[Any, ...]) -> Row:
        """A row of texts and nulls, as SuiteQL shows values, with ISO dates."""
        pairs = zip(self.columns.items(), values, strict=True)
        return {c: None if value is None else decoded(t, value) for (c, t), value in pairs}


def _moment(value: Any) -> bytes:
    """19 bytes, `YYYY-MM-DD HH:MM:SS`, in UTC."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    elif isinstance(value, date):
        value = value.isoformat()
    text = str(value).replace("T", " ")[:19]
    return (text if len(text) == 19 else text[:10] + " 00:00:00").encode()


def _flag(value: Any) -> str:
    return value if isinstance(value, str) else "T" if value else "F"


def _number(value: Any) -> int | str:
    """Text keeps a decimal exact up to SQLite's NUMERIC column, which holds 15 digits faithfully."""
    return value if isinstance(value, int) else str(value)


ENCODERS: dict[str, Callable[[Any], Any]] = {
    "id": int,
    "ref": int,
    "number": _number,
    "text": str,
    "flag": _flag,
    "date": _moment,
    "stamp": _moment,
}


def decoded(kind: str, value: Any) -> str:
    """One stored value as text: numbers without exponent, dates as YYYY-MM-DD, stamps as YYYY-MM-DD HH:MM:SS."""
    if isinstance(value, bytes):
        return value.decode()[: 10 if kind == "date" else 19]
    return number_text(value) if isinstance(value, float) else str(value)


def number_text(value: float) -> str:
    """A decimal as SuiteQL writes it: no exponent, no trailing zeros, noise beyond 15 digits gone."""
    text = format(Decimal(format(value, ".15g")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _table(name: str, definition: str) -> Table:
    columns = dict(part.split(":") for part in definition.split())
    return Table(name, columns, KEYS.get(name, ("id",)))


TABLES = {name: _table(name, definition) for name, definition in DEFINITIONS.items()}
LEDGER = """
CREATE TABLE IF NOT EXISTS made (
    record TEXT NOT NULL, externalid TEXT, id INTEGER NOT NULL, creates INTEGER NOT NULL, updates INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS made_external ON made (record, externalid);
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY, idempotency TEXT UNIQUE, looks INTEGER NOT NULL, status INTEGER NOT NULL,
    headers TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, expires INTEGER NOT NULL);
"""
SCHEMA = "\n".join(table.create() for table in TABLES.values()) + INDEXES + LEDGER
