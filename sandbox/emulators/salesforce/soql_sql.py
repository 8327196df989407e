"""A parsed query made ready to run: which ids it finds, the JSON of a page of them, or the rows of its aggregates.

The ids are found first, all at once, as the vendor does behind its query locators; pages are then read by id.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sandbox.emulators.salesforce.objects import Catalogue
from sandbox.emulators.salesforce.schema import NUMBERS, Sobject
from sandbox.emulators.salesforce.soql_columns import Column, Columns
from sandbox.emulators.salesforce.soql_tree import Aggregate, FieldRef, Item, Ordering, Select
from sandbox.emulators.salesforce.soql_where import Sql, condition_sql, join_sql
from sandbox.emulators.salesforce.soql_words import malformed

_NOT_DELETED = "NOT EXISTS (SELECT 1 FROM gone WHERE gone.kind = r.kind AND gone.id = r.id)"


@dataclass(frozen=True)
class Aggregates:
    """A statement whose rows are results; `keys` and `columns` say how each value is shown (None: as it is)."""

    sql: str
    parameters: Sequence[object]
    keys: tuple[str, ...]
    columns: tuple[Column | None, ...]

    def row(self, values: Sequence[Any]) -> dict[str, Any]:
        shown = (column.shown(value) if column else value for column, value in zip(self.columns, values, strict=True))
        return {"attributes": {"type": "AggregateResult"}} | dict(zip(self.keys, shown, strict=True))


class Plan:
    """One query against one org. Making it checks every name and literal, and refuses what does not fit."""

    def __init__(self, select: Select, catalogue: Catalogue, *, with_deleted: bool) -> None:
        self.select = select
        self._columns = Columns(select, catalogue)
        self._with_deleted = with_deleted
        self._where = self._where_sql()
        self._selected = [] if select.is_grouped else self._selected_columns()
        self.aggregates = self._aggregates() if select.is_grouped and not self.is_count else None
        self._order = self._order_sql()

    @property
    def sobject(self) -> Sobject:
        return self._columns.sobject

    @property
    def is_count(self) -> bool:
        """SELECT COUNT() answers with totalSize alone."""
        items = self.select.items
        first = items[0].what
        return len(items) == 1 and isinstance(first, Aggregate) and first.argument is None and not self.select.group_by

    @property
    def paths(self) -> list[str]:
        """The selected fields as a CSV header names them."""
        parents = ((self._columns.relationship(column), column.field.name) for column in self._selected)
        return [f"{parent}.{name}" if parent else name for parent, name in parents]

    def ids_sql(self) -> Sql:
        """A statement for all ids that the query finds, in order."""
        where, parameters = self._where
        return f"SELECT r.id FROM record r{self._columns.joins} WHERE {where}{self._order}{self._window}", parameters

    def page_sql(self, version: str, extra: str = "") -> str:
        """A statement for the JSON texts of the ids in its parameter, a JSON list; `extra` goes into each record."""
        return (
            f"SELECT {self._record_json(version, extra)} FROM json_each(?) wanted CROSS JOIN record r "
            f"ON r.kind = '{self.sobject.name}' AND r.id = wanted.value{self._columns.joins} ORDER BY wanted.key"
        )

    def csv_sql(self) -> str:
        """As `page_sql`, with one column per selected field holding the JSON text of the value."""
        cells = ", ".join(column.json for column in self._selected)
        return (
            f"SELECT {cells} FROM json_each(?) wanted CROSS JOIN record r "
            f"ON r.kind = '{self.sobject.name}' AND r.id = wanted.value{self._columns.joins} ORDER BY wanted.key"
        )

    # The clauses

    def _where_sql(self) -> Sql:
        parts: list[Sql] = [(f"r.kind = '{self.sobject.name}'", [])]
        if not self._with_deleted:
            parts.append((_NOT_DELETED, []))
        if self.select.where is not None:
            parts.append(condition_sql(self.select.where, self._columns, self.select.text))
        return join_sql("AND", parts)

    def _order_sql(self) -> str:
        orderings = self.select.order_by
        terms = [self._term(ordering) for ordering in orderings]
        if not self.select.is_grouped and "r.id" not in {term.split(" ")[0] for term in terms}:
            last_descends = bool(orderings) and orderings[-1].descending
            terms.append("r.id DESC" if last_descends else "r.id")
        return f" ORDER BY {', '.join(terms)}" if terms else ""

    def _term(self, ordering: Ordering) -> str:
        direction = " DESC" if ordering.descending else ""
        if isinstance(ordering.what, Aggregate):
            return self._aggregate_sql(ordering.what) + direction
        column = self._columns.find(ordering.what)
        if column.is_own:
            return column.value + direction
        nulls = "LAST" if ordering.nulls_last else "FIRST"
        return f"{column.value} COLLATE NOCASE{direction} NULLS {nulls}"

    @property
    def _window(self) -> str:
        if self.select.limit is None and not self.select.offset:
            return ""
        return f" LIMIT {-1 if self.select.limit is None else self.select.limit} OFFSET {self.select.offset}"

    # Records

    def _selected_columns(self) -> list[Column]:
        found: list[Column] = []
        for item in self.select.items:
            assert isinstance(item.what, FieldRef)
            if item.alias is not None:
                raise self._malformed(item.what.position, "only aggregate expressions use field aliasing")
            column = self._columns.find(item.what)
            if column in found:
                raise self._malformed(item.what.position, f"duplicate field selected: {item.what.path}")
            found.append(column)
        return found

    def _record_json(self, version: str, extra: str) -> str:
        """An SQL expression that strings the stored JSON texts of the fields together."""
        own_first = sorted(self._selected, key=lambda column: (column.table != "r", column.table))
        pieces = [_attributes("r", self.sobject.name, version)]
        for table, group in groupby(own_first, key=lambda column: column.table):
            fields = list(group)
            pieces += _members(fields) if table == "r" else [self._parent_json(table, fields, version)]
        return " || ".join(["'{'", *_with_commas(pieces), f"'{extra}}}'"])

    def _parent_json(self, table: str, fields: list[Column], version: str) -> str:
        name = self._columns.relationship(fields[0])
        members = [_attributes(table, self._columns.parent_of(table), version), *_members(fields)]
        whole = " || ".join(["'{'", *_with_commas(members), "'}'"])
        return f"'\"{name}\":' || CASE WHEN {table}.id IS NULL THEN 'null' ELSE {whole} END"

    # Aggregates

    def _aggregates(self) -> Aggregates:
        grouped = [self._columns.find(ref) for ref in self.select.group_by]
        keys: list[str] = []
        columns: list[Column | None] = []
        cells: list[str] = []
        for item in self.select.items:
            cell, column = self._cell(item, grouped)
            cells.append(cell)
            columns.append(column)
            keys.append(self._key(item, keys))
        where, parameters = self._where
        by = f" GROUP BY {', '.join(column.value for column in grouped)}" if grouped else ""
        tail = f"{by}{self._order_sql()}{self._window}"
        sql = f"SELECT {', '.join(cells)} FROM record r{self._columns.joins} WHERE {where}{tail}"
        return Aggregates(sql, parameters, tuple(keys), tuple(columns))

    def _cell(self, item: Item, grouped: list[Column]) -> tuple[str, Column | None]:
        if isinstance(item.what, FieldRef):
            column = self._columns.find(item.what)
            if column not in grouped:
                raise self._malformed(item.what.position, f"Field must be grouped or aggregated: {item.what.path}")
            return column.value, column
        sql = self._aggregate_sql(item.what)
        keeps_type = item.what.function in ("MIN", "MAX") and item.what.argument is not None
        return sql, self._columns.find(item.what.argument) if keeps_type and item.what.argument else None

    def _aggregate_sql(self, aggregate: Aggregate) -> str:
        if aggregate.argument is None:
            raise self._malformed(aggregate.position, "Grouped query cannot use COUNT()")
        column = self._columns.find(aggregate.argument)
        match aggregate.function:
            case "COUNT":
                return f"count({column.value})"
            case "COUNT_DISTINCT":
                return f"count(DISTINCT {column.value})"
            case "SUM" | "AVG" if column.field.type not in NUMBERS:
                message = f"field {column.field.name} does not support aggregate operator {aggregate.function}"
                raise self._malformed(aggregate.position, message)
            case "SUM" | "AVG":
                return f"round({aggregate.function}({column.value}), 6)"
            case _:
                return f"{aggregate.function}({column.value})"

    def _key(self, item: Item, taken: list[str]) -> str:
        if item.alias is not None:
            return item.alias
        if isinstance(item.what, FieldRef):
            return self._columns.find(item.what).field.name
        return f"expr{sum(1 for key in taken if key.startswith('expr'))}"

    def _malformed(self, position: int, message: str) -> Exception:
        return malformed(self.select.text, position, message)


def _attributes(table: str, kind: str, version: str) -> str:
    url = f"/services/data/{version}/sobjects/{kind}/"
    return f"""'"attributes":{{"type":"{kind}","url":"{url}' || {table}.id || '"}}'"""


def _members(columns: list[Column]) -> list[str]:
    return [f"'\"{column.field.name}\":' || {column.json}" for column in columns]


def _with_commas(pieces: list[str]) -> list[str]:
    return [piece if number == 0 else f"',' || {piece}" for number, piece in enumerate(pieces)]


def ids_parameter(ids: Sequence[str]) -> str:
    return json.dumps(list(ids))
