"""Credit memos of the house: what an invoice gives back, laid out as a document of its own.

The head of a credit memo is negative, its lines and taxes say what is given back: as ledgers and letters want them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from core.agreements import schedule as schedules
from core.billing.crediting import Part, TaxShare, left, of_amount, of_lines, shares
from core.db.tables import BillingRun, Document, DocumentLine, DocumentTax
from core.documents import drafts as draft_rows
from core.documents import store as documents
from core.documents.corrections import CREDIT_REASONS, given_back
from core.documents.drafts import Content
from core.documents.issued import taxes_of
from core.documents.model import HOUSE, DocumentState
from core.kit.errors import Refused
from core.kit.ids import content_hash, id_from
from core.kit.money import format_minor, to_decimal, to_minor
from core.parties import store as parties
from core.workflow.billing_commands import IssueCreditMemo
from core.workflow.context import Context
from core.workflow.correctors import correctors_of_billed
from core.workflow.deciding import judge, settle
from core.workflow.four_eyes import acting, touch
from core.workflow.scheduled import Drafted

# Whose invoices the house gives back; those of others are credited where they are kept.
CREDITED_HERE = (HOUSE, "stripe")
_COPIED = (
    "entity",
    "customer_id",
    "customer_ref",
    "customer_name",
    "contract_id",
    "contract_number",
    "currency",
    "po_number",
    "tax_id",
    "bill_to",
    "bill_to_country",
    "collection_method",
    "period_start",
    "period_end",
    "tax_engine",
)
_UNTOUCHED: dict[str, Any] = {
    "corrects_ref": None,
    "replaces_id": None,
    "replaced_items": None,
    "open_minor": 0,
    "settled_on": None,
    "is_disputed": False,
    "findings": [],
    "waived_codes": [],
    "corrections": {},
    "revision": 1,
    "released_at": None,
    "posted_at": None,
    "is_issued": False,
    "run_id": None,
    "grace_until": None,
    "sent_at": None,
    "viewed_at": None,
    "bounced_at": None,
}


@dataclass(frozen=True, slots=True)
class Left:
    """What can still be given back of an invoice."""

    lines: Sequence[DocumentLine]
    parts: Sequence[Part]
    total_minor: int
    is_credited: bool


def what_is_left(ctx: Context, invoice: Document) -> Left:
    """The invoice has to be locked, so that no two credit memos take the same."""
    lines = documents.lines_of(ctx.session, [invoice.id])[invoice.id]
    before = given_back(ctx.session, invoice.id)
    billed = [Part(line.position, line.amount_minor - line.discount_minor, line.tax_minor) for line in lines]
    parts = left(billed, [Part(*each) for each in before.lines], before.unplaced_minor)
    return Left(lines, parts, invoice.total_minor - before.total_minor, before.total_minor != 0)


def credit(
    ctx: Context, invoice: Document, wish: IssueCreditMemo, *, run: BillingRun | None = None
) -> tuple[Document, dict[str, int]]:
    """The credit memo, decided, and where it went; `run`: the billing run that gives back, if no person does. That of
    a reviewed run is a draft until somebody releases the run. Raises Refused for more than what is left."""
    rest = what_is_left(ctx, invoice)
    parts = [part for part in _parts(rest, invoice, wish) if part.net_minor or part.tax_minor]
    total = sum(part.gross_minor for part in parts)
    if total <= 0:
        raise Refused("credit.nothing", f"There is nothing to credit on invoice {invoice.number}.")
    if total > rest.total_minor:
        most = format_minor(rest.total_minor, invoice.currency)
        raise Refused("credit.too_much", f"At most {invoice.currency} {most} of invoice {invoice.number} is left.")
    memo, content = _lay_out(ctx, invoice, wish, (rest, parts))
    if run:
        memo.run_id = run.id
        touch(memo, run.changed_by)
    touch(memo, _who_measured(ctx, rest, parts if run else [part for part in parts if part in rest.parts]))
    judged = judge(ctx, {memo.id: memo}, _seen(ctx, memo, content))
    draft_rows.hold_back(ctx.session, {memo.id: content})
    if run and run.mode == "review":
        draft_rows.write(ctx.session, [memo])
        return memo, {}
    counts = settle(ctx, judged, is_fresh=True)
    return memo, counts


def _who_measured(ctx: Context, rest: Left, parts: Sequence[Part]) -> list[str]:
    """Ids of the people who corrected the usage that decides what is given back: of lines of which all that is left
    goes back, or as much as a run has worked out. Of an amount that somebody names it decides nothing."""
    given = {part.position for part in parts}
    ids = {line.schedule_item_id for line in rest.lines if line.position in given and line.schedule_item_id}
    found = correctors_of_billed(ctx, schedules.items(ctx.session, ids)) if ids else {}
    return [id for people in found.values() for id in people]


def _parts(rest: Left, invoice: Document, wish: IssueCreditMemo) -> Sequence[Part]:
    if wish.lines:
        return of_lines(rest.parts, {position: to_minor(net, invoice.currency) for position, net in wish.lines})
    if wish.amount is None:
        return rest.parts
    minor = to_minor(wish.amount, invoice.currency)
    if not 0 < minor <= rest.total_minor:
        most = format_minor(max(rest.total_minor, 0), invoice.currency)
        raise Refused("credit.too_much", f"Between 0 and {invoice.currency} {most} can be credited.")
    return of_amount(rest.parts, minor)


def _lay_out(
    ctx: Context, invoice: Document, wish: IssueCreditMemo, found: tuple[Left, Sequence[Part]]
) -> tuple[Document, Content]:
    rest, parts = found
    ref = f"credit-{wish.command_id.hex}"
    id = id_from("document", HOUSE, ref)
    by_position = {line.position: line for line in rest.lines}
    lines = [_line(id, at, by_position[part.position], (part, invoice)) for at, part in enumerate(parts, start=1)]
    taxes = _taxes(ctx, id, invoice, [(part, by_position[part.position]) for part in parts])
    net, tax = sum(part.net_minor for part in parts), sum(part.tax_minor for part in parts)
    columns = {name: getattr(invoice, name) for name in _COPIED}
    row = Document(
        **_UNTOUCHED,
        **columns,
        id=id,
        kind="credit_memo",
        source=HOUSE,
        source_ref=ref,
        number=f"Draft credit of {invoice.number}",
        content_hash=content_hash([[part.position, part.net_minor, part.tax_minor] for part in parts]),
        corrects_id=invoice.id,
        reason=wish.reason,
        issue_date=ctx.now.date(),
        due_date=ctx.now.date(),
        subtotal_minor=-net,
        discount_minor=0,
        tax_minor=-tax,
        total_minor=-net - tax,
        state=DocumentState.DRAFT.value,
        recorded_at=ctx.now,
        changed_by=list(acting(ctx)),
    )
    return row, Content(lines, taxes)


def _line(id: UUID, position: int, line: DocumentLine, about: tuple[Part, Document]) -> dict[str, Any]:
    part, invoice = about
    billed = line.amount_minor - line.discount_minor
    is_whole = part.net_minor == billed
    given, of = (format_minor(minor, invoice.currency) for minor in (part.net_minor, billed))
    return {
        "document_id": id,
        "position": position,
        "product_code": line.product_code,
        "description": f"Credit: {line.description}",
        "quantity": line.quantity if is_whole else 1,
        "unit_price": line.unit_price if is_whole else to_decimal(part.net_minor, invoice.currency),
        "amount_minor": part.net_minor,
        "discount_minor": 0,
        "tax_minor": part.tax_minor,
        "period_start": line.period_start,
        "period_end": line.period_end,
        "charge_key": line.charge_key,
        "schedule_item_id": None,
        "arithmetic": f"{given} of {of} net on line {line.position} of {invoice.number}",
        "tax_percent": line.tax_percent,
        "earned_by": line.earned_by,
        "corrects_position": line.position,
    }


def _taxes(
    ctx: Context, id: UUID, invoice: Document, parts: Sequence[tuple[Part, DocumentLine]]
) -> list[dict[str, Any]]:
    """As on the invoice, jurisdiction by jurisdiction; another house's invoice says only what each line bears."""
    billed: list[DocumentTax] = taxes_of(ctx.session, [invoice.id]).get(invoice.id, [])
    if not billed:
        return []
    rates = [TaxShare(row.percent, row.taxable_minor, row.tax_minor) for row in billed]
    given = shares(rates, [(part, line.tax_percent) for part, line in parts])
    return [
        {
            "document_id": id,
            "position": row.position,
            "jurisdiction": row.jurisdiction,
            "name": row.name,
            "percent": row.percent,
            "taxable_minor": share.taxable_minor,
            "tax_minor": share.tax_minor,
            "reason": row.reason,
        }
        for row, share in zip(billed, given, strict=True)
        if share.taxable_minor or share.tax_minor
    ]


def _seen(ctx: Context, memo: Document, content: Content) -> Drafted:
    return Drafted(
        lines={memo.id: [SimpleNamespace(**line) for line in content.lines]},
        taxes={memo.id: -memo.tax_minor},
        items={},
        contracts={},
        customers=parties.customers(ctx.session, [memo.customer_id] if memo.customer_id else []),
    )


def reason_title(reason: str | None) -> str:
    """Why an invoice was given back, as people say it."""
    return CREDIT_REASONS.get(reason or "", (reason or "no reason given").replace("_", " ").capitalize())
