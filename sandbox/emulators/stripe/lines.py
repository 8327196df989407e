"""Lines of an invoice: amounts, discounts and taxes, and the sums that the invoice shows. All in minor units."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .refusals import bad_parameter, not_allowed
from .shapes import Doc, new, page
from .store import Store

EMBEDDED = 10


def whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def lines_of(store: Store, invoice: Doc) -> list[Doc]:
    """All lines; the invoice itself carries the first ten only."""
    rest = store.records.get("invoice_lines", invoice["id"]) if invoice["lines"]["has_more"] else None
    return list(rest["data"]) if rest else list(invoice["lines"]["data"])


def set_lines(store: Store, invoice: Doc, lines: list[Doc]) -> None:
    """Put lines on an invoice and work out its sums again."""
    more = len(lines) > EMBEDDED
    invoice["lines"] = page(lines[:EMBEDDED], f"/v1/invoices/{invoice['id']}/lines", more)
    if more:
        now = store.now()
        store.records.put("invoice_lines", invoice["id"], {"data": lines}, now, now)
    _add_up(invoice, lines)


def _add_up(invoice: Doc, lines: list[Doc]) -> None:
    discounts = _by_key(lines, "discount_amounts", lambda d: d["discount"])
    taxes = _by_key(lines, "taxes", lambda t: (t["tax_rate_details"] or {}).get("tax_rate"))
    subtotal = sum(line["amount"] for line in lines)
    off = sum(d["amount"] for d in discounts)
    tax = sum(t["amount"] for t in taxes if t["tax_behavior"] == "exclusive")
    invoice["subtotal"] = invoice["subtotal_excluding_tax"] = subtotal
    invoice["total_discount_amounts"], invoice["total_taxes"] = discounts, taxes
    invoice["total_excluding_tax"] = subtotal - off
    invoice["total"] = subtotal - off + tax
    invoice["amount_due"] = invoice["amount_remaining"] = max(invoice["total"], 0)


def _by_key(lines: list[Doc], field: str, key: Any) -> list[Doc]:
    summed: dict[Any, Doc] = {}
    for entry in (e for line in lines for e in line.get(field) or []):
        if key(entry) in summed:
            into = summed[key(entry)]
            into["amount"] += entry["amount"]
            if "taxable_amount" in into:
                into["taxable_amount"] += entry["taxable_amount"]
        else:
            summed[key(entry)] = dict(entry)
    return list(summed.values())


def make_line(store: Store, invoice: Doc, given: Doc, default_taxes: Iterable[str] = ()) -> Doc:
    """A line out of the parameters of an invoice item or of add_lines."""
    quantity = given.get("quantity", 1)
    price, exact = _price(store, invoice, given)
    amount = given["amount"] if "amount" in given else whole(exact * quantity)
    period = given.get("period") or {"start": store.now(), "end": store.now()}
    line = new("line_item", store.new_id("line_item"), 0)
    line.update(
        amount=amount,
        subtotal=amount,
        currency=invoice["currency"],
        description=given.get("description") or (_product_name(store, price) if price else None),
        invoice=invoice["id"],
        metadata=given.get("metadata") or {},
        period={"start": period["start"], "end": period["end"]},
        quantity=quantity,
        quantity_decimal=str(quantity),
        pricing=_pricing(price, exact) if price or "unit_amount_decimal" in given else None,
        parent=given.get("parent"),
    )
    line["discount_amounts"] = [_discount(store, d, amount, invoice) for d in given.get("discounts") or []]
    line["discounts"] = [d["discount"] for d in line["discount_amounts"]]
    net = amount - sum(d["amount"] for d in line["discount_amounts"])
    rates = given.get("tax_rates") or list(default_taxes)
    line["taxes"] = [_tax(store.need("tax_rate", id, "tax_rates"), net) for id in rates]
    line["taxes"] += [_given_tax(store, t) for t in given.get("tax_amounts") or []]
    return line


def _price(store: Store, invoice: Doc, given: Doc) -> tuple[Doc | None, Decimal]:
    """The price object, if any, and the exact amount of one unit."""
    id = (given.get("pricing") or {}).get("price")
    if id:
        price = store.need("price", id, "pricing[price]")
        if price["currency"] != invoice["currency"]:
            raise not_allowed(
                f"The price specified only supports `{price['currency']}`. This doesn't match the expected currency: "
                f"`{invoice['currency']}`.",
                param="pricing[price]",
            )
        return price, Decimal(str(price["unit_amount_decimal"] or price["unit_amount"] or 0))
    inline = given.get("price_data") or {}
    exact = given.get("unit_amount_decimal", inline.get("unit_amount_decimal", inline.get("unit_amount")))
    if exact is None and "amount" not in given:
        raise bad_parameter("parameter_missing", "Missing required param: amount.", "amount")
    return None, Decimal(exact if exact is not None else given["amount"])


def _pricing(price: Doc | None, exact: Decimal) -> Doc:
    details = {"price": price["id"], "product": price["product"]} if price else None
    return {"type": "price_details", "price_details": details, "unit_amount_decimal": format(exact, "f")}


def _product_name(store: Store, price: Doc) -> str | None:
    product = store.find("product", price["product"])
    return product["name"] if product else None


def _discount(store: Store, given: Doc, amount: int, invoice: Doc) -> Doc:
    coupon = store.need("coupon", given.get("coupon", ""), "discounts[0][coupon]")
    if coupon.get("percent_off") is not None:
        off = whole(amount * Decimal(str(coupon["percent_off"])) / 100)
    elif coupon.get("currency") == invoice["currency"]:
        off = min(int(coupon["amount_off"]), amount)
    else:
        raise not_allowed("The coupon's currency does not match the invoice.", param="discounts")
    return {"amount": off, "discount": store.new_id("di")}


def _tax(rate: Doc, net: int) -> Doc:
    percentage = Decimal(str(rate["percentage"]))
    share = percentage / (100 + percentage) if rate["inclusive"] else percentage / 100
    return tax_entry(rate, whole(net * share), net)


def tax_entry(rate: Doc, amount: int, taxable: int) -> Doc:
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": "standard_rated" if rate["percentage"] else "zero_rated",
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }


def _given_tax(store: Store, given: Doc) -> Doc:
    """A tax amount that the caller worked out, with a rate made for it."""
    described = given["tax_rate_data"]
    percentage = float(described["percentage"])
    rate = store.create(
        "tax_rate",
        display_name=described["display_name"],
        inclusive=bool(described.get("inclusive", False)),
        percentage=percentage,
        effective_percentage=percentage,
        rate_type="percentage",
        active=False,
    )
    return tax_entry(rate, int(given["amount"]), int(given["taxable_amount"]))
