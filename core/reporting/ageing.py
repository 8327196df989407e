"""Open receivables by age, by due date or invoice date, as of any day, in groups; currencies are never mixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func

from core.db.tables import Customer, Document
from core.reporting import receivables
from core.reporting.exchange import Rates, rates_for
from core.reporting.formulas import BUCKETS
from core.reporting.invoices import InvoiceFilters, open_narrowed
from core.reporting.paging import Viewer
from core.reporting.receivables import Basis, Scope
from core.runtime import Runtime

Grouping = Literal["entity", "segment", "customer", "currency"]
_NOTHING = "—"


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """Open minor units of `currency` by bucket; `group` is the entity, segment or customer."""

    group: str
    group_id: UUID | None
    currency: str
    buckets: dict[str, int]
    count: int

    @property
    def total_minor(self) -> int:
        return sum(self.buckets.values())


@dataclass(frozen=True, slots=True)
class Ageing:
    """`buckets` and `total_minor` are in `currency` at the day's rates; the buckets add up to the total, which is
    rounded once. Credits and unapplied cash are those of the entities, in all currencies: they belong to no invoice."""

    as_of: date
    basis: Basis
    currency: str
    buckets: dict[str, int]
    counts: dict[str, int]
    rows: tuple[AgeingRow, ...]
    credits_minor: int
    unapplied_minor: int
    left_out: tuple[str, ...]

    @property
    def total_minor(self) -> int:
        return sum(self.buckets.values())


def _groups(by: Grouping) -> list[ColumnElement[Any]]:
    match by:
        case "entity":
            return [func.coalesce(Document.entity, _NOTHING).label("group_name")]
        case "segment":
            return [func.coalesce(Customer.segment, _NOTHING).label("group_name")]
        case "customer":
            return [Document.customer_name.label("group_name"), Document.customer_id.label("group_id")]
        case "currency":
            return [Document.currency.label("group_name")]


def _rows(found: Iterable[Any], by: Grouping, rates: Rates) -> tuple[AgeingRow, ...]:
    """One row per group and currency, largest first."""
    gathered: dict[tuple[str, UUID | None, str], tuple[dict[str, int], list[int]]] = {}
    for row in found:
        group, group_id = row[0], (row[1] if by == "customer" else None)
        *_, currency, bucket, minor, count = row
        buckets, counts = gathered.setdefault((group, group_id, currency), (dict.fromkeys(BUCKETS, 0), []))
        buckets[bucket] += int(minor)
        counts.append(count)
    rows = [AgeingRow(*key, buckets, sum(counts)) for key, (buckets, counts) in gathered.items()]
    rows.sort(key=lambda row: (-rates.convert(row.total_minor, row.currency), row.group, row.currency))
    return tuple(rows)


def _converted(rows: Iterable[AgeingRow], rates: Rates) -> dict[str, int]:
    """All groups together by age, in the common currency; the ages add up to the total."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sums.update({(bucket, row.currency): minor for bucket, minor in row.buckets.items()})
    ordered = sorted(sums, key=lambda each: (BUCKETS.index(each[0]), each[1]))
    buckets = dict.fromkeys(BUCKETS, 0)
    minors = rates.parts([(currency, sums[bucket, currency]) for bucket, currency in ordered])
    for (bucket, _), minor in zip(ordered, minors, strict=True):
        buckets[bucket] += minor
    return buckets


def ageing(
    runtime: Runtime,
    viewer: Viewer | None,
    as_of: date,
    *,
    by: Grouping = "entity",
    filters: InvoiceFilters | None = None,
) -> Ageing:
    """The ageing report as of the close of a day, of what the filters mean, whichever age they say."""
    chosen = replace(filters or InvoiceFilters(), as_of=as_of)
    scope, basis = Scope(chosen.entity, viewer.entities if viewer else None), chosen.basis
    with runtime.reading() as session:
        which = open_narrowed(session, scope, chosen, runtime.today())
        found = receivables.open_groups(session, which, as_of, basis, _groups(by))
        rates = rates_for(session, as_of, runtime.settings.reporting_currency, (row[-4] for row in found))
        credits = receivables.unused_credits(session, scope, as_of)
        unapplied = receivables.unapplied_cash(session, scope, as_of)
    rows = _rows(found, by, rates)
    return Ageing(
        as_of=as_of,
        basis=basis,
        currency=rates.currency,
        buckets=_converted(rows, rates),
        counts={bucket: sum(row[-1] for row in found if row[-3] == bucket) for bucket in BUCKETS},
        rows=rows,
        credits_minor=rates.total(credits),
        unapplied_minor=rates.total(unapplied),
        left_out=rates.left_out([row.currency for row in rows]),
    )
