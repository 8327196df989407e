"""Which column, or which place in the stored JSON, a field of a query means."""

from dataclasses import dataclass

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.objects import Catalogue
from sandbox.emulators.salesforce.refusals import Refusal
from sandbox.emulators.salesforce.schema import Field, Sobject
from sandbox.emulators.salesforce.soql_tree import FieldRef, Select
from sandbox.emulators.salesforce.soql_words import invalid_field, located

_ADVICE = "Please reference your WSDL or the describe call for the appropriate names."
_OWN_COLUMNS = {"Id": "id", "SystemModstamp": "modified", "CreatedDate": "created"}


@dataclass(frozen=True)
class Column:
    """A field of one table in the statement: `r` is the object itself, p0, p1, ... are its parents."""

    table: str
    field: Field

    @property
    def value(self) -> str:
        """SQL for the value as it is compared, sorted and summed."""
        own = _OWN_COLUMNS.get(self.field.name)
        return f"{self.table}.{own}" if own else f"json_extract({self.table}.doc, '$.{self.field.name}')"

    @property
    def json(self) -> str:
        """SQL for the JSON text of the value as it was stored."""
        missing = "false" if self.field.type == "boolean" else "null"
        return f"coalesce({self.table}.doc -> '$.{self.field.name}', '{missing}')"

    @property
    def is_own(self) -> bool:
        """True for what has a real column: never null, and indexed; instants in it are milliseconds."""
        return self.field.name in _OWN_COLUMNS

    def shown(self, value: object) -> object:
        """A value of `value` as JSON shall show it."""
        if value is None:
            return None
        if self.field.type == "boolean":
            return bool(value)
        if self.field.type == "datetime" and isinstance(value, int):
            return stamps.to_text(value)
        return value


class Columns:
    """Finds the fields of one query, and remembers the parents that must be joined for them."""

    def __init__(self, select: Select, catalogue: Catalogue) -> None:
        self._select = select
        self._catalogue = catalogue
        self.sobject = self._object()
        self._tables: dict[str, tuple[str, Sobject]] = {}
        self._joins: list[str] = []

    def find(self, ref: FieldRef) -> Column:
        """The column of a field, or INVALID_FIELD worded as the vendor does."""
        path = self._without_alias(ref.path.split("."))
        if len(path) > 2:
            raise invalid_field(self._select.text, ref.position, f"{ref.path} goes up more than one level")
        table, sobject = self._parent(path[0], ref) if len(path) == 2 else ("r", self.sobject)
        field = sobject.field(path[-1])
        if field is None:
            raise self._no_column(path[-1], sobject.name, ref)
        return Column(table, field)

    def relationship(self, column: Column) -> str | None:
        """The name of the parent that a column belongs to; None for the object's own."""
        for table, name in ((table, name) for name, (table, _) in self._tables.items()):
            if table == column.table:
                return self.sobject.parents[name].relationship
        return None

    def parent_of(self, table: str) -> str:
        """The object type behind a joined table."""
        return next(sobject.name for name, sobject in self._tables.values() if name == table)

    @property
    def joins(self) -> str:
        return "".join(self._joins)

    def _object(self) -> Sobject:
        name = self._select.kind
        sobject = self._catalogue.find(name)
        if sobject is None:
            message = (
                f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to "
                f"append the '__c' after the entity name. {_ADVICE}"
            )
            raise Refusal(400, "INVALID_TYPE", located(self._select.text, self._select.kind_position, message))
        return sobject

    def _without_alias(self, path: list[str]) -> list[str]:
        names = {self.sobject.name.lower(), (self._select.alias or self.sobject.name).lower()}
        own = len(path) > 1 and path[0].lower() in names and path[0].lower() not in self.sobject.parents
        return path[1:] if own else path

    def _parent(self, name: str, ref: FieldRef) -> tuple[str, Sobject]:
        known = self._tables.get(name.lower())
        if known is not None:
            return known
        reference = self.sobject.parents.get(name.lower())
        parent = self._catalogue.find(reference.target) if reference and reference.target else None
        if reference is None or parent is None:
            message = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                f"relationship, be sure to append the '__r' after the custom relationship name. {_ADVICE}"
            )
            raise invalid_field(self._select.text, ref.position, message)
        table = f"p{len(self._tables)}"
        link = f"json_extract(r.doc, '$.{reference.name}')"
        self._joins.append(f" LEFT JOIN record {table} ON {table}.kind = '{parent.name}' AND {table}.id = {link}")
        self._tables[name.lower()] = (table, parent)
        return table, parent

    def _no_column(self, name: str, sobject: str, ref: FieldRef) -> Refusal:
        message = (
            f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom field, be sure to "
            f"append the '__c' after the custom field name. {_ADVICE}"
        )
        return invalid_field(self._select.text, ref.position, message)
