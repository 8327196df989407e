"""Invoice items, and the lines that they become on a draft."""

from .call import Call
from .catalog import living_customer
from .lines import lines_of, make_line, set_lines
from .refusals import not_allowed
from .shapes import Doc
from .store import Store


def need_draft(store: Store, id: str, param: str = "id") -> Doc:
    invoice = store.need("invoice", id, param)
    if invoice["status"] != "draft":
        raise not_allowed(
            "This invoice is no longer editable: it has been finalized. Correct it by a credit note.",
            "invoice_not_editable",
        )
    return invoice


def create_item(call: Call) -> Doc:
    """An invoice item on a draft, or a pending one when no invoice is named."""
    store, params = call.store, call.params
    invoice = need_draft(store, params["invoice"], "invoice") if "invoice" in params else None
    customer = living_customer(store, params.get("customer") or (invoice or {}).get("customer", ""), "customer")
    if invoice and invoice["customer"] != customer["id"]:
        raise not_allowed("The invoice belongs to another customer.", param="invoice")
    currency = invoice["currency"] if invoice else params.get("currency") or customer.get("currency") or "usd"
    if params.get("currency", currency) != currency:
        raise not_allowed(f"The currency of the invoice item must be `{currency}`.", param="currency")
    item_id = store.new_id("invoiceitem")
    line = make_line(
        store, invoice or {"id": None, "currency": currency}, _line_params(params, item_id), _rates(invoice)
    )
    item = _store_item(store, item_id, customer, invoice, line)
    if invoice:
        set_lines(store, invoice, [*lines_of(store, invoice), line])
        store.put(invoice, "invoice.updated")
    else:
        store.records.put("pending_line", item_id, line, store.now(), store.now())
    return item


def _line_params(params: Doc, item: str) -> Doc:
    details = {"invoice_item": item, "proration": False, "proration_details": None, "subscription": None}
    parent = {"type": "invoice_item_details", "invoice_item_details": details, "subscription_item_details": None}
    return {**params, "metadata": params.get("metadata") or {}, "parent": parent}


def _rates(invoice: Doc | None) -> list[str]:
    return [rate["id"] for rate in invoice["default_tax_rates"]] if invoice else []


def _store_item(store: Store, id: str, customer: Doc, invoice: Doc | None, line: Doc) -> Doc:
    return store.create(
        "invoiceitem",
        "invoiceitem.created",
        id=id,
        amount=line["amount"],
        currency=line["currency"],
        customer=customer["id"],
        date=store.time_for(customer),
        description=line["description"],
        discounts=line["discounts"],
        invoice=invoice["id"] if invoice else None,
        metadata=line["metadata"],
        net_amount=line["amount"] - sum(d["amount"] for d in line["discount_amounts"]),
        period=line["period"],
        pricing=line["pricing"],
        quantity=line["quantity"],
        quantity_decimal=line["quantity_decimal"],
        tax_rates=[],
    )


def take_pending(store: Store, invoice: Doc) -> list[Doc]:
    """Pending items of the customer and currency go onto this draft."""
    rows = store.records.query(
        "SELECT id FROM record WHERE kind = 'invoiceitem' AND json_extract(doc, '$.customer') = ? ORDER BY created, id",
        (invoice["customer"],),
    )
    lines = []
    for (id,) in rows:
        item, line = store.need("invoiceitem", id), store.records.get("pending_line", id)
        if line and item["invoice"] is None and item["currency"] == invoice["currency"]:
            store.put({**item, "invoice": invoice["id"]})
            store.records.delete("pending_line", id)
            lines.append({**line, "invoice": invoice["id"]})
    return lines


def add_lines(call: Call) -> Doc:
    invoice = need_draft(call.store, call.id)
    added = [
        make_line(call.store, invoice, _line_params(given, call.store.new_id("invoiceitem")), _rates(invoice))
        for given in call.params["lines"]
    ]
    set_lines(call.store, invoice, [*lines_of(call.store, invoice), *added])
    return call.store.put(invoice, "invoice.updated")
