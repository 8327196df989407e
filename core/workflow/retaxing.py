"""Tax of invoices that have not gone out, determined again where the facts that it rests on may have changed.

Until its release an invoice of the house says of its buyer what the CRM says now, except for what a person corrected
on the invoice itself; and it bears the tax that follows from that under the law of the day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from core.cases import store as cases
from core.db.tables import Case, Customer, Document, DocumentTax
from core.documents import store as documents
from core.documents import untaxed
from core.documents.issued import taxes_of
from core.documents.model import HOUSE, UNDECIDED
from core.kit.ids import content_hash
from core.parties import store as parties
from core.workflow.context import Context
from core.workflow.taxing import TABLE, Taxed, buyer_facts, stored_question, taxed

_UNDETERMINED = "tax.undetermined"


def redetermine(ctx: Context, rows: Mapping[UUID, Document]) -> None:
    """Before they are decided. The built-in table answers at once; an engine outside is asked anew by its job, and
    until then the tax is not determined."""
    ours = [row for row in rows.values() if row.source == HOUSE and row.kind == "invoice" and not row.is_issued]
    if not ours:
        return
    customers = parties.customers(ctx.session, [row.customer_id for row in ours if row.customer_id])
    about = [(row, customers[row.customer_id]) for row in ours if row.customer_id in customers]
    about = [(row, customer) for row, customer in about if _may_differ(ctx, row, customer)]
    moved = [row for row, customer in about if _follow(row, customer)]
    _forget(ctx, [row for row in moved if row.tax_engine != TABLE])
    _tax_again(ctx, [(row, customer) for row, customer in about if row.tax_engine == TABLE])


def forget_tax(ctx: Context, row: Document, corrected: Collection[str]) -> None:
    """A person has put right what an engine outside was told: it is asked again, also if it had refused."""
    if row.source != HOUSE or row.is_issued or row.tax_engine in (None, TABLE) or not _rests_on(corrected):
        return
    refused = (Case.document_id == row.id) & (Case.code == _UNDETERMINED)
    cases.close_by(ctx.session, refused, "Corrected; the tax engine is asked again", ctx.actor.label, ctx.now)
    _forget(ctx, [row])


def _rests_on(names: Collection[str]) -> bool:
    return any(name in names for name in ("tax_id", "bill_to"))


def _may_differ(ctx: Context, row: Document, customer: Customer) -> bool:
    """Of what was drafted today for a customer that has not changed since, the tax is that of the draft."""
    is_of_today = row.recorded_at.date() == ctx.now.date() and customer.updated_at <= row.recorded_at
    return row.state in UNDECIDED or not is_of_today


def _follow(row: Document, customer: Customer) -> bool:
    """The invoice says of its buyer what is known now; whether that is something else."""
    facts = buyer_facts(row, customer)
    changed = {name: value for name, value in facts.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    row.revision += bool(changed)
    return bool(changed)


def _forget(ctx: Context, rows: Iterable[Document]) -> None:
    """What an engine says of a question that it was asked before is dropped: the content is another one."""
    for row in rows:
        facts = [row.tax_id, row.bill_to, row.bill_to_country]
        write_tax(ctx, {row.id: row}, {row.id: Taxed(row.tax_engine or TABLE)})
        row.content_hash = content_hash([row.content_hash, *facts])


def _tax_again(ctx: Context, about: Sequence[tuple[Document, Customer]]) -> None:
    if not about:
        return
    rows = {row.id: row for row, _ in about}
    lines, before = documents.lines_of(ctx.session, rows), taxes_of(ctx.session, rows)
    entities, found = parties.entities(ctx.session), {}
    for row, customer in about:
        entity = entities.get(row.entity or "")
        if entity is None:
            continue
        asked = stored_question(row, lines[row.id], customer, entity, day=ctx.now.date())
        answer = taxed(TABLE, ctx.tax.table.calculate(asked))
        if _content(before.get(row.id, ())) != [tuple(tax.values()) for tax in answer.rows]:
            found[row.id] = answer
    write_tax(ctx, rows, found)
    for id in found:
        rows[id].content_hash = content_hash(
            [[each.amount_minor, each.tax_minor, each.arithmetic] for each in lines[id]]
        )


def _content(rows: Iterable[DocumentTax]) -> list[tuple[object, ...]]:
    return [
        (row.position, row.jurisdiction, row.name, row.percent, row.taxable_minor, row.tax_minor, row.reason)
        for row in rows
    ]


def write_tax(ctx: Context, rows: Mapping[UUID, Document], found: Mapping[UUID, Taxed]) -> None:
    """Tax per jurisdiction, line and document, in place of what stood there."""
    if not found:
        return
    taxes = [{"document_id": id} | tax for id, each in found.items() for tax in each.rows]
    untaxed.write_taxes(ctx.session, taxes, {id: each.lines for id, each in found.items()})
    for id, each in found.items():
        row = rows[id]
        row.tax_minor, row.tax_engine = each.total_minor, each.engine
        row.total_minor = row.subtotal_minor - row.discount_minor + row.tax_minor
        row.revision += 1
    ctx.session.flush()
