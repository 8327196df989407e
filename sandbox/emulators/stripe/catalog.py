"""Customers, tax ids, products, prices, coupons and tax rates."""

import random
from decimal import Decimal

from .call import Call
from .refusals import Refusal, bad_parameter, missing
from .shapes import Doc
from .store import Store

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
CUSTOMER_FIELDS = (
    "name",
    "email",
    "phone",
    "description",
    "tax_exempt",
    "shipping",
    "preferred_locales",
    "business_name",
)
DECLINED_CARDS = ("pm_card_chargeCustomerFail", "pm_card_chargeDeclined", "pm_card_visa_chargeDeclined")


def address(given: object) -> Doc | None:
    if not isinstance(given, dict):
        return None
    return {**dict.fromkeys(ADDRESS), **given}


def create_customer(call: Call) -> Doc:
    store, params = call.store, call.params
    fields = call.given(*CUSTOMER_FIELDS, "balance", "test_clock")
    if clock := fields.get("test_clock"):
        store.need("test_helpers.test_clock", clock, "test_clock")
    fields["address"] = address(params.get("address"))
    fields["metadata"] = call.metadata()
    fields["invoice_prefix"] = params.get("invoice_prefix") or _prefix()
    customer = store.create("customer", None, store.time_for(fields), **fields)
    _settings(call, customer)
    for tax_id in params.get("tax_id_data", []):
        _add_tax_id(store, customer, tax_id["type"], tax_id["value"])
    return store.put(customer, "customer.created")


def _prefix() -> str:
    return "".join(random.SystemRandom().choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8))


def _settings(call: Call, customer: Doc) -> None:
    given = call.params.get("invoice_settings")
    if isinstance(given, dict):
        settings = {k: None if v == "" else v for k, v in given.items() if k in customer["invoice_settings"]}
        customer["invoice_settings"] = {**customer["invoice_settings"], **settings}
    if call.params.get("payment_method"):
        customer["invoice_settings"]["default_payment_method"] = call.params["payment_method"]


def living_customer(store: Store, id: str, param: str = "id") -> Doc:
    """A customer that exists and is not deleted."""
    customer = store.need("customer", id, param)
    if customer.get("deleted"):
        raise missing("customer", id, param)
    return customer


def update_customer(call: Call) -> Doc:
    customer = living_customer(call.store, call.id)
    customer.update(call.given(*CUSTOMER_FIELDS, "balance", "invoice_prefix", "next_invoice_sequence"))
    if "address" in call.params:
        customer["address"] = address(call.params["address"])
    customer["metadata"] = call.metadata(customer.get("metadata"))
    _settings(call, customer)
    return call.store.put(customer, "customer.updated")


def delete_customer(call: Call) -> Doc:
    return call.store.remove(living_customer(call.store, call.id), "customer.deleted")


def create_tax_id(call: Call) -> Doc:
    customer = living_customer(call.store, call.ids["customer"], "customer")
    return _add_tax_id(call.store, customer, call.params["type"], call.params["value"])


def _add_tax_id(store: Store, customer: Doc, type: str, value: str) -> Doc:
    return store.create(
        "tax_id",
        "customer.tax_id.created",
        customer=customer["id"],
        country=(customer.get("address") or {}).get("country"),
        owner={"type": "customer", "customer": customer["id"]},
        type=type,
        value=value,
        verification={"status": "verified", "verified_address": None, "verified_name": None},
    )


def create_product(call: Call) -> Doc:
    fields = call.given("name", "active", "description", "images", "tax_code", "unit_label", "url", "id")
    fields["metadata"] = call.metadata()
    return call.store.create("product", "product.created", updated=call.store.now(), **fields)


def delete_product(call: Call) -> Doc:
    product = call.store.need("product", call.id)
    if call.store.records.query(
        "SELECT 1 FROM record WHERE kind = 'price' AND json_extract(doc, '$.product') = ? LIMIT 1", (call.id,)
    ):
        raise Refusal(400, "This product cannot be deleted because it has one or more user-created prices.")
    return call.store.remove(product, "product.deleted")


def create_price(call: Call) -> Doc:
    store, params = call.store, call.params
    if "product" in params:
        product = store.need("product", params["product"], "product")["id"]
    elif "product_data" in params:
        product = store.create("product", "product.created", updated=store.now(), name=params["product_data"]["name"])[
            "id"
        ]
    else:
        raise bad_parameter("parameter_missing", "Missing required param: product.", "product")
    amount, exact = _amounts(call)
    recurring = params.get("recurring")
    fields = call.given("active", "billing_scheme", "currency", "lookup_key", "nickname", "tax_behavior")
    if recurring:
        fields["recurring"] = {"interval_count": 1, "meter": None, "usage_type": "licensed", "trial_period_days": None}
        fields["recurring"].update(recurring)
    fields.update(unit_amount=amount, unit_amount_decimal=exact, product=product, metadata=call.metadata())
    return store.create("price", "price.created", type="recurring" if recurring else "one_time", **fields)


def _amounts(call: Call) -> tuple[int | None, str | None]:
    exact = call.params.get("unit_amount_decimal", call.params.get("unit_amount"))
    if exact is None:
        if call.params.get("billing_scheme") != "tiered":
            raise bad_parameter("parameter_missing", "Missing required param: unit_amount.", "unit_amount")
        return None, None
    exact = Decimal(exact)
    return (int(exact) if exact == int(exact) else None), format(exact.normalize(), "f")


def create_coupon(call: Call) -> Doc:
    fields = call.given(
        "amount_off", "currency", "duration", "duration_in_months", "id", "max_redemptions", "name", "redeem_by"
    )
    if "percent_off" in call.params:
        fields["percent_off"] = float(call.params["percent_off"])
    fields.setdefault("duration", "once")
    return call.store.create("coupon", "coupon.created", metadata=call.metadata(), **fields)


def create_tax_rate(call: Call) -> Doc:
    fields = call.given(
        "active", "country", "description", "display_name", "inclusive", "jurisdiction", "state", "tax_type"
    )
    percentage = float(call.params["percentage"])
    fields.update(percentage=percentage, effective_percentage=percentage, rate_type="percentage")
    return call.store.create("tax_rate", "tax_rate.created", metadata=call.metadata(), **fields)
