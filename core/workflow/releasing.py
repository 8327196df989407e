"""Release: the document is issued and moves on, and its deliveries are deferred, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from core.billing.model import Span
from core.billing.revenue import slices
from core.db.tables import Document
from core.documents import store as documents
from core.documents.issued import save_slices
from core.documents.model import HOUSE, DocumentState
from core.documents.untaxed import of_engine
from core.intake import store as intake
from core.ports import LedgerDocument
from core.posting import store as posting
from core.posting.model import LEDGER, MAIL, PAYMENTS, TAX_ENGINE, VOID, VOID_ENDING
from core.runtime import defer
from core.validation.model import Facts
from core.workflow.applied_credits import apply_own
from core.workflow.context import Context
from core.workflow.issuing import issue
from core.workflow.ledger_documents import for_ledger, ledger_documents

DELIVER = "deliver"


def release(ctx: Context, rows: list[Document], facts: Mapping[UUID, Facts]) -> None:
    """Releases the documents and enqueues each for the ledger; what the house has drafted is issued, and goes to its
    customer too. Nothing is called outside."""
    if not rows:
        return
    issue(ctx, rows, facts)
    documents.move(ctx.session, rows, DocumentState.RELEASED, ctx.now, ctx.actor.label)
    papers = ledger_documents(ctx, rows)
    _give_back(ctx, rows, papers)
    _recognise(ctx, papers)
    _deliver(ctx, rows, papers)


def _give_back(ctx: Context, rows: list[Document], papers: Mapping[UUID, LedgerDocument]) -> None:
    memos = [row for row in rows if row.kind == "credit_memo" and row.source == HOUSE]
    if memos:
        elsewhere = [row.id for row in memos if papers[row.id].corrects_ref is not None]
        apply_own(ctx, memos, frozenset(elsewhere))


def _recognise(ctx: Context, papers: Mapping[UUID, LedgerDocument]) -> None:
    """Revenue per month of lines that are paid before they are earned; the months of a line add up to its net."""
    deferred = {
        id: [
            (position, _months(paper, line.net_minor, Span(line.period_start, line.period_end)))
            for position, line in enumerate(paper.lines, start=1)
            if line.is_deferred and line.period_start and line.period_end
        ]
        for id, paper in papers.items()
    }
    save_slices(ctx.session, deferred)


def _months(paper: LedgerDocument, net_minor: int, span: Span) -> list[tuple[date, int]]:
    """A credit memo takes revenue back; that of months which are over when it goes out in its own month."""
    if paper.kind != "credit_memo":
        return slices(net_minor, span)
    first, found = paper.issue_date.replace(day=1), dict[date, int]()
    for month, minor in slices(net_minor, span):
        found[max(month, first)] = found.get(max(month, first), 0) - minor
    return list(found.items())


def _deliver(ctx: Context, rows: list[Document], papers: Mapping[UUID, LedgerDocument]) -> None:
    by_system: dict[str, list[tuple[UUID, LedgerDocument]]] = {LEDGER: []}
    connected = intake.connected_systems(ctx.session) if any(row.source == HOUSE for row in rows) else frozenset()
    for row in rows:
        paper = papers[row.id]
        by_system[LEDGER].append((row.id, for_ledger(paper)))
        for system in destinations(row, paper, connected):
            by_system.setdefault(system, []).append((row.id, paper))
    send(ctx, by_system)


def destinations(row: Document, paper: LedgerDocument, connected: frozenset[str]) -> tuple[str, ...]:
    """Where a document of the house goes beside the ledger, among the systems that the house has."""
    if row.source != HOUSE:
        return ()
    wanted = (*_to_customer(row, paper, connected), TAX_ENGINE if row.tax_engine == TAX_ENGINE else None)
    return tuple(system for system in wanted if system in connected)


def _to_customer(row: Document, paper: LedgerDocument, connected: frozenset[str]) -> tuple[str, ...]:
    """A credit memo goes where its invoice lives; who is not charged there gets a letter too."""
    if row.kind == "credit_memo":
        is_charged = paper.pays_by == "card" or row.collection_method == "charge_automatically"
        is_there = paper.corrects_ref is not None
        return (*((PAYMENTS,) if is_there else ()), *(() if is_charged and is_there else (MAIL,)))
    return (PAYMENTS if paper.pays_by == "card" and PAYMENTS in connected else MAIL,)


def send(ctx: Context, by_system: Mapping[str, list[tuple[UUID, LedgerDocument]]]) -> None:
    """Enqueues documents per system, and one job per delivery that is new."""
    enqueued = [
        id for system, ready in by_system.items() for id in posting.enqueue(ctx.session, ready, system, ctx.now)
    ]
    defer(ctx.session, DELIVER, [{"delivery_id": str(id)} for id in enqueued], queue=DELIVER)


def take_back(ctx: Context, ids: Iterable[UUID]) -> None:
    """Tells the tax engine that these drafts will never be issued, as far as it was ever asked about them."""
    if TAX_ENGINE not in intake.connected_systems(ctx.session):
        return
    rows = documents.load(ctx.session, of_engine(ctx.session, ids, TAX_ENGINE))
    papers = ledger_documents(ctx, rows.values())
    voids = [
        (id, replace(for_ledger(paper), key=f"{paper.key}{VOID_ENDING}", kind=VOID)) for id, paper in papers.items()
    ]
    send(ctx, {TAX_ENGINE: voids})


def send_again(ctx: Context, row: Document) -> LedgerDocument:
    """The document goes to its customer once more, as a message of its own; answers what is sent."""
    paper = ledger_documents(ctx, [row])[row.id]
    before = len(posting.to_system(ctx.session, row.id, MAIL))
    again = replace(paper, key=f"{paper.key}_{before + 1}" if before else paper.key)
    send(ctx, {MAIL: [(row.id, again)]})
    return again
