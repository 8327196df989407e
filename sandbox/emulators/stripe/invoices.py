"""The life of an invoice: draft, open, then paid, void or uncollectible."""

from typing import Any

from .call import Call
from .catalog import living_customer
from .items import need_draft, take_pending
from .lines import lines_of, set_lines
from .payments import open_payment, settle
from .refusals import bad_parameter, not_allowed
from .shapes import Doc, page
from .store import Store

DAY = 86400
EDITABLE_DRAFT = ("auto_advance", "collection_method", "due_date", "effective_at", "custom_fields", "number")
TEXTS = ("description", "footer", "statement_descriptor")


def create_invoice(call: Call) -> Doc:
    params, store = call.params, call.store
    if "customer" not in params:
        raise bad_parameter("parameter_missing", "Missing required param: customer.", "customer")
    if params.get("discounts"):
        raise not_allowed("The sandbox takes discounts on invoice items, not on whole invoices.", param="discounts")
    customer = living_customer(store, params["customer"], "customer")
    invoice = draft(store, customer, params.get("currency") or customer.get("currency") or "usd", params)
    invoice["metadata"] = call.metadata()
    with_pending = params.get("pending_invoice_items_behavior") == "include"
    set_lines(store, invoice, take_pending(store, invoice) if with_pending else [])
    return store.put(invoice, "invoice.created")


def draft(store: Store, customer: Doc, currency: str, params: Doc) -> Doc:
    """A stored draft without lines."""
    at = store.time_for(customer)
    method = params.get("collection_method", "charge_automatically")
    if method == "send_invoice" and not {"days_until_due", "due_date"} & set(params):
        raise bad_parameter(
            None, "If invoices are to be sent, you must specify `days_until_due` or `due_date`.", "days_until_due"
        )
    fields = {
        name: params.get(name) or None for name in (*TEXTS, "custom_fields", "effective_at", "due_date", "number")
    }
    if "days_until_due" in params:
        fields["due_date"] = at + params["days_until_due"] * DAY
    advance = bool(params.get("auto_advance", False))
    invoice = store.create(
        "invoice",
        at=at,
        auto_advance=advance,
        automatically_finalizes_at=at + 3600 if advance else None,
        collection_method=method,
        currency=currency.lower(),
        customer=customer["id"],
        default_payment_method=params.get("default_payment_method"),
        default_tax_rates=[
            store.need("tax_rate", id, "default_tax_rates") for id in params.get("default_tax_rates") or []
        ],
        lines=page([], "/v1/invoices/x/lines"),
        period_start=at,
        period_end=at,
        **fields,
    )
    _remember_terms(store, invoice["id"], params.get("days_until_due"))
    copy_customer(store, invoice, customer)
    return invoice


def copy_customer(store: Store, invoice: Doc, customer: Doc) -> None:
    """The customer as it stands; at finalisation this becomes part of the document."""
    tax_ids = store.records.query(
        "SELECT json_extract(doc, '$.type'), json_extract(doc, '$.value') FROM record "
        "WHERE kind = 'tax_id' AND json_extract(doc, '$.customer') = ?",
        (customer["id"],),
    )
    given = [{"type": kind, "value": value} for kind, value in tax_ids]
    for name in ("name", "email", "address", "phone", "shipping", "tax_exempt"):
        invoice[f"customer_{name}"] = customer.get(name)
    invoice["customer_tax_ids"] = given or invoice["customer_tax_ids"]


def update_invoice(call: Call) -> Doc:
    store, params = call.store, call.params
    invoice = store.need("invoice", call.id)
    free = {"metadata", "auto_advance", "expand", "description"}
    if set(params) - free:
        need_draft(store, call.id)
    invoice.update(call.given(*EDITABLE_DRAFT, *TEXTS))
    if params.get("days_until_due"):
        invoice["due_date"] = invoice["created"] + params["days_until_due"] * DAY
        _remember_terms(store, invoice["id"], params["days_until_due"])
    invoice["metadata"] = call.metadata(invoice.get("metadata"))
    return store.put(invoice, "invoice.updated")


def delete_invoice(call: Call) -> Doc:
    invoice = call.store.need("invoice", call.id)
    if invoice["status"] != "draft":
        raise not_allowed("You can only delete draft invoices.", "invoice_not_editable")
    return call.store.remove(invoice, "invoice.deleted")


def list_lines(call: Call) -> Doc:
    """Lines in their order on the document."""
    invoice = call.store.need("invoice", call.id)
    lines, limit = lines_of(call.store, invoice), call.params.get("limit", 10)
    after = call.params.get("starting_after")
    start = next((i + 1 for i, line in enumerate(lines) if line["id"] == after), 0)
    return page(lines[start : start + limit], call.path, start + limit < len(lines))


def finalize_invoice(call: Call) -> Doc:
    return finalize(call.store, need_draft(call.store, call.id), call.params.get("auto_advance"))


def finalize(store: Store, invoice: Doc, auto_advance: bool | None = None) -> Doc:
    """Draft to open: number, dates, the customer as it stands, the customer's balance, the first invoice payment."""
    customer = living_customer(store, invoice["customer"], "customer")
    if not invoice["lines"]["data"] and not invoice["total"]:
        raise not_allowed("You must add at least one invoice item before finalizing.", "invoice_no_customer_line_items")
    at = store.time_for(customer)
    copy_customer(store, invoice, customer)
    invoice["number"] = invoice["number"] or _next_number(customer)
    balance = int(customer.get("balance") or 0)
    used = max(balance, -max(invoice["total"], 0))  # a negative balance is credit and is used up to the total
    customer["balance"] = balance - used
    store.put(customer, "customer.updated")
    due = max(invoice["total"] + used, 0)
    address = f"https://invoice.stripe.com/i/{invoice['id']}"
    invoice.update(
        status="open",
        starting_balance=balance,
        ending_balance=customer["balance"],
        amount_due=due,
        amount_remaining=due,
        effective_at=invoice["effective_at"] or at,
        auto_advance=invoice["auto_advance"] if auto_advance is None else auto_advance,
        automatically_finalizes_at=None,
        hosted_invoice_url=address,
        invoice_pdf=f"{address}/pdf",
        due_date=_due_date(store, invoice, at),
    )
    invoice["status_transitions"]["finalized_at"] = at
    store.put(invoice, "invoice.finalized", "invoice.updated")
    if due == 0:
        return settle(store, invoice)
    open_payment(store, invoice)
    return invoice


def _next_number(customer: Doc) -> str:
    sequence = int(customer.get("next_invoice_sequence") or 1)
    customer["next_invoice_sequence"] = sequence + 1
    return f"{customer.get('invoice_prefix') or customer['id'][-8:].upper()}-{sequence:04d}"


def _remember_terms(store: Store, id: str, days: int | None) -> None:
    """The due date counts from finalisation, and a draft has no field that holds the days until then."""
    if days is not None:
        store.records.put("draft_terms", id, {"days": days}, 0, 0)


def _due_date(store: Store, invoice: Doc, at: int) -> Any:
    terms = store.records.get("draft_terms", invoice["id"])
    return at + int(terms["days"]) * DAY if terms else invoice["due_date"]


def send_invoice(call: Call) -> Doc:
    invoice = call.store.need("invoice", call.id)
    if invoice["collection_method"] != "send_invoice":
        raise not_allowed("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        invoice = finalize(call.store, invoice)
    return call.store.put(invoice, "invoice.sent")


def close_as(status: str, stamp: str, event: str, allowed: tuple[str, ...]) -> Any:
    """The handlers of void and mark_uncollectible."""

    def handle(call: Call) -> Doc:
        store = call.store
        invoice = store.need("invoice", call.id)
        if invoice["status"] not in allowed:
            raise not_allowed(
                f"This invoice is {invoice['status']}; it cannot be made {status}.", "invoice_not_editable"
            )
        if status == "void":
            if invoice["amount_paid"]:
                raise not_allowed("You cannot void an invoice that has been partially paid.")
            cancel_payments(store, invoice)
            invoice["amount_remaining"] = 0
        invoice["status"] = status
        invoice["status_transitions"][stamp] = store.now()
        return store.put(invoice, event, "invoice.updated")

    return handle


def cancel_payments(store: Store, invoice: Doc) -> None:
    """Nothing more is to be collected: open invoice payments and their payment intents are canceled."""
    rows = store.records.query(
        "SELECT id FROM record WHERE kind = 'invoice_payment' AND json_extract(doc, '$.invoice') = ?", (invoice["id"],)
    )
    for (id,) in rows:
        payment = store.need("invoice_payment", id)
        if payment["status"] == "open":
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = store.now()
            store.put(payment)
            intent = store.find("payment_intent", payment["payment"].get("payment_intent") or "")
            if intent and intent["status"] != "succeeded":
                store.put({**intent, "status": "canceled", "canceled_at": store.now()}, "payment_intent.canceled")
