"""The q parameter of a record list: `name OPERATOR value`, joined by AND and OR."""

import re
from typing import Any

from sandbox.emulators.netsuite.answers import Refused, bad_parameter
from sandbox.emulators.netsuite.fields import Field, RecordType
from sandbox.emulators.netsuite.oracle import to_date

COMPARISONS = {
    "IS": "=",
    "IS_NOT": "<>",
    "EQUAL": "=",
    "EQUAL_NOT": "<>",
    "GREATER": ">",
    "GREATER_OR_EQUAL": ">=",
    "LESS": "<",
    "LESS_OR_EQUAL": "<=",
    "ON": "=",
    "ON_NOT": "<>",
    "AFTER": ">",
    "ON_OR_AFTER": ">=",
    "BEFORE": "<",
    "ON_OR_BEFORE": "<=",
}
PATTERNS = {"CONTAIN": "%{}%", "START_WITH": "{}%", "END_WITH": "%{}"}
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([()])|([^\s()]+)')
Part = tuple[str, bool]  # the text, and whether it stood in quotation marks


def condition(kind: RecordType, text: str) -> tuple[str, list[Any]]:
    """SQL for a q text and its values. AND binds before OR, as in SQL."""
    parts = [(m[1] if m[1] is not None else m[2] or m[3], m[1] is not None) for m in TOKEN.finditer(text)]
    sql: list[str] = []
    values: list[Any] = []
    while parts:
        word, quoted = parts[0]
        if not quoted and word.upper() in ("(", ")", "AND", "OR"):
            sql.append(parts.pop(0)[0].upper())
        else:
            sql.append(_comparison(kind, parts, values))
    return " ".join(sql), values


def _comparison(kind: RecordType, parts: list[Part], values: list[Any]) -> str:
    if len(parts) < 2:
        raise _bad("a condition is a field, an operator and a value")
    known, operator = _field(kind, parts.pop(0)[0]), parts.pop(0)[0].upper()
    if operator in ("EMPTY", "EMPTY_NOT"):
        return f"{known.column} IS {'NOT ' if operator == 'EMPTY_NOT' else ''}NULL"
    if not parts:
        raise _bad(f"{operator} needs a value")
    value = parts.pop(0)[0]
    if operator in PATTERNS:
        values.append(PATTERNS[operator].format(value))
        return f"{known.column} LIKE ?"
    if operator not in COMPARISONS:
        raise _bad(f"operator {operator} is not known")
    if known.kind in ("date", "stamp"):
        return _on_day(known, COMPARISONS[operator], value, values)
    values.append({"true": "T", "false": "F"}.get(value.lower(), value) if known.kind == "flag" else value)
    return f"{known.column} {COMPARISONS[operator]} ?"


def _on_day(known: Field, comparison: str, value: str, values: list[Any]) -> str:
    """Dates in the account's format, month/day/year; a stamp is compared by its day."""
    try:
        day = to_date(value)
    except ValueError as problem:
        raise _bad(f"{value} is not a date of the form 12/31/2026") from problem
    values.append(day)
    if known.kind == "stamp":
        return f"CAST(substr({known.column}, 1, 10) || ' 00:00:00' AS BLOB) {comparison} ?"
    return f"{known.column} {comparison} ?"


def _field(kind: RecordType, name: str) -> Field:
    if name.lower() == "id":
        return Field("id", "number", "id")
    known = kind.fields.get(name.lower())
    if known is None or known.column is None:
        raise _bad(f"field {name} cannot be searched")
    return known


def _bad(reason: str) -> Refused:
    return bad_parameter("q", f"Invalid search query: {reason}.")
