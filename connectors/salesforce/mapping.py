"""Salesforce's rows as canonical records. Pure.

What was deleted stays known: a deleted order line promises nothing any more, a deleted contract has expired, a deleted
dispute was withdrawn.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from connectors.salesforce import shapes
from connectors.salesforce.cpq import CPQ_OBJECT, subscription_line
from connectors.salesforce.names import SOURCE
from connectors.salesforce.pricing import charge_of
from connectors.salesforce.selling import CPQ_QUOTE, cpq_quote, opportunity, quote
from connectors.shapes import Records, Translator, one_line, translate, whole
from core.canonical import ChargeTerms, ContractRecord, CustomerRecord, DisputeRecord, OrderLineRecord, ProductRecord
from core.ports import RawRecord

DISPUTE = "Invoice dispute"
ContractStatus = Literal["draft", "active", "expired"]
DisputeState = Literal["open", "upheld", "rejected", "withdrawn"]
_STATUSES: dict[str, ContractStatus] = {
    "Draft": "draft",
    "In Approval Process": "draft",
    "Activated": "active",
    "Expired": "expired",
}
_FREQUENCIES: dict[str, Literal["monthly", "quarterly", "annual"]] = {
    "Monthly": "monthly",
    "Quarterly": "quarterly",
    "Annual": "annual",
}
# Words of a closing status that tell how it ended; a plain "Closed" does not: the customer no longer objects.
_ENDINGS: tuple[tuple[str, DisputeState], ...] = (
    ("upheld", "upheld"),
    ("accepted", "upheld"),
    ("credited", "upheld"),
    ("rejected", "rejected"),
    ("declined", "rejected"),
)


def to_canonical(record: RawRecord, dispute_type: str = DISPUTE) -> Records:
    """The record behind one row; none for rows that mean nothing to us."""
    if record.kind == "Case":
        return translate("Salesforce", record, lambda payload: _case(payload, dispute_type))
    translator = _TRANSLATORS.get(record.kind)
    if translator is None:
        raise ValueError(f"Salesforce sends no records of the kind “{record.kind}”.")
    return translate("Salesforce", record, translator)


def _account(payload: dict[str, Any]) -> Records:
    found = shapes.Account.model_validate(payload)
    if found.IsDeleted:
        return ()
    town = " ".join(part for part in (found.BillingPostalCode, found.BillingCity) if part)
    customer = CustomerRecord(
        source=SOURCE,
        source_ref=found.Id,
        crm_ref=found.Id,
        number=found.AccountNumber,
        name=found.Name,
        entity=found.Legal_Entity__c,
        segment=found.Segment__c,
        currency=found.CurrencyIsoCode,
        country=found.BillingCountryCode,
        # A state or a country alone is no address that a letter would reach.
        address=one_line(found.BillingStreet, town, found.BillingState, found.BillingCountryCode)
        if found.BillingStreet or town
        else None,
        email=found.Billing_Email__c,
        tax_id=found.Tax_Id__c,
        is_po_required=found.PO_Required__c,
        terms_days=whole(found.Payment_Terms_Days__c, "Payment_Terms_Days__c"),
        is_on_hold=found.Credit_Hold__c,
        owner=found.Owner.Name if found.Owner else None,
        region=found.BillingState,
        postal_code=found.BillingPostalCode,
        is_tax_exempt=found.Tax_Exempt__c,
        pays_by="card" if found.Payment_Method__c == "Card" else "transfer",
        release_mode="manual" if found.Invoice_Release__c == "Manual" else "auto",
    )
    return (customer,)


def _product(payload: dict[str, Any]) -> Records:
    found = shapes.Product2.model_validate(payload)
    if found.IsDeleted or not found.ProductCode:
        return ()
    return (ProductRecord(source=SOURCE, source_ref=found.Id, code=found.ProductCode, name=found.Name),)


def _contract(payload: dict[str, Any]) -> Records:
    found = shapes.Contract.model_validate(payload)
    if found.StartDate is None:
        if found.Status == "Draft":
            return ()  # nothing is agreed yet
        raise ValueError(f"Contract {found.ContractNumber} is in force but has no start date")
    contract = ContractRecord(
        source=SOURCE,
        source_ref=found.Id,
        number=found.ContractNumber,
        customer_ref=found.AccountId,
        status="expired" if found.IsDeleted else _STATUSES[found.Status],
        starts_on=found.StartDate,
        ends_on=found.EndDate,
        currency=found.CurrencyIsoCode,
        po_number=found.PO_Number__c,
        terms_days=whole(found.Payment_Terms_Days__c, "Payment_Terms_Days__c"),
        discount_percent=found.Discount_Percent__c or Decimal(0),
        discount_ends_on=found.Discount_End_Date__c,
        billing_frequency=_FREQUENCIES[found.Billing_Frequency__c] if found.Billing_Frequency__c else None,
        billed_by="house" if found.Billing_System__c == "Quittance" else "stripe",
        anchor_day=_anchor(found.Billing_Anchor_Day__c),
        auto_renews=found.Auto_Renew__c,
        renewal_months=whole(found.Renewal_Term_Months__c, "Renewal_Term_Months__c"),
        uplift_percent=found.Renewal_Uplift_Percent__c or Decimal(0),
        opportunity_ref=found.SBQQ__Opportunity__c,
    )
    return (contract,)


def _anchor(number: Decimal | None) -> int | None:
    day = whole(number, "Billing_Anchor_Day__c")
    if day is not None and not 1 <= day <= 31:
        raise ValueError(f"Billing_Anchor_Day__c should be a day of the month, not {day}")
    return day


def _order_item(payload: dict[str, Any]) -> Records:
    found = shapes.OrderItem.model_validate(payload)
    if found.Order.ContractId is None:
        return ()
    line = OrderLineRecord(
        source=SOURCE,
        source_ref=found.Id,
        contract_ref=found.Order.ContractId,
        product_code=found.Product_Code__c,
        quantity=Decimal(0) if found.IsDeleted else found.Quantity,
        unit_price=found.UnitPrice,
        starts_on=found.ServiceDate,
        # Over before it begins: a price that does not depend on the quantity is not promised either.
        ends_on=found.ServiceDate - timedelta(days=1) if found.IsDeleted else found.EndDate,
        root_ref=found.Revised_Item__c,
        description=found.Description,
        charge=ChargeTerms() if found.IsDeleted else charge_of(found),
    )
    return (line,)


def _case(payload: dict[str, Any], dispute_type: str) -> Records:
    found = shapes.Case.model_validate(payload)
    if found.Type != dispute_type:
        return ()
    dispute = DisputeRecord(
        source=SOURCE,
        source_ref=found.Id,
        kind="customer",
        number=found.CaseNumber,
        invoice_ref=None,
        invoice_number=found.Invoice_Number__c,
        payment_ref=None,
        customer_ref=found.AccountId,
        reason=found.Reason or "Other",
        sentence=found.Description or found.Subject,
        currency=None,
        amount_minor=None,
        state=_state(found),
        opened_at=found.CreatedDate,
        due_at=None,
        closed_at=found.ClosedDate,
    )
    return (dispute,)


def _state(found: shapes.Case) -> DisputeState:
    if found.IsDeleted:
        return "withdrawn"
    if not found.IsClosed:
        return "open"
    status = found.Status.lower()
    return next((state for word, state in _ENDINGS if word in status), "withdrawn")


_TRANSLATORS: dict[str, Translator] = {
    "Account": _account,
    "Product2": _product,
    "Contract": _contract,
    "OrderItem": _order_item,
    CPQ_OBJECT: subscription_line,
    "Opportunity": opportunity,
    "Quote": quote,
    CPQ_QUOTE: cpq_quote,
}
