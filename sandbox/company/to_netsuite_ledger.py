"""NetSuite's view of posted documents: invoices, payments and credit memos with their lines and applications."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from .entities import ENTITY, TAX_RATE
from .ids import day_of
from .model import Invoice, World
from .money import text
from .positions import NOTHING, positions
from .stripe_ids import invoice_id
from .to_netsuite import RECEIVABLE, currency_id, customer_id, item_id, period_id, tax_item_id, term_id
from .to_stripe_cash import Receipt
from .to_stripe_credits import credit_note_id
from .vendor import Doc

FIRST_TRANSACTION = 100_001
POSTED_AFTER_SECONDS = 86_400 + 7200
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Posting:
    """A payment or credit memo beside its invoice; `applied` is how much of it settles that invoice."""

    number: int
    invoice: int
    row: Doc
    applied: int


def transactions(made: World) -> Iterator[Doc]:
    yield from _invoices(made)
    yield from (posting.row for posting in _postings(made))


def transaction_lines(made: World) -> Iterator[Doc]:
    for place in _posted(made):
        yield from _invoice_lines(made, place)
    for posting in _postings(made):
        yield _main(posting.row["id"], posting.row["foreigntotal"], posting.row["memo"])


def links(made: World) -> Iterator[Doc]:
    """Which payment or credit settled which invoice."""
    for number, posting in enumerate((p for p in _postings(made) if p.applied), start=1):
        yield {
            "id": str(number),
            "previousdoc": _number(posting.invoice),
            "previousline": "0",
            "nextdoc": posting.row["id"],
            "nextline": "0",
            "linktype": "Payment",
            "foreignamount": text(posting.applied),
        }


def _posted(made: World) -> Iterator[int]:
    return (place for place, invoice in enumerate(made.invoices) if invoice.posted)


def _number(place: int) -> str:
    return str(FIRST_TRANSACTION + place)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _invoices(made: World) -> Iterator[Doc]:
    money = positions(made)
    for place in _posted(made):
        invoice, position = made.invoices[place], money.get(place, NOTHING)
        remaining = position.remaining(invoice)
        status = "V" if invoice.status == "void" else "B" if remaining == 0 else "A"
        changed = max(invoice.created + POSTED_AFTER_SECONDS, position.last_change(invoice))
        yield _head(made, _number(place), invoice, (invoice.issued, invoice.created + POSTED_AFTER_SECONDS)) | {
            "type": "CustInvc",
            "tranid": invoice.number,
            "externalid": "stripe_" + invoice_id(made.seed, invoice),
            "duedate": invoice.due.isoformat(),
            "foreigntotal": "0.00" if status == "V" else text(invoice.total),
            "foreignamountunpaid": text(remaining),
            "status": status,
            "memo": f"Contract {invoice.contract_number}",
            "otherrefnum": invoice.po_number,
            "terms": term_id((invoice.due - invoice.issued).days),
            "lastmodifieddate": _moment(changed),
        }


def _head(made: World, id: str, invoice: Invoice, when: tuple[date, int]) -> Doc:
    day, created = when
    customer = made.customers[invoice.customer]
    return {
        "id": id,
        "entity": customer_id(customer),
        "trandate": day.isoformat(),
        "currency": currency_id(invoice.currency),
        "postingperiod": period_id(made, day),
        "subsidiary": str(ENTITY[customer.entity].subsidiary),
        "createddate": _moment(created),
        "lastmodifieddate": _moment(created),
    }


def _main(transaction: str, total: str, memo: str | None) -> Doc:
    return {"transaction": transaction, "id": "0", "mainline": "T", "foreignamount": total, "memo": memo,
            "account": RECEIVABLE}  # fmt: skip


def _invoice_lines(made: World, place: int) -> Iterator[Doc]:
    """The main line, then one per product: net of discount, with its tax."""
    invoice, id = made.invoices[place], _number(place)
    void = invoice.status == "void"
    yield _main(id, "0.00" if void else text(invoice.total), f"Contract {invoice.contract_number}")
    rate = TAX_RATE[invoice.tax_code]
    for number, line in enumerate(invoice.lines, start=1):
        yield {
            "transaction": id,
            "id": str(number),
            "mainline": "F",
            "item": item_id(line.product),
            "quantity": str(line.quantity),
            "rate": text(line.unit_minor),
            "foreignamount": "0.00" if void else text(line.amount - line.discount),
            "memo": f"{line.product} {line.start} to {line.end}",
            "taxcode": tax_item_id(rate.code),
            "taxrate": str(rate.basis_points // 100),
            "taxamount": "0.00" if void else text(line.tax),
        }


def _postings(made: World) -> Iterator[Posting]:
    """Payments that came in, then credit notes, of posted invoices; numbered after the invoices."""
    number = FIRST_TRANSACTION + len(made.invoices)
    for payment in made.payments:
        invoice = made.invoices[payment.invoice]
        if invoice.posted and not payment.failed:
            receipt = Receipt(made.seed, invoice, made.customers[invoice.customer], payment)
            row = _head(made, str(number), invoice, (day_of(payment.at), payment.at)) | {
                "type": "CustPymt",
                "tranid": f"PYMT{number}",
                "externalid": "stripe_" + receipt.link_id,
                "foreigntotal": text(payment.amount),
                "foreignamountunpaid": text(payment.excess),
                "status": "C",
                "memo": invoice.number,
            }
            yield Posting(number, payment.invoice, row, payment.amount - payment.excess)
            number += 1
    yield from _credit_memos(made, number)


def _credit_memos(made: World, number: int) -> Iterator[Posting]:
    for credit in made.credits:
        invoice = made.invoices[credit.invoice]
        row = _head(made, str(number), invoice, (day_of(credit.at), credit.at)) | {
            "type": "CustCred",
            "tranid": f"{invoice.number}-CN-01",
            "externalid": "stripe_" + credit_note_id(made.seed, invoice, credit),
            "foreigntotal": text(credit.amount),
            "foreignamountunpaid": "0.00",
            "status": "B",
            "memo": credit.memo,
        }
        yield Posting(number, credit.invoice, row, 0 if credit.after_payment else credit.amount)
        number += 1
