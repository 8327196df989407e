"""A figure as people meet it: the value, how it is made, and the rows that make it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Part:
    """Numerator or denominator of a figure; `unit` is a currency, "days" or "count"."""

    label: str
    value: Decimal | int
    unit: str


@dataclass(frozen=True, slots=True)
class Working:
    """The small table behind a figure: its last column adds up to (or ends in) the figure's value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Drill:
    """Where the records themselves are listed: a page by its URL name, and its filters."""

    page: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` None = undefined (the note says why); `unit` is "days", "hours", "percent", "count" or an ISO currency
    code."""

    key: str
    name: str
    value: Decimal | int | None
    unit: str
    formula: str
    settings: tuple[tuple[str, str], ...]
    numerator: Part | None
    denominator: Part | None
    working: Working
    drill: Drill | None
    note: str | None = None
