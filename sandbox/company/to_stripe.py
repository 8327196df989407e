"""Stripe's view of what is sold and to whom: products, prices, tax rates, the meter, customers, subscriptions."""

from collections.abc import Iterator

from . import forms, stripe_ids
from .catalogue import PRODUCT, PRODUCTS, USAGE
from .entities import ENTITY, REVERSE, TAX_RATES, tax_rate
from .ids import midnight, salesforce_id, scramble
from .model import Contract, Customer, Invoice, World
from .to_salesforce import account_id, account_number
from .vendor import Doc


def products(made: World) -> Iterator[Doc]:
    for product in PRODUCTS:
        yield {
            **forms.PRODUCT,
            "id": stripe_ids.product_id(product.code),
            "created": _begin(made),
            "metadata": {"product_code": product.code},
            "name": product.name,
            "unit_label": product.unit,
            "updated": _begin(made),
        }


def _begin(made: World) -> int:
    """Before the first invoice."""
    return midnight(made.invoices[0].issued if made.invoices else made.anchor) - 90 * 86_400


def prices(made: World) -> Iterator[Doc]:
    """Each price that a contract or an invoice uses, once."""
    used = {(code, c.currency, unit): None for c in made.contracts for code, unit in c.prices.items()}
    used |= {(x.product, i.currency, x.unit_minor): None for i in made.invoices if i.flaw for x in i.lines}
    begin = _begin(made)
    return (price(code, currency, unit, begin) for code, currency, unit in used)


def price(code: str, currency: str, unit_minor: int, created: int) -> Doc:
    metered = code == USAGE
    return {
        **forms.PRICE,
        "id": stripe_ids.price_id(code, currency, unit_minor),
        "created": created,
        "currency": currency.lower(),
        "metadata": {"product_code": code},
        "product": stripe_ids.product_id(code),
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": stripe_ids.meter_id() if metered else None,
            "trial_period_days": None,
            "usage_type": "metered" if metered else "licensed",
        },
        "unit_amount": unit_minor,
        "unit_amount_decimal": str(unit_minor),
    }


def tax_rates(made: World) -> Iterator[Doc]:
    for rate in TAX_RATES:
        percentage = rate.basis_points // 100  # JSON has one kind of number; all our rates are whole percents
        yield {
            **forms.TAX_RATE,
            "id": stripe_ids.tax_rate_id(rate.code),
            "country": {"EU": None, "UK": "GB"}.get(rate.code[:2], rate.code[:2]),
            "created": _begin(made),
            "description": rate.name,
            "display_name": rate.name,
            "effective_percentage": percentage,
            "metadata": {"code": rate.code},
            "percentage": percentage,
            "state": "ON" if rate.code == "CA-HST13" else None,
        }


def meters(made: World) -> Iterator[Doc]:
    yield {
        **forms.BILLING_METER,
        "id": stripe_ids.meter_id(),
        "created": _begin(made),
        "updated": _begin(made),
    }


def customers(made: World, balances: dict[int, int]) -> Iterator[Doc]:
    """All customers; `balances` are overpaid amounts by customer. Then those that lead to no account."""
    for person in made.customers:
        doc = customer(made.seed, person)
        doc["balance"] = -balances.get(person.index, 0)
        yield doc
    for invoice in made.invoices:
        if invoice.stray_customer is not None:
            yield stray(made, invoice)


def stray(made: World, invoice: Invoice) -> Doc:
    """The same company once more, as somebody typed it in by hand."""
    doc = customer(made.seed, made.customers[invoice.customer])
    metadata = dict(doc["metadata"])
    if invoice.stray_customer == "missing":
        del metadata["sf_account_id"]
    else:
        metadata["sf_account_id"] = salesforce_id("001", f"{made.seed}:nobody:{invoice.key}")
    created = invoice.created - 3600
    return doc | {"id": stripe_ids.stray_id(made.seed, invoice), "metadata": metadata, "created": created}


def customer(seed: int, person: Customer) -> Doc:
    rate = tax_rate(person.entity, person.country, person.state)
    return {
        **forms.CUSTOMER,
        "id": stripe_ids.customer_id(seed, person),
        "address": address(person),
        "created": midnight(person.since) + 36_000 + person.index % 3600,
        "currency": person.currency.lower(),
        "email": person.email,
        "invoice_prefix": scramble(f"prefix:{seed}:{person.index}", 8).upper(),
        "metadata": {
            "sf_account_id": account_id(seed, person),
            "legal_entity": person.entity,
            "account_number": account_number(person),
        },
        "name": person.name,
        "tax_exempt": "reverse" if rate is REVERSE else "none",
    }


def address(person: Customer) -> Doc | None:
    if not person.has_address:
        return None
    return {
        "city": person.city,
        "country": person.country,
        "line1": person.street,
        "line2": None,
        "postal_code": person.postal_code,
        "state": person.state,
    }


def subscription_start(contract: Contract) -> int:
    return midnight(contract.start) + contract.index % 3600


def subscriptions(made: World) -> Iterator[Doc]:
    """One per contract; its items are what the last invoice billed, right or wrong."""
    last: dict[int, Invoice] = {}
    for invoice in made.invoices:
        if invoice.from_subscription:
            last[invoice.contract] = invoice
    for index, invoice in last.items():
        contract = made.contracts[index]
        yield subscription(made.seed, contract, made.customers[contract.customer], invoice)


def subscription(seed: int, contract: Contract, person: Customer, last: Invoice) -> Doc:
    """What Stripe bills for a contract from now on."""
    id, began = stripe_ids.subscription_id(seed, contract, subscription_start(contract)), subscription_start(contract)
    ended = midnight(contract.end) + 86_400 if contract.status == "Expired" else None
    items = [_item(seed, id, contract, last, place) for place in range(len(last.lines))]
    percents = sorted({line.discount > 0 for line in last.lines}, reverse=True)
    return {
        **forms.SUBSCRIPTION,
        "id": id,
        "billing_cycle_anchor": midnight(contract.start),
        "canceled_at": ended,
        "created": began,
        "currency": last.currency.lower(),
        "customer": stripe_ids.customer_id(seed, person),
        "days_until_due": (last.due - last.issued).days,
        "discounts": [stripe_ids.discount_id(contract, contract.discount_percent)] if percents[:1] == [True] else [],
        "ended_at": ended,
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={id}",
        },
        "latest_invoice": stripe_ids.invoice_id(seed, last),
        "metadata": {"contract_number": contract.number, "legal_entity": ENTITY[person.entity].code},
        "start_date": began,
        "status": "canceled" if ended else "active",
    }


def _item(seed: int, subscription_id: str, contract: Contract, last: Invoice, place: int) -> Doc:
    line = last.lines[place]
    metered = line.product == USAGE
    return {
        **forms.SUBSCRIPTION_ITEM,
        "id": stripe_ids.item_id(seed, contract, line.product),
        "created": subscription_start(contract),
        "current_period_end": midnight(last.end),
        "current_period_start": midnight(last.start),
        "metadata": {"product_code": line.product, "name": PRODUCT[line.product].name},
        "price": price(line.product, last.currency, line.unit_minor, subscription_start(contract)),
        "quantity": None if metered else line.quantity,
        "subscription": subscription_id,
    }
