"""WHERE clauses to SQL. Null behaves as in SOQL: a comparison with it is false, and != and NOT IN find it."""

import json
from collections.abc import Iterable
from typing import assert_never

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.identifiers import full_id
from sandbox.emulators.salesforce.schema import NUMBERS
from sandbox.emulators.salesforce.soql_columns import Column, Columns
from sandbox.emulators.salesforce.soql_tree import Comparison, Condition, Constant, Junction, Negation
from sandbox.emulators.salesforce.soql_words import invalid_field

Sql = tuple[str, list[object]]
Value = str | int | float | bool | None


def condition_sql(condition: Condition, columns: Columns, text: str) -> Sql:
    """SQL and its parameters for one condition; `text` is the query, for messages."""
    match condition:
        case Comparison():
            return _comparison(condition, columns, text)
        case Junction(word, parts):
            return join_sql(word, (condition_sql(part, columns, text) for part in parts))
        case Negation(part):
            sql, parameters = condition_sql(part, columns, text)
            return f"({sql}) IS NOT TRUE", parameters
        case _:
            assert_never(condition)


def join_sql(word: str, parts: Iterable[Sql]) -> Sql:
    """Several conditions with AND or OR between them."""
    pieces = list(parts)
    return f" {word} ".join(f"({sql})" for sql, _ in pieces), [value for _, values in pieces for value in values]


def _comparison(comparison: Comparison, columns: Columns, text: str) -> Sql:
    column = columns.find(comparison.field)
    position = comparison.field.position
    for constant in comparison.values:
        problem = _misfit(column, constant, comparison.operator)
        if problem:
            raise invalid_field(text, position, problem)
    values = [_value(column, constant) for constant in comparison.values]
    match comparison.operator:
        case "IN" | "NOT IN":
            return _membership(column, values, comparison.operator)
        case "LIKE":
            return f"{column.value} LIKE ? ESCAPE '\\'", values[:1]
        case "=" | "!=" if values[0] is None:
            return f"{column.value} IS {'NOT ' if comparison.operator == '!=' else ''}NULL", []
        case "!=":
            return f"{_compared(column)} IS NOT ?", values[:1]
        case _:
            return f"{_compared(column)} {comparison.operator} ?", values[:1]


def _membership(column: Column, values: list[object], operator: str) -> Sql:
    """IN by one JSON parameter, so that the number of values has no limit of SQLite's."""
    given = [value for value in values if value is not None]
    listed = f"{_compared(column)} {operator} (SELECT value FROM json_each(?))"
    has_null = len(given) < len(values)
    if operator == "IN":
        sql = f"{listed} OR {column.value} IS NULL" if has_null else listed
    else:
        sql = f"{column.value} IS NOT NULL AND {listed}" if has_null else f"{column.value} IS NULL OR {listed}"
    return sql, [json.dumps(given)]


def _compared(column: Column) -> str:
    if column.field.type == "boolean":
        return f"coalesce({column.value}, 0)"
    return column.value if not _is_text(column) or column.field.is_exact else f"{column.value} COLLATE NOCASE"


def _is_text(column: Column) -> bool:
    return column.field.type not in (*NUMBERS, "boolean", "date", "datetime")


def _misfit(column: Column, constant: Constant, operator: str) -> str | None:
    """What is wrong with comparing this field to this constant."""
    field = column.field
    if operator == "LIKE" and (not _is_text(column) or field.type in ("id", "reference")):
        return f"invalid operator on {'id' if field.type in ('id', 'reference') else field.type} field"
    if constant.kind == "null":
        return None
    wanted = "string" if _is_text(column) else "number" if field.type in NUMBERS else field.type
    if wanted == constant.kind:
        return None
    shown = {"number": "double", "datetime": "dateTime"}.get(wanted, wanted)
    quotes = "should be enclosed in quotes" if wanted == "string" else "should not be enclosed in quotes"
    return f"value of filter criterion for field '{field.name}' must be of type {shown} and {quotes}"


def _value(column: Column, constant: Constant) -> object:
    value: Value = constant.value
    if value == "" and constant.kind == "string":
        return None
    if isinstance(value, str) and column.field.type in ("id", "reference"):
        return full_id(value)
    if constant.kind == "datetime" and isinstance(value, int) and not column.is_own:
        return stamps.to_text(value)
    return value
