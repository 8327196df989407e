"""Credit notes: before payment they lower what is due, after payment they say where the money goes."""

from decimal import Decimal

from .call import Call
from .intents import refund
from .lines import lines_of, whole
from .payments import settle
from .refusals import not_allowed
from .shapes import Doc, new, page
from .store import Store

Parts = tuple[int, int, int]


def create_credit_note(call: Call) -> Doc:
    store, params = call.store, call.params
    invoice = store.need("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise not_allowed(f"Credit notes need a finalized invoice; this one is {invoice['status']}.", param="invoice")
    lines = _lines(store, invoice, params)
    total = sum(line["amount"] - line["discount_amount"] + _tax(line) for line in lines)
    credited = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    if total <= 0 or total > invoice["total"] - credited:
        raise not_allowed(f"The sum of credit amount ({total}) exceeds what can still be credited.", param="amount")
    before = min(total, invoice["amount_remaining"])
    note = _note(call, invoice, lines, (total, before, total - before))
    _after_payment(call, invoice, note)
    store.put(note, "credit_note.created")
    _on_invoice(store, invoice, before, total - before)
    return note


def _tax(line: Doc) -> int:
    return sum(t["amount"] for t in line["taxes"] if t["tax_behavior"] == "exclusive")


def _lines(store: Store, invoice: Doc, params: Doc) -> list[Doc]:
    if "lines" not in params:
        amount = int(params["amount"] if "amount" in params else invoice["amount_remaining"] or invoice["total"])
        return [_line(store, "custom_line_item", amount, {"description": params.get("memo")})]
    known = {line["id"]: line for line in lines_of(store, invoice)}
    made = []
    for given in params["lines"]:
        if given["type"] == "invoice_line_item":
            made.append(_from_invoice(store, known.get(given.get("invoice_line_item", "")), given))
        else:
            quantity = given.get("quantity", 1)
            amount = given.get("amount", whole(Decimal(given.get("unit_amount", 0)) * quantity))
            made.append(_line(store, "custom_line_item", amount, {"quantity": quantity, **_described(given)}))
    return made


def _described(given: Doc) -> Doc:
    return {"description": given.get("description")}


def _from_invoice(store: Store, source: Doc | None, given: Doc) -> Doc:
    """A part of an invoice line, with the same part of its discount and taxes."""
    if source is None:
        raise not_allowed(
            "No such invoice line item on this invoice.", "resource_missing", "lines[0][invoice_line_item]"
        )
    share = Decimal(given.get("quantity") or source["quantity"] or 1) / Decimal(source["quantity"] or 1)
    if "amount" in given:
        share = Decimal(given["amount"]) / Decimal(source["amount"])
    if not 0 < share <= 1:
        raise not_allowed("The quantity or amount exceeds that of the invoice line item.", param="lines[0][quantity]")
    fields = {
        "description": given.get("description") or source["description"],
        "invoice_line_item": source["id"],
        "quantity": given.get("quantity"),
        "discount_amounts": [{**d, "amount": whole(d["amount"] * share)} for d in source["discount_amounts"]],
        "taxes": [
            {**t, "amount": whole(t["amount"] * share), "taxable_amount": whole((t["taxable_amount"] or 0) * share)}
            for t in source["taxes"]
        ],
    }
    fields["discount_amount"] = sum(d["amount"] for d in fields["discount_amounts"])
    return _line(store, "invoice_line_item", whole(source["amount"] * share), fields)


def _line(store: Store, type: str, amount: int, fields: Doc) -> Doc:
    return new("credit_note_line_item", store.new_id("credit_note_line_item"), 0, type=type, amount=amount, **fields)


def _note(call: Call, invoice: Doc, lines: list[Doc], parts: Parts) -> Doc:
    total, before, after = parts
    store = call.store
    count = len(
        store.records.query(
            "SELECT 1 FROM record WHERE kind = 'credit_note' AND json_extract(doc, '$.invoice') = ?", (invoice["id"],)
        )
    )
    subtotal = sum(line["amount"] for line in lines)
    off = sum(line["discount_amount"] for line in lines)
    id = store.new_id("credit_note")
    return new(
        "credit_note",
        id,
        store.now(),
        amount=total,
        currency=invoice["currency"],
        customer=invoice["customer"],
        discount_amount=off,
        discount_amounts=[d for line in lines for d in line["discount_amounts"]],
        effective_at=call.params.get("effective_at") or store.now(),
        invoice=invoice["id"],
        lines=page(lines[:10], f"/v1/credit_notes/{id}/lines", len(lines) > 10),
        memo=call.params.get("memo"),
        metadata=call.metadata(),
        number=f"{invoice['number']}-CN-{count + 1:02d}",
        pdf=f"https://pay.stripe.com/credit_notes/{id}/pdf",
        post_payment_amount=after,
        pre_payment_amount=before,
        reason=call.params.get("reason"),
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=subtotal - off,
        total_taxes=[t for line in lines for t in line["taxes"]],
        type="pre_payment" if not after else "post_payment" if not before else "mixed",
    )


def _after_payment(call: Call, invoice: Doc, note: Doc) -> None:
    """Money already paid goes back as a refund, to the customer's balance, or outside Stripe; the parts must add up."""
    store, params = call.store, call.params
    given = params.get("refunds", [])
    refunds = [store.need("refund", r.get("refund", ""), "refunds[0][refund]") for r in given]
    linked = sum(r.get("amount_refunded", doc["amount"]) for r, doc in zip(given, refunds, strict=True))
    parts = [params.get(f"{name}_amount") or 0 for name in ("refund", "credit", "out_of_band")]
    if sum(parts) + linked != note["post_payment_amount"]:
        raise not_allowed(
            "The sum of refund_amount, credit_amount, out_of_band_amount and refunds must equal the post payment "
            f"amount ({note['post_payment_amount']})."
        )
    if parts[0]:
        refunds.append(refund(store, _charge_of(store, invoice), parts[0], "requested_by_customer", {}))
    if parts[1]:
        customer = store.need("customer", invoice["customer"])
        store.put({**customer, "balance": (customer.get("balance") or 0) - parts[1]}, "customer.updated")
        note["customer_balance_transaction"] = store.new_id("cbtxn")
    note["out_of_band_amount"] = parts[2] or None
    note["refunds"] = [
        {"amount_refunded": r["amount"], "refund": r["id"], "type": "refund", "payment_record_refund": None}
        for r in refunds
    ]


def _charge_of(store: Store, invoice: Doc) -> Doc:
    rows = store.records.query(
        "SELECT json_extract(doc, '$.payment.payment_intent') FROM record WHERE kind = 'invoice_payment' "
        "AND json_extract(doc, '$.invoice') = ? AND (doc ->> '$.status') = 'paid'",
        (invoice["id"],),
    )
    for (intent,) in rows:
        charge = store.find("charge", (store.find("payment_intent", intent or "") or {}).get("latest_charge") or "")
        if charge:
            return charge
    raise not_allowed("There is no charge on this invoice to refund.", param="refund_amount")


def _on_invoice(store: Store, invoice: Doc, before: int, after: int) -> None:
    invoice["pre_payment_credit_notes_amount"] += before
    invoice["post_payment_credit_notes_amount"] += after
    invoice["amount_due"] -= before
    invoice["amount_remaining"] -= before
    if before and invoice["amount_remaining"] == 0:
        settle(store, invoice)
    else:
        store.put(invoice, "invoice.updated")


def void_credit_note(call: Call) -> Doc:
    store = call.store
    note = store.need("credit_note", call.id)
    invoice = store.need("invoice", note["invoice"])
    if note["status"] == "void" or note["post_payment_amount"] or invoice["status"] != "open":
        raise not_allowed("You can only void issued credit notes of open invoices.")
    note.update(status="void", voided_at=store.now())
    store.put(note, "credit_note.voided")
    _on_invoice(store, invoice, -note["pre_payment_amount"], 0)
    return note


def list_lines(call: Call) -> Doc:
    return {**call.store.need("credit_note", call.id)["lines"], "url": call.path}
