"""Salesforce's spelling of these contracts: account, contact, contract, one order per day, and priced order items."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

from .. import to_salesforce as crm
from ..ids import midnight, salesforce_id
from ..vendor import Doc
from .model import Deal, Item, Pricing

SIGNED_BEFORE = timedelta(days=3)


def account(seed: int, deal: Deal) -> Doc:
    customer = deal.customer
    fields = crm.account(customer) | {"Invoice_Release__c": "Manual" if deal.by_hand else "Auto"}
    if deal.entity is not None:
        fields["Legal_Entity__c"] = deal.entity
    return crm.stamped(crm.account_id(seed, customer), midnight(customer.since) + 32_400, fields, _signed(deal.start))


def contact(seed: int, deal: Deal) -> Doc:
    customer = deal.customer
    given, family, email, title = customer.people[0]
    fields = {
        "AccountId": crm.account_id(seed, customer),
        "FirstName": given,
        "LastName": family,
        "Email": email,
        "Phone": None,
        "Title": title,
    }
    return crm.stamped(crm.contact_id(seed, customer), midnight(customer.since) + 33_000, fields)


def contract_id(seed: int, deal: Deal) -> str:
    return salesforce_id("800", f"{seed}:contract:{deal.number}")


def contract(seed: int, deal: Deal) -> Doc:
    after = deal.end + timedelta(days=1)
    fields = {
        "AccountId": crm.account_id(seed, deal.customer),
        "ContractNumber": deal.number,
        "Status": "Activated",
        "StartDate": deal.start.isoformat(),
        "EndDate": deal.end.isoformat(),
        "ContractTerm": (after.year - deal.start.year) * 12 + after.month - deal.start.month,
        "CurrencyIsoCode": deal.currency,
        "OwnerId": crm.user_id(deal.customer.owner),
        "PO_Number__c": deal.po_number,
        "Payment_Terms_Days__c": deal.customer.terms_days,
        "Discount_Percent__c": deal.discount_percent,
        "Discount_End_Date__c": _text(deal.discount_end),
        "Billing_Frequency__c": deal.frequency,
        "Billing_System__c": "Quittance",
        "Billing_Anchor_Day__c": deal.anchor_day,
        "Auto_Renew__c": deal.auto_renews,
        "Renewal_Term_Months__c": 12 if deal.auto_renews else None,
        "Renewal_Uplift_Percent__c": deal.uplift_percent if deal.auto_renews else None,
    }
    return crm.stamped(contract_id(seed, deal), _signed(deal.start), fields)


def orders(seed: int, deal: Deal) -> Iterator[Doc]:
    for place, day in enumerate(_days(deal)):
        fields = {
            "AccountId": crm.account_id(seed, deal.customer),
            "ContractId": contract_id(seed, deal),
            "OrderNumber": f"{deal.number}-{place}",
            "EffectiveDate": day.isoformat(),
            "EndDate": deal.end.isoformat(),
            "Status": "Activated",
            "Type": "New" if place == 0 else "Amendment",
            "CurrencyIsoCode": deal.currency,
            "OwnerId": crm.user_id(deal.customer.owner),
        }
        yield crm.stamped(_order_id(seed, deal, day), _signed(day), fields)


def order_items(seed: int, deal: Deal) -> Iterator[Doc]:
    for place, item in enumerate(deal.items):
        yield crm.stamped(item_id(seed, deal, place), _signed(item.start), _item(seed, deal, item))


def item_id(seed: int, deal: Deal, place: int) -> str:
    return salesforce_id("802", f"{seed}:item:{deal.number}:{place}")


def _days(deal: Deal) -> list[date]:
    return list(dict.fromkeys(item.start for item in deal.items))


def _order_id(seed: int, deal: Deal, day: date) -> str:
    return salesforce_id("801", f"{seed}:order:{deal.number}:{day}")


def _item(seed: int, deal: Deal, item: Item) -> Doc:
    fields = {
        "OrderId": _order_id(seed, deal, item.start),
        "Product2Id": crm.product_id(item.product),
        "Product_Code__c": item.product,
        "Quantity": item.quantity,
        "UnitPrice": crm.decimal(item.unit),
        "ServiceDate": item.start.isoformat(),
        "EndDate": deal.end.isoformat() if not deal.auto_renews else None,
        "CurrencyIsoCode": deal.currency,
        "Description": item.text,
        "Revised_Item__c": None if item.revises is None else item_id(seed, deal, item.revises),
    }
    return fields | _pricing(item.pricing)


def _pricing(terms: Pricing) -> Doc:
    """Only what is stated: an empty field has the product's default."""
    return {
        "Charge_Type__c": terms.kind,
        "Pricing_Model__c": terms.model,
        "Billing_Timing__c": terms.timing,
        "Billing_Frequency_Months__c": terms.months,
        "Price_Tiers__c": json.dumps([_tier(tier.up_to, tier.unit) for tier in terms.tiers]) if terms.tiers else None,
        "Package_Size__c": terms.package,
        "Ramp__c": json.dumps([_step(day, unit) for day, unit in terms.ramp]) if terms.ramp else None,
        "Meter__c": terms.meter,
        "Included_Quantity__c": terms.included,
        "Minimum_Amount__c": None if terms.minimum is None else crm.decimal(terms.minimum),
        "Commit_Amount__c": None if terms.commit is None else crm.decimal(terms.commit),
        "Free_Until__c": _text(terms.free_until),
        "Discount_Percent__c": terms.discount_percent,
        "Discount_End_Date__c": _text(terms.discount_end),
        "Milestone_Date__c": _text(terms.milestone),
        "Proration__c": "Daily",
        "Entity_Shares__c": None,
    }


def _tier(up_to: int | None, unit: int) -> Doc:
    return {"up_to": None if up_to is None else str(up_to), "unit_price": f"{unit // 10_000}.{unit % 10_000:04d}"}


def _step(day: date, unit: int) -> Doc:
    return {"starts_on": day.isoformat(), "unit_price": f"{unit // 100}.{unit % 100:02d}"}


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _signed(day: date) -> int:
    return midnight(day - SIGNED_BEFORE) + 50_000
