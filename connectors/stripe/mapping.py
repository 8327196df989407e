"""Stripe's objects as canonical records. Pure.

Amounts stay minor units; currencies become upper case; unix seconds become days in UTC. A period's end is the day
Stripe states: the first day after the period.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from connectors.shapes import Records, Translator, one_line, translate
from connectors.stripe import shapes
from connectors.stripe.names import SOURCE
from connectors.stripe.subscribing import meter, subscription
from core.canonical import (
    CreditMemoRecord,
    CustomerRecord,
    DatedRecord,
    DisputeRecord,
    DocumentLineRecord,
    InvoiceRecord,
    PaymentRecord,
    ProductRecord,
)
from core.kit.clock import from_unix
from core.kit.money import exponent
from core.ports import RawRecord

# Beside an object of a list: an instant (unix seconds) at which it was so, or later.
AS_OF = "_as_of"
_EPOCH = date(1970, 1, 1).toordinal()
_METHODS: dict[str, Literal["card", "bank"]] = {"payment_intent": "card", "charge": "card", "payment_record": "bank"}
_DISPUTE_STATES: dict[str, Literal["open", "upheld", "rejected", "withdrawn"]] = {
    "needs_response": "open",
    "under_review": "open",
    "warning_needs_response": "open",
    "warning_under_review": "open",
    "appeal_needs_response": "open",
    "appeal_under_review": "open",
    "lost": "upheld",
    "won": "rejected",
    "warning_closed": "withdrawn",
    "prevented": "withdrawn",
}


def to_canonical(record: RawRecord) -> Records:
    """The records behind one object or event; none for kinds that mean nothing to us."""
    if record.kind.startswith("event:"):
        return translate("Stripe", record, _event)
    translator = _OBJECTS.get(record.kind)
    if translator is None:
        raise ValueError(f"Stripe sends no records of the kind “{record.kind}”.")
    return translate("Stripe", record, lambda payload: _dated(translator(payload), payload.get(AS_OF)))


def _dated(records: Records, seconds: int | None) -> Records:
    """The same, told at an instant, where their kind keeps it."""
    if seconds is None:
        return records
    told_at = from_unix(seconds)
    return tuple(
        [each.model_copy(update={"told_at": told_at}) if isinstance(each, DatedRecord) else each for each in records]
    )


def day_of(seconds: int) -> date:
    """The UTC day of an instant."""
    return date.fromordinal(_EPOCH + seconds // 86_400)


def _customer(payload: dict[str, Any]) -> Records:
    found = shapes.Customer.model_validate(payload)
    customer = CustomerRecord(
        source=SOURCE,
        source_ref=found.id,
        crm_ref=found.metadata.get("sf_account_id") or None,
        number=found.metadata.get("account_number"),
        name=found.name or found.email or "Unnamed customer",
        entity=found.metadata.get("legal_entity"),
        currency=found.currency.upper() if found.currency else None,
        country=found.address.country if found.address else None,
        address=_address(found.address),
        email=found.email,
    )
    return (customer,)


def _address(address: shapes.Address | None) -> str | None:
    if address is None:
        return None
    town = " ".join(part for part in (address.postal_code, address.city) if part)
    if not (address.line1 or town):
        return None
    return one_line(address.line1, address.line2, town, address.state, address.country)


def _product(payload: dict[str, Any]) -> Records:
    found = shapes.Product.model_validate(payload)
    code = found.metadata.get("product_code")
    return (ProductRecord(source=SOURCE, source_ref=found.id, code=code, name=found.name),) if code else ()


def _invoice(payload: dict[str, Any]) -> Records:
    found = shapes.Invoice.model_validate(payload)
    if found.lines.has_more:
        raise ValueError(f"Invoice {found.number or 'without a number'} came without all of its lines.")
    currency = found.currency.upper()
    digits = exponent(currency)
    issued = day_of(found.effective_at or found.created)
    invoice = InvoiceRecord(
        source=SOURCE,
        source_ref=found.id,
        number=found.number or f"Draft {found.id[-8:]}",
        status=found.status,
        customer_ref=found.customer,
        customer_name=found.customer_name or "Unnamed customer",
        contract_number=found.metadata.get("contract_number") or None,
        entity=found.metadata.get("legal_entity") or None,
        currency=currency,
        issue_date=issued,
        due_date=issued if found.due_date is None else day_of(found.due_date),
        period_start=day_of(found.period_start),
        period_end=day_of(found.period_end),
        lines=tuple([_line(line, digits) for line in found.lines.data]),
        subtotal_minor=found.subtotal,
        discount_minor=sum([part.amount for part in found.total_discount_amounts or ()]),
        tax_minor=_tax(found.total_taxes),
        total_minor=found.total,
        po_number=found.metadata.get("po_number") or None,
        tax_id=found.customer_tax_ids[0].value if found.customer_tax_ids else None,
        bill_to=_address(found.customer_address),
        bill_to_country=found.customer_address.country if found.customer_address else None,
        collection_method=found.collection_method,
        house_ref=found.metadata.get("house_document") or None,
    )
    return (invoice,)


def _line(line: shapes.Line, digits: int) -> DocumentLineRecord:
    quantity = Decimal(1 if line.quantity is None else line.quantity)
    if line.pricing is not None and line.pricing.unit_amount_decimal is not None:
        unit = line.pricing.unit_amount_decimal
    else:
        unit = Decimal(line.amount) / (quantity or 1)
    return DocumentLineRecord(
        product_code=line.metadata.get("product_code"),
        description=line.description or "",
        quantity=quantity,
        unit_price=unit.scaleb(-digits),
        amount_minor=line.amount,
        discount_minor=sum([part.amount for part in line.discount_amounts or ()]),
        tax_minor=_tax(line.taxes),
        period_start=day_of(line.period.start),
        period_end=day_of(line.period.end),
    )


def _tax(taxes: list[shapes.Tax] | None) -> int:
    if not taxes:
        return 0
    if any(tax.tax_behavior == "inclusive" for tax in taxes):
        raise ValueError("Prices that include tax are not understood; tax has to be stated on top.")
    return sum([tax.amount for tax in taxes])


def _credit_note(payload: dict[str, Any]) -> Records:
    found = shapes.CreditNote.model_validate(payload)
    memo = CreditMemoRecord(
        source=SOURCE,
        source_ref=found.id,
        number=found.number,
        invoice_ref=found.invoice,
        status=found.status,
        customer_ref=found.customer,
        currency=found.currency.upper(),
        issue_date=day_of(found.effective_at or found.created),
        total_minor=found.total,
        tax_minor=_tax(found.total_taxes),
        reason=found.reason,
        house_ref=(found.metadata or {}).get("house_document") or None,
    )
    return (memo,)


def _payment(payload: dict[str, Any]) -> Records:
    """Only money that arrived: an open or cancelled attempt is no payment."""
    found = shapes.InvoicePayment.model_validate(payload)
    if found.status != "paid" or not found.amount_paid:
        return ()
    payment = PaymentRecord(
        source=SOURCE,
        source_ref=found.id,
        invoice_ref=found.invoice,
        customer_ref=None,
        currency=found.currency.upper(),
        amount_minor=found.amount_paid,
        received_on=day_of(found.status_transitions.paid_at or found.created),
        method=_METHODS.get(found.payment.type, "other"),
    )
    return (payment,)


def _dispute(payload: dict[str, Any], closed_at: int | None = None) -> Records:
    found = shapes.Dispute.model_validate(payload)
    state = _DISPUTE_STATES.get(found.status)
    if state is None:
        raise ValueError(f"“{found.status}” is not a state of a card dispute that we know.")
    due_by = found.evidence_details.due_by
    dispute = DisputeRecord(
        source=SOURCE,
        source_ref=found.id,
        kind="card",
        number=None,
        invoice_ref=found.invoice_found,
        invoice_number=None,
        payment_ref=found.payment_intent,
        customer_ref=None,
        reason=found.reason,
        sentence=None,
        currency=found.currency.upper(),
        amount_minor=found.amount,
        state=state,
        opened_at=from_unix(found.created),
        due_at=None if due_by is None else from_unix(due_by),
        closed_at=from_unix(closed_at) if closed_at is not None and state != "open" else None,
    )
    return (dispute,)


def _nothing(payload: dict[str, Any]) -> Records:
    return ()


def _event(payload: dict[str, Any]) -> Records:
    """The object as it was when the event happened. Events about anything else mean nothing to us."""
    event = shapes.Event.model_validate(payload)
    return _dated(_subject(event), event.created)


def _subject(event: shapes.Event) -> Records:
    subject, _, verb = event.type.rpartition(".")
    translator = _EVENT_SUBJECTS.get(subject)
    if translator is None or verb == "upcoming":
        return ()
    if subject == "charge.dispute":
        return _dispute(event.data.object, event.created)
    if verb == "deleted" and subject != "customer.subscription":
        # Only a draft can be deleted: it is out of the receivables for good.
        gone = _invoice(event.data.object) if subject == "invoice" else ()
        return tuple([each.model_copy(update={"status": "deleted"}) for each in gone])
    return translator(event.data.object)


_OBJECTS: dict[str, Translator] = {
    "customer": _customer,
    "product": _product,
    "price": _nothing,
    "invoice": _invoice,
    "credit_note": _credit_note,
    "invoice_payment": _payment,
    "dispute": _dispute,
    "subscription": subscription,
    "billing.meter": meter,
}
_EVENT_SUBJECTS: dict[str, Translator] = {
    "customer": _customer,
    "product": _product,
    "invoice": _invoice,
    "credit_note": _credit_note,
    "invoice_payment": _payment,
    "charge.dispute": _dispute,
    "customer.subscription": subscription,
    "billing.meter": meter,
}
