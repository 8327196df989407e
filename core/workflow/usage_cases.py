"""Exceptions about usage: what a person has to settle before it can be billed, or because it was billed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.cases import store as cases
from core.cases.model import NewCase
from core.db.bulk import is_one_of
from core.db.tables import Case
from core.parties import store as parties
from core.usage.charged import ChargedPeriod
from core.usage.model import EventRow
from core.validation.model import TYPES
from core.workflow.context import Context
from core.workflow.deciding import raise_cases
from core.workflow.usage_batch import Batch, Conflict

# So many events are shown as evidence.
SHOWN = 20


def raise_usage_cases(ctx: Context, batch: Batch) -> list[UUID]:
    """Opens what is not open yet."""
    touched = {period.key: period for row in batch.fresh for period in batch.periods_of(row)}
    new = [*_unplaced(batch.fresh), *_without_meter(batch), *_conflicts(batch.conflicts)]
    return open_all(ctx, [*new, *breaches(ctx, touched.values())])


def open_all(ctx: Context, new: Iterable[NewCase]) -> list[UUID]:
    """In the order of the keys, since batches come side by side; each in the scope of its customer's entity."""
    ordered = sorted(new, key=lambda case: case.key)
    known = parties.customers(ctx.session, [case.customer_id for case in ordered if case.customer_id])
    entities = {id: row.entity for id, row in known.items()}
    return raise_cases(ctx, [replace(c, entity=entities.get(c.customer_id)) if c.customer_id else c for c in ordered])


def _case(code: str, subject: str, sentence: str, evidence: Mapping[str, Any], customer: UUID | None = None) -> NewCase:
    """No document waits for it, so it blocks none."""
    return NewCase(
        key=f"{code}:{subject}",
        code=code,
        type=TYPES[code],
        cause=f"{code}:{subject}",
        sentence=sentence,
        evidence=evidence,
        customer_id=customer,
        is_blocking=False,
    )


def _unplaced(fresh: Iterable[EventRow]) -> Iterable[NewCase]:
    found: dict[str, list[EventRow]] = defaultdict(list)
    for row in fresh:
        if row.customer_id is None:
            found[row.subject].append(row)
    for subject, rows in found.items():
        sentence = f"Usage came for “{subject}”, which is none of our customers. It waits and is not billed."
        yield _case("usage.unplaced", subject, sentence, {"sender": rows[0].source, "events": ids_of(rows)})


def close_unplaced(ctx: Context, subjects: Iterable[str]) -> int:
    keys = [f"usage.unplaced:{subject}" for subject in subjects]
    return cases.close_by(ctx.session, is_one_of(Case.key, keys), "The customer is here now", ctx.actor.label, ctx.now)


def _without_meter(batch: Batch) -> Iterable[NewCase]:
    found: dict[str, list[EventRow]] = defaultdict(list)
    for row in batch.fresh:
        if row.meter not in batch.terms or batch.terms[row.meter].is_archived:
            found[row.meter].append(row)
    for meter, rows in found.items():
        sentence = f"Usage came for the meter “{meter}”, which is not set up or archived. Nothing bills it."
        yield _case("usage.no_meter", meter, sentence, {"sender": rows[0].source, "events": ids_of(rows)})


def close_without_meter(ctx: Context, meters: Iterable[str]) -> int:
    keys = [f"usage.no_meter:{meter}" for meter in meters]
    return cases.close_by(ctx.session, is_one_of(Case.key, keys), "The meter is here now", ctx.actor.label, ctx.now)


def _conflicts(conflicts: Sequence[Conflict]) -> Iterable[NewCase]:
    found: dict[str, list[Conflict]] = defaultdict(list)
    for each in conflicts:
        found[each.sent.source].append(each)
    for source, those in found.items():
        sentence = f"“{source}” used ids of usage events again for other events. The first ones stay and are billed."
        shown = [{"id": c.sent.event_id, "kept": _told(c.kept), "sent again as": _told(c.sent)} for c in those[:SHOWN]]
        yield _case("usage.conflict", source, sentence, {"events": shown, "count": len(those)})


def breaches(ctx: Context, periods: Iterable[ChargedPeriod]) -> list[NewCase]:
    """One per charge and period, and never a second after somebody has settled it."""
    over = [period for period in periods if period.is_exceeded]
    if not over:
        return []
    known = set(
        ctx.session.scalars(
            select(Case.key).where(
                Case.code == "entitlement.breach",
                is_one_of(Case.customer_id, {period.customer_id for period in over}),
            )
        )
    )
    return [case for case in map(_breach, over) if case.key not in known]


def _breach(period: ChargedPeriod) -> NewCase:
    used, included = f"{period.used.normalize():,f}", f"{period.included.normalize():,f}"
    sentence = (
        f"{used} of “{period.meter}” used in {month_of(period)}, where contract {period.contract_number} "
        f"includes {included}."
    )
    evidence = {
        "contract": period.contract_number,
        "period": month_of(period),
        "included": included,
        "used": used,
    }
    return _case("entitlement.breach", subject_of(period), sentence, evidence, period.customer_id)


def after_billing(period: ChargedPeriod, sentence: str, evidence: Mapping[str, Any]) -> NewCase:
    return _case("usage.after_billing", subject_of(period), sentence, evidence, period.customer_id)


def corrected_after_billing(
    period: ChargedPeriod, reason: str, evidence: Mapping[str, Any], effect_minor: int | None, stake_minor: int
) -> NewCase:
    """`effect_minor`: what the period costs more (or less) now, net, in the contract's currency; None = unknown."""
    sentence = (
        f"Usage of “{period.meter}” was corrected after {month_of(period)} of contract {period.contract_number} was "
        f"billed: {reason}"
    )
    subject = f"{subject_of(period)}:{evidence['correction']}"
    shown = {name: value for name, value in evidence.items() if name != "correction"}
    case = _case("usage.corrected_after_billing", subject, sentence, shown, period.customer_id)
    return replace(case, amount_minor=effect_minor, currency=period.currency, stake_minor=stake_minor)


def subject_of(period: ChargedPeriod) -> str:
    return f"{period.contract_id}:{period.charge_key}:{period.period_start}"


def month_of(period: ChargedPeriod) -> str:
    return f"{period.period_start:%d %b %Y} to {period.period_end:%d %b %Y}"


def ids_of(rows: Sequence[EventRow]) -> list[str]:
    return [row.event_id for row in rows[:SHOWN]]


def _told(row: EventRow) -> str:
    return f"{row.value.normalize():f} of {row.meter} by {row.subject} at {row.at:%d %b %Y %H:%M:%S}"
