"""SuiteQL: a read-only SELECT in Oracle's dialect, run on the SQLite tables."""

import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.emulators.netsuite.answers import Refused, Window
from sandbox.emulators.netsuite.oracle import account_date, register
from sandbox.emulators.netsuite.tables import TABLES, number_text

CAP = 100_000
TOKEN = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\w+|\s+|.""", re.DOTALL)
WORDS = {"transaction": '"transaction"', "sysdate": "SYSDATE()", "current_date": "TRUNC(SYSDATE())"}
DISPLAY = re.compile(r"BUILTIN\s*\.\s*DF\s*\(\s*((?:\"?\w+\"?\s*\.\s*)?(\w+))\s*\)", re.IGNORECASE)
NAMED = {
    "entity": ("customer", "entityid"),
    "currency": ("currency", "name"),
    "transactioncurrency": ("currency", "name"),
    "basecurrency": ("currency", "name"),
    "subsidiary": ("subsidiary", "name"),
    "item": ("item", "itemid"),
    "terms": ("term", "name"),
    "postingperiod": ("accountingperiod", "periodname"),
    "account": ("account", "fullname"),
    "taxcode": ("salestaxitem", "itemid"),
}
DATES = "|".join(sorted({c for t in TABLES.values() for c, kind in t.columns.items() if kind in ("date", "stamp")}))
BARE_DATE = re.compile(rf"\b(?:{DATES})\s*(?:(?:[<>=!]+|\bBETWEEN\b)\s*['?]|[-+])", re.IGNORECASE)
DATE_SUM = re.compile(r"(?:TO_DATE\s*\([^()]*\)|SYSDATE)\s*[-+]\s*\d", re.IGNORECASE)
FETCH = re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS?\s+ONLY\s*$", re.IGNORECASE)
STAMPED = re.compile(
    r"(TO_CHAR\s*\(\s*(?:\"?\w+\"?\s*\.\s*)?(\w+)\s*,\s*'YYYY-MM-DD HH24:MI:SS'\s*\)\s*(?:AS\s+)?)\2\b", re.IGNORECASE
)
ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
IDENTIFIER = re.compile(r"^\w+$")
HIDDEN = ("sqlite_", "record", "setting", "made", "job", "token")
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


class SuiteQL:
    """Runs queries on a connection of its own that can do nothing but read the record tables."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA cache_size=-65536")
        register(self._db, now)
        self._db.set_authorizer(_authorize)

    def run(self, query: str, parameters: Sequence[Any], page: Window) -> tuple[list[dict[str, Any]], int]:
        """One page of items (values as texts, nulls left out) and the number of all rows, at most 100,000."""
        sql = translated(query)
        wanted = min(page.limit, CAP - page.offset)
        with self._lock:
            try:
                cursor = self._db.execute(f"{sql} LIMIT {wanted} OFFSET {page.offset}", tuple(parameters))
                names = _keys([column[0] for column in cursor.description])
                rows = cursor.fetchall()
                total = self._total(sql, parameters, page, len(rows))
            except (sqlite3.Error, sqlite3.Warning) as problem:
                raise _invalid(str(problem)) from problem
        return [_item(names, row) for row in rows], total

    def _total(self, sql: str, parameters: Sequence[Any], page: Window, found: int) -> int:
        """A page that is not full ends the result: then nothing need be counted."""
        if 0 < found < page.limit or (found == 0 and page.offset == 0):
            return page.offset + found
        counting = f"SELECT count(*) FROM (SELECT 1 FROM ({_unordered(sql)}) LIMIT {CAP})"
        return int(self._db.execute(counting, tuple(parameters)).fetchone()[0])

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _authorize(action: int, first: str | None, second: str | None, _base: str | None, _inner: str | None) -> int:
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_DENY if first is not None and first.lower().startswith(HIDDEN) else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() == "load_extension":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY


def translated(query: str) -> str:
    """SuiteQL as SQLite's SQL; refuses what SuiteQL lacks, and date comparisons whose meaning would differ here."""
    text = query.strip().rstrip(";").strip()
    if not re.match(r"(SELECT|WITH)\b", text, re.IGNORECASE):
        raise _invalid("Only SELECT statements are supported.")
    tokens = TOKEN.findall(text)
    if any(token.lower() == "limit" for token in tokens):
        raise _invalid("LIMIT is not supported. Use the limit and offset query parameters.")
    plain = "".join("''" if token[0] == "'" else token for token in tokens)
    if BARE_DATE.search(plain) or DATE_SUM.search(plain):
        raise _invalid("Dates can be compared with dates only: use TO_DATE(value, format). No date sums here.")
    sql = "".join(" " if t.startswith(("--", "/*")) else WORDS.get(t.lower(), t) for t in tokens)
    sql = DISPLAY.sub(_display, sql)
    if len(SELECT.findall(sql)) == 1:
        sql = STAMPED.sub(r'\1"\2 "', sql)  # the alias must not hide the column, or ORDER BY would miss its index
    fetch = FETCH.search(sql)
    return f"SELECT * FROM ({FETCH.sub('', sql)} LIMIT {fetch[1]})" if fetch else sql


def _unordered(sql: str) -> str:
    """The query without its own ORDER BY, which counting does not need."""
    places = [found.start() for found in ORDER.finditer(sql)]
    tail = sql[places[-1] :] if places else ""
    return sql[: places[-1]] if places and tail.count("(") == tail.count(")") else sql


def _display(found: re.Match[str]) -> str:
    """BUILTIN.DF(column): the name behind a reference."""
    column, name = found[1], found[2].lower()
    if name in NAMED:
        table, label = NAMED[name]
        return f"(SELECT df.{label} FROM {table} df WHERE df.id = {column})"
    return f"BUILTIN_DF('{name}', {column})"


def _keys(names: list[str]) -> list[str]:
    """Lower-case keys; an expression without an alias is called expr1, expr2, ..."""
    keys: list[str] = []
    unnamed = 0
    for name in names:
        if IDENTIFIER.match(name.strip()):
            keys.append(name.strip().lower())
        else:
            unnamed += 1
            keys.append(f"expr{unnamed}")
    return keys


def _item(names: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    item: dict[str, Any] = {"links": []}
    for name, value in zip(names, row, strict=True):
        if value is None:
            continue
        item[name] = value if isinstance(value, str) else _text(value)
    return item


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return account_date(value)
    return number_text(value) if isinstance(value, float) else str(value)


def _invalid(reason: str) -> Refused:
    detail = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {reason}"
    return Refused(400, "INVALID_REQUEST", detail)
