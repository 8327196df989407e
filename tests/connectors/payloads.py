"""Wire shapes as the vendors send them, each complete; tests change what they are about."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from core.ports import RawRecord

Doc = dict[str, Any]
DAY = 86_400
NOV_1 = 1_793_491_200  # 1 November 2026, midnight in UTC
DEC_1 = NOV_1 + 30 * DAY

ADDRESS = {
    "line1": "1 High Street",
    "line2": None,
    "city": "London",
    "state": None,
    "postal_code": "N1 9GU",
    "country": "GB",
}
STRIPE_LINE = {
    "id": "il_1",
    "amount": 120_000,
    "quantity": 20,
    "description": "Core seats",
    "period": {"start": NOV_1, "end": DEC_1},
    "pricing": {
        "type": "price_details",
        "price_details": {"price": "price_1", "product": "prod_1"},
        "unit_amount_decimal": "6000",
    },
    "discount_amounts": [{"amount": 12_000, "discount": "di_1"}],
    "taxes": [{"amount": 21_600, "tax_behavior": "exclusive", "taxable_amount": 108_000}],
    "metadata": {"product_code": "HC-CORE"},
}
STRIPE_INVOICE = {
    "id": "in_1",
    "object": "invoice",
    "number": "HC-2026-000001",
    "status": "open",
    "customer": "cus_1",
    "customer_name": "Amber Energy Ltd",
    "customer_address": ADDRESS,
    "customer_tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
    "currency": "gbp",
    "collection_method": "send_invoice",
    "created": NOV_1,
    "effective_at": NOV_1 + 7200,
    "due_date": DEC_1,
    "period_start": NOV_1,
    "period_end": DEC_1,
    "lines": {"object": "list", "data": [STRIPE_LINE], "has_more": False, "url": "/v1/invoices/in_1/lines"},
    "subtotal": 120_000,
    "total_discount_amounts": [{"amount": 12_000, "discount": "di_1"}],
    "total_taxes": [{"amount": 21_600, "tax_behavior": "exclusive", "taxable_amount": 108_000}],
    "total": 129_600,
    "metadata": {"contract_number": "00010001", "legal_entity": "UK", "po_number": "PO-77"},
}
STRIPE_CUSTOMER = {
    "id": "cus_1",
    "object": "customer",
    "name": "Amber Energy Ltd",
    "email": "ap@amber.example",
    "address": ADDRESS,
    "currency": "gbp",
    "metadata": {"sf_account_id": "001A", "legal_entity": "UK", "account_number": "AC-1"},
}
STRIPE_PAYMENT = {
    "id": "inpay_1",
    "object": "invoice_payment",
    "invoice": "in_1",
    "status": "paid",
    "amount_paid": 129_600,
    "currency": "gbp",
    "created": NOV_1,
    "status_transitions": {"paid_at": NOV_1 + 3 * DAY, "canceled_at": None},
    "payment": {"type": "payment_record", "payment_record": "pr_1"},
}
STRIPE_DISPUTE = {
    "id": "du_1",
    "object": "dispute",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "amount": 5_000,
    "currency": "eur",
    "reason": "fraudulent",
    "status": "needs_response",
    "created": NOV_1,
    "evidence_details": {"due_by": DEC_1, "has_evidence": False},
    "_invoice": "in_9",
}
STRIPE_CREDIT_NOTE = {
    "id": "cn_1",
    "object": "credit_note",
    "number": "HC-2026-000001-CN-01",
    "invoice": "in_1",
    "status": "issued",
    "customer": "cus_1",
    "currency": "gbp",
    "created": NOV_1,
    "effective_at": None,
    "total": 6_000,
    "total_taxes": [{"amount": 1_000, "tax_behavior": "exclusive"}],
    "reason": "order_change",
}
ACCOUNT = {
    "Id": "001A",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "Name": "Amber Energy Ltd",
    "AccountNumber": "AC-1",
    "BillingStreet": "1 High Street\nFloor 2",
    "BillingCity": "London",
    "BillingState": None,
    "BillingPostalCode": "N1 9GU",
    "BillingCountryCode": "GB",
    "CurrencyIsoCode": "GBP",
    "Owner": {"attributes": {"type": "User"}, "Name": "Owen Pritchard"},
    "Segment__c": "Enterprise",
    "Legal_Entity__c": "UK",
    "Tax_Id__c": "GB123456789",
    "PO_Required__c": True,
    "Payment_Terms_Days__c": "30.0",
    "Credit_Hold__c": False,
    "Billing_Email__c": "ap@amber.example",
    "Tax_Exempt__c": False,
    "Payment_Method__c": "Transfer",
    "Invoice_Release__c": "Auto",
}
CONTRACT = {
    "Id": "800A",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "AccountId": "001A",
    "ContractNumber": "00010001",
    "Status": "Activated",
    "StartDate": "2026-11-01",
    "EndDate": "2027-10-31",
    "CurrencyIsoCode": "GBP",
    "PO_Number__c": "PO-77",
    "Payment_Terms_Days__c": 30,
    "Discount_Percent__c": "12.5",
    "Discount_End_Date__c": "2027-04-30",
    "Billing_Frequency__c": "Quarterly",
    "Billing_System__c": "Quittance",
    "Billing_Anchor_Day__c": None,
    "Auto_Renew__c": False,
    "Renewal_Term_Months__c": None,
    "Renewal_Uplift_Percent__c": None,
}
ORDER_ITEM = {
    "Id": "802A",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "Order": {"attributes": {"type": "Order"}, "ContractId": "800A"},
    "Product_Code__c": "HC-CORE",
    "Quantity": "-5.0",
    "UnitPrice": "24.17",
    "ServiceDate": "2026-12-01",
    "EndDate": None,
    "Description": None,
    "Revised_Item__c": "8020",
    "Charge_Type__c": None,
    "Pricing_Model__c": None,
    "Billing_Timing__c": None,
    "Billing_Frequency_Months__c": None,
    "Price_Tiers__c": None,
    "Package_Size__c": None,
    "Ramp__c": None,
    "Meter__c": None,
    "Included_Quantity__c": None,
    "Minimum_Amount__c": None,
    "Commit_Amount__c": None,
    "Free_Until__c": None,
    "Discount_Percent__c": None,
    "Discount_End_Date__c": None,
    "Milestone_Date__c": None,
    "Proration__c": None,
    "Entity_Shares__c": None,
}
OPPORTUNITY = {
    "Id": "006A",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "AccountId": "001A",
    "Name": "Amber Energy: first year",
    "StageName": "Closed Won",
    "CloseDate": "2026-10-28",
    "Amount": "12000.5",
    "IsWon": True,
    "ContractId": "800A",
    "CurrencyIsoCode": "GBP",
}
QUOTE = {
    "Id": "0Q0A",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "OpportunityId": "006A",
    "QuoteNumber": "00000077",
    "Status": "Presented",
    "IsSyncing": True,
    "TotalPrice": "12000.50",
    "ExpirationDate": "2026-11-27",
    "PO_Number__c": "PO-77",
    "CurrencyIsoCode": "GBP",
}
CPQ_QUOTE = {
    "Id": "a0RA",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "Name": "Q-00077",
    "SBQQ__Opportunity2__c": "006A",
    "SBQQ__Status__c": "Approved",
    "SBQQ__Primary__c": True,
    "SBQQ__NetAmount__c": "12000.50",
    "SBQQ__ExpirationDate__c": None,
    "PO_Number__c": None,
    "CurrencyIsoCode": "GBP",
}
STRIPE_PRICE = {
    "id": "price_1",
    "object": "price",
    "billing_scheme": "per_unit",
    "unit_amount_decimal": "2417",
    "recurring": {"interval": "month", "interval_count": 3, "meter": None, "usage_type": "licensed"},
    "metadata": {"product_code": "HC-CORE"},
}
STRIPE_SUBSCRIPTION = {
    "id": "sub_1",
    "object": "subscription",
    "customer": "cus_1",
    "status": "active",
    "currency": "gbp",
    "items": {
        "object": "list",
        "data": [{"id": "si_1", "price": STRIPE_PRICE, "quantity": 20, "metadata": {}}],
        "has_more": False,
    },
    "metadata": {"contract_number": "00010001"},
}
STRIPE_METER = {
    "id": "mtr_1",
    "object": "billing.meter",
    "display_name": "API calls",
    "event_name": "api_calls",
    "default_aggregation": {"formula": "sum"},
    "event_time_window": "hour",
    "status": "active",
}
CASE = {
    "Id": "500A",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "CaseNumber": "00020001",
    "AccountId": "001A",
    "Subject": "Wrong price",
    "Description": "We were promised 10 percent off.",
    "Status": "Working",
    "Reason": "Price",
    "Type": "Invoice dispute",
    "IsClosed": False,
    "ClosedDate": None,
    "CreatedDate": "2026-11-03T09:30:00.000+0000",
    "Invoice_Number__c": "HC-2026-000001",
}
TRANSACTION = {
    "id": "100001",
    "type": "CustInvc",
    "tranid": "HC-2026-000001",
    "externalid": "stripe_in_1",
    "currency": "GBP",
    "foreigntotal": "1296.00",
    "foreignamountunpaid": "296.5",
    "status": "A",
    "trandate": "2026-11-01",
    "lastmodifieddate": "2026-11-02 10:00:00",
}
RATE = {"id": "7", "base": "USD", "currency": "GBP", "exchangerate": "1.292001", "effectivedate": "2026-11-01"}


def changed(doc: Doc, **fields: Any) -> Doc:
    """A copy with other values; a value of `...` takes the field out."""
    copy = {**deepcopy(doc), **fields}
    return {name: value for name, value in copy.items() if value is not ...}


def record(kind: str, doc: Doc, **fields: Any) -> RawRecord:
    payload = changed(doc, **fields)
    return RawRecord(kind, str(payload.get("id") or payload.get("Id") or "x"), "1", payload)
