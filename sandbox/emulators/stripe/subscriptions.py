"""Subscriptions and their first invoice."""

import calendar
from datetime import UTC, datetime

from .call import Call
from .catalog import living_customer
from .invoices import draft, finalize
from .lines import make_line, set_lines
from .refusals import not_allowed
from .shapes import Doc, new, page
from .store import Store

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def period_end(start: int, recurring: Doc) -> int:
    """The end of a billing period that starts at `start`."""
    unit, count = recurring["interval"], int(recurring.get("interval_count") or 1)
    if unit in DAYS:
        return start + DAYS[unit] * count * 86400
    at = datetime.fromtimestamp(start, UTC)
    month = at.month - 1 + MONTHS[unit] * count
    year, month = at.year + month // 12, month % 12 + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    return int(at.replace(year=year, month=month, day=day).timestamp())


def create_subscription(call: Call) -> Doc:
    store, params = call.store, call.params
    customer = living_customer(store, params.get("customer", ""), "customer")
    at, id = store.time_for(customer), store.new_id("subscription")
    items = [_item(store, id, given, at) for given in params.get("items", [])]
    if not items:
        raise not_allowed("Missing required param: items.", "parameter_missing", "items")
    subscription = store.create(
        "subscription",
        id=id,
        at=at,
        billing_cycle_anchor=params.get("billing_cycle_anchor", at),
        currency=items[0]["price"]["currency"],
        customer=customer["id"],
        items=page(items, f"/v1/subscription_items?subscription={id}"),
        metadata=call.metadata(),
        start_date=at,
        **call.given("collection_method", "days_until_due", "description", "cancel_at_period_end"),
    )
    store.load("subscription_item", items)
    subscription["latest_invoice"] = _first_invoice(store, subscription, customer)["id"]
    return store.put(subscription, "customer.subscription.created")


def _item(store: Store, subscription: str, given: Doc, at: int) -> Doc:
    price = store.need("price", given.get("price", ""), "items[0][price]")
    if not price.get("recurring"):
        raise not_allowed("The price specified is set to `type=one_time` but this field only accepts recurring prices.")
    return new(
        "subscription_item",
        store.new_id("subscription_item"),
        at,
        current_period_end=period_end(at, price["recurring"]),
        current_period_start=at,
        price=price,
        quantity=given.get("quantity", 1),
        subscription=subscription,
    )


def _first_invoice(store: Store, subscription: Doc, customer: Doc) -> Doc:
    method = subscription["collection_method"]
    params: Doc = {"collection_method": method, "auto_advance": True}
    if method == "send_invoice":
        params["days_until_due"] = subscription["days_until_due"] or 30
    invoice = draft(store, customer, subscription["currency"], params)
    details = {"subscription": subscription["id"], "metadata": subscription["metadata"]}
    invoice["parent"] = {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {**details, "subscription_proration_date": None},
    }
    invoice["billing_reason"] = "subscription_create"
    set_lines(
        store, invoice, [_line(store, invoice, subscription["id"], item) for item in subscription["items"]["data"]]
    )
    store.put(invoice, "invoice.created")
    return finalize(store, invoice) if method == "charge_automatically" else invoice


def _line(store: Store, invoice: Doc, subscription: str, item: Doc) -> Doc:
    details = {
        "subscription": subscription,
        "subscription_item": item["id"],
        "proration": False,
        "proration_details": None,
        "invoice_item": None,
    }
    parent = {"type": "subscription_item_details", "subscription_item_details": details, "invoice_item_details": None}
    given = {
        "pricing": {"price": item["price"]["id"]},
        "quantity": item["quantity"],
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "parent": parent,
    }
    return make_line(store, invoice, given)


def update_subscription(call: Call) -> Doc:
    store = call.store
    subscription = store.need("subscription", call.id)
    if subscription["status"] == "canceled":
        raise not_allowed("A canceled subscription can only update its cancellation_details and metadata.")
    subscription.update(call.given("collection_method", "days_until_due", "description", "cancel_at_period_end"))
    subscription["metadata"] = call.metadata(subscription["metadata"])
    items: list[Doc] = subscription["items"]["data"]
    for given in call.params.get("items", []):
        item = next((i for i in items if i["id"] == given.get("id")), None)
        if item is None:
            items.append(_item(store, subscription["id"], given, store.now()))
        elif given.get("deleted"):
            items.remove(item)
        else:
            item["quantity"] = given.get("quantity", item["quantity"])
            item["price"] = (
                store.need("price", given["price"], "items[0][price]") if "price" in given else item["price"]
            )
    store.load("subscription_item", items)
    return store.put(subscription, "customer.subscription.updated")


def cancel_subscription(call: Call) -> Doc:
    subscription = call.store.need("subscription", call.id)
    if subscription["status"] == "canceled":
        raise not_allowed(f"No such subscription: {call.id}", "resource_missing", "id")
    at = call.store.now()
    subscription.update(status="canceled", canceled_at=at, ended_at=at)
    return call.store.put(subscription, "customer.subscription.deleted")
