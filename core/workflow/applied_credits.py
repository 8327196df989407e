"""Credit memos are put against the invoices that they correct."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from core.cash import store as cash
from core.cash.store import Credit
from core.db.tables import Document
from core.documents import lookup
from core.documents import store as documents
from core.documents.corrections import memos_against
from core.documents.model import HOUSE, DocumentState
from core.workflow.context import Context
from core.workflow.residuals import refresh

# What a credit memo of a source takes over from the invoice that it corrects.
FROM_INVOICE = ("contract_number", "customer_id", "entity", "bill_to", "bill_to_country", "tax_id", "po_number")


def apply_credit_memos(
    ctx: Context, rows: Sequence[Mapping[str, Any]], open_memos: frozenset[UUID] = frozenset()
) -> None:
    """Each memo reduces its invoice by no more than is open there; the memo itself is settled by it. Of `open_memos`
    only what was used is settled: the rest is still owed to the customer."""
    credits = []
    invoices = documents.load(ctx.session, [row["corrects_id"] for row in rows if row["corrects_id"]])
    for row in rows:
        invoice = invoices.get(row["corrects_id"]) if row["corrects_id"] else None
        if invoice is None:
            continue
        amount = -row["total_minor"]
        applied = max(0, min(amount, invoice.open_minor))
        invoice.open_minor -= applied
        used = applied if row["id"] in open_memos else amount
        credits.append(
            Credit(row["id"], row["source"], row["source_ref"], invoice.id, used, applied, row["issue_date"])
        )
    ctx.session.flush()
    refresh(ctx, cash.apply_credits(ctx.session, credits, ctx.now))


def apply_again(ctx: Context, invoices: Iterable[UUID]) -> None:
    """What credit memos of these invoices found nothing open for is put against them again."""
    rows = documents.load(ctx.session, invoices)
    applied = cash.credited(ctx.session, rows)
    memos = [memo for memo in memos_against(ctx.session, rows) if memo.source != HOUSE or memo.is_issued]
    credits = []
    for memo in sorted(memos, key=lambda memo: (memo.issue_date, memo.source_ref)):
        invoice, before = rows[memo.corrects_id or memo.id], applied.get(memo.id, 0)
        more = max(0, min(-memo.total_minor - before, invoice.open_minor))
        if not more:
            continue
        invoice.open_minor -= more
        # What was not taken as given back is still open on the memo.
        settled = min(more, -memo.open_minor)
        # Told apart from what it took off before by how much that was.
        ref = f"{memo.source_ref}:{before}"
        credits.append(Credit(memo.id, memo.source, ref, invoice.id, settled, more, memo.issue_date))
    ctx.session.flush()
    refresh(ctx, cash.apply_credits(ctx.session, credits, ctx.now))


def apply_own(ctx: Context, memos: Iterable[Document], paid_back_elsewhere: frozenset[UUID]) -> None:
    """Credit memos of the house on the day they go out. What an invoice does not owe any more stays open on the memo,
    unless the platform that collected the money gives it back."""
    rows = list(memos)
    names = ("id", "source", "source_ref", "corrects_id", "total_minor", "issue_date")
    still_owed = frozenset(row.id for row in rows) - paid_back_elsewhere
    apply_credit_memos(ctx, [{name: getattr(row, name) for name in names} for row in rows], still_owed)
    for row in rows:
        ctx.session.refresh(row, ["open_minor", "settled_on"])


def adopt_credit_memos(ctx: Context, source: str, invoices: Mapping[str, UUID]) -> list[UUID]:
    """Credit memos that came before these invoices, given by their ids at the source, are put against them now, and
    take over what they would have had at once. Answers their ids."""
    memos = lookup.orphaned_memos(ctx.session, source, invoices) if invoices else []
    if not memos:
        return []
    rows = documents.load(ctx.session, {invoices[memo.corrects_ref or ""] for memo in memos})
    lines = documents.lines_of(ctx.session, [*rows, *(memo.id for memo in memos)])
    for memo in memos:
        invoice = rows[invoices[memo.corrects_ref or ""]]
        _take_over(memo, invoice)
        sold = lines[invoice.id][0].product_code if lines[invoice.id] else None
        for line in lines[memo.id]:
            line.product_code = line.product_code or sold
    ctx.session.flush()
    alive = [memo for memo in memos if memo.state != DocumentState.VOID]
    names = ("id", "source", "source_ref", "corrects_id", "total_minor", "issue_date")
    apply_credit_memos(ctx, [{name: getattr(memo, name) for name in names} for memo in alive])
    return [memo.id for memo in alive]


def _take_over(memo: Document, invoice: Document) -> None:
    """What a person corrected on the credit memo meanwhile stays."""
    for name in FROM_INVOICE:
        if name not in memo.corrections:
            setattr(memo, name, getattr(invoice, name) or getattr(memo, name))
    memo.customer_name, memo.corrects_id = invoice.customer_name, invoice.id
    memo.revision += 1
