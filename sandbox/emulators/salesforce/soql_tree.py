"""What a parsed SOQL query consists of. `position` counts characters from the start of the text."""

from dataclasses import dataclass
from typing import Literal

LiteralKind = Literal["string", "number", "boolean", "null", "date", "datetime"]


@dataclass(frozen=True)
class FieldRef:
    """A field of the object itself or, with one dot, of its parent."""

    path: str
    position: int


@dataclass(frozen=True)
class Aggregate:
    """COUNT(Id), SUM(Amount), ... ; COUNT() has no argument."""

    function: str
    argument: FieldRef | None
    position: int


@dataclass(frozen=True)
class Item:
    """One entry of the SELECT list. Only entries of a grouped query may have an alias."""

    what: FieldRef | Aggregate
    alias: str | None = None


@dataclass(frozen=True)
class Constant:
    """Value by kind: str, int or float, bool, None, ISO date text, milliseconds since 1970."""

    kind: LiteralKind
    value: str | int | float | bool | None


@dataclass(frozen=True)
class Comparison:
    """`field operator value`; IN and NOT IN take several values."""

    field: FieldRef
    operator: str
    values: tuple[Constant, ...]


@dataclass(frozen=True)
class Junction:
    """Several conditions joined by one word, AND or OR."""

    word: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Negation:
    part: "Condition"


Condition = Comparison | Junction | Negation


@dataclass(frozen=True)
class Ordering:
    what: FieldRef | Aggregate
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Select:
    """A whole query. `alias` is the name the FROM clause gave to the object."""

    text: str
    items: tuple[Item, ...]
    kind: str
    kind_position: int
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[FieldRef, ...] = ()
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0

    @property
    def is_grouped(self) -> bool:
        """True if the rows are results of aggregates instead of records."""
        return bool(self.group_by) or any(isinstance(item.what, Aggregate) for item in self.items)
