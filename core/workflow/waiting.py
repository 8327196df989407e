"""Which fresh documents are not decided yet: what they are held against may still be on its way from the CRM.

An invoice reaches the house by a notice within seconds, its contract with the next reading of the CRM. Deciding it at
once would raise exceptions that settle themselves, so a document that names what nobody knows stays received until
the CRM has been read past it, and at most as long as the setting says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from core.agreements import store as agreements
from core.db.tables import Document
from core.documents import lookup
from core.documents.model import HOUSE
from core.intake import store as intake
from core.parties import store as parties
from core.workflow.context import Context

# A reading that ends now began before, and leaves out the CRM's last minute, whose rows are not certain to be seen.
_READING = timedelta(seconds=90)


def ready(ctx: Context, ids: Iterable[UUID]) -> list[UUID]:
    """The documents without those that are to wait, in the same order."""
    wanted = list(ids)
    since = _undecided_since(ctx) if wanted else None
    if since is None:
        return wanted
    fresh = lookup.received_since(ctx.session, wanted, since)
    waiting = _incomplete(ctx, [row for row in fresh if row.source != HOUSE and row.kind == "invoice"])
    return [id for id in wanted if id not in waiting]


def _undecided_since(ctx: Context) -> datetime | None:
    """Documents recorded after this instant may wait; None = none: there is no CRM, or history is still being read."""
    progress = intake.progress(ctx.session, parties.CRM)
    if progress is None or ctx.patience <= timedelta(0):
        return None
    return max(progress.complete_at, progress.read_until - _READING, ctx.now - ctx.patience)


def _incomplete(ctx: Context, rows: Collection[Document]) -> set[UUID]:
    """Documents whose customer, contract or charge is not known."""
    if not rows:
        return set()
    contracts = agreements.contracts_by_number(
        ctx.session, [row.contract_number for row in rows if row.contract_number]
    )
    agreed = agreements.lines_of(ctx.session, [contract.id for contract in contracts.values()])
    billed = lookup.quantities_of(ctx.session, [row.id for row in rows])
    found = _without_customer(ctx, rows)
    for row in rows:
        contract = contracts.get(row.contract_number or "")
        promised = {line.product_code for line in agreed[contract.id]} if contract else set()
        is_covered = bool(promised) and set(billed[row.id]) <= promised
        if row.contract_number and not is_covered:
            found.add(row.id)
    return found


def _without_customer(ctx: Context, rows: Collection[Document]) -> set[UUID]:
    orphans = [row for row in rows if row.customer_id is None and row.customer_ref]
    found = set()
    for source in {row.source for row in orphans}:
        refs = {row.id: row.customer_ref or "" for row in orphans if row.source == source}
        linked = parties.linked(ctx.session, "customer", source, refs.values())
        known = parties.known_ids(ctx.session, {UUID(id) for id in linked.values()})
        found |= {id for id, ref in refs.items() if linked.get(ref) not in known}
    return found
