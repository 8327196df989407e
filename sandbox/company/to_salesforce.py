"""Salesforce's view: accounts, people, products, contracts with their orders, opportunities and cases."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from .catalogue import PRODUCTS, list_price
from .entities import CURRENCIES
from .ids import midnight, salesforce_id, salesforce_time
from .model import Complaint, Contract, Customer, Order, World
from .names import EMPLOYEES
from .vendor import Doc

FREQUENCY = {1: "Monthly", 3: "Quarterly", 12: "Annual"}
STANDARD_BOOK = "standard"


def account_id(seed: int, customer: Customer) -> str:
    return salesforce_id("001", f"{seed}:account:{customer.index}")


def account_number(customer: Customer) -> str:
    return f"AC-{10_001 + customer.index}"


def contract_id(seed: int, contract: Contract) -> str:
    return salesforce_id("800", f"{seed}:contract:{contract.number}")


def product_id(code: str) -> str:
    return salesforce_id("01t", f"product:{code}")


def user_id(place: int) -> str:
    return salesforce_id("005", f"user:{place}")


def decimal(minor: int) -> int | float:
    """Minor units as a JSON number of the currency: two places, which print exactly."""
    return minor // 100 if minor % 100 == 0 else minor / 100


def stamped(id: str, created: int, fields: Doc, modified: int | None = None) -> Doc:
    """The record with the fields that every Salesforce record has."""
    last = salesforce_time(modified or created)
    head = {"Id": id, "IsDeleted": False, "CreatedDate": salesforce_time(created)}
    return head | {"LastModifiedDate": last, "SystemModstamp": last} | fields


def users(made: World) -> Iterator[Doc]:
    for place, name in enumerate(EMPLOYEES):
        email = name.lower().replace(" ", ".").replace("é", "e") + "@halden.example"
        yield stamped(user_id(place), _begin(made), {"Name": name, "Email": email, "IsActive": True})


def _begin(made: World) -> int:
    return midnight(made.anchor - timedelta(days=1500))


def products(made: World) -> Iterator[Doc]:
    for product in PRODUCTS:
        fields = {
            "Name": product.name,
            "ProductCode": product.code,
            "Family": product.family,
            "IsActive": True,
            "QuantityUnitOfMeasure": product.unit,
        }
        yield stamped(product_id(product.code), _begin(made), fields)


def pricebooks(made: World) -> Iterator[Doc]:
    fields = {"Name": "Standard Price Book", "IsStandard": True, "IsActive": True}
    yield stamped(salesforce_id("01s", STANDARD_BOOK), _begin(made), fields)


def pricebook_entries(made: World) -> Iterator[Doc]:
    for product in PRODUCTS:
        for currency in CURRENCIES:
            fields = {
                "Pricebook2Id": salesforce_id("01s", STANDARD_BOOK),
                "Product2Id": product_id(product.code),
                "UnitPrice": decimal(list_price(product.code, currency)),
                "CurrencyIsoCode": currency,
                "IsActive": True,
            }
            yield stamped(salesforce_id("01u", f"entry:{product.code}:{currency}"), _begin(made), fields)


def accounts(made: World) -> Iterator[Doc]:
    rng = Random(f"{made.seed}:touched")
    for customer in made.customers:
        created = midnight(customer.since) + 32_400 + customer.index % 3600
        touched = rng.randrange(created, max(created + 1, midnight(made.anchor)))
        yield stamped(account_id(made.seed, customer), created, account(customer), touched)


def account(customer: Customer) -> Doc:
    here = customer.has_address
    return {
        "Name": customer.name,
        "AccountNumber": account_number(customer),
        "Type": "Customer - Direct",
        "BillingStreet": customer.street if here else None,
        "BillingCity": customer.city if here else None,
        "BillingState": customer.state if here else None,
        "BillingPostalCode": customer.postal_code if here else None,
        "BillingCountryCode": customer.country,
        "CurrencyIsoCode": customer.currency,
        "OwnerId": user_id(customer.owner),
        "Segment__c": customer.segment,
        "Legal_Entity__c": customer.entity,
        "Tax_Id__c": customer.tax_id if customer.has_tax_id else None,
        "PO_Required__c": customer.po_required,
        "Payment_Terms_Days__c": customer.terms_days,
        "Credit_Hold__c": customer.on_hold,
        "Billing_Email__c": customer.email,
        "Tax_Exempt__c": False,
        "Payment_Method__c": "Card" if customer.behaviour.method == "card" else "Transfer",
        "Invoice_Release__c": "Auto",
    }


def contacts(made: World) -> Iterator[Doc]:
    for customer in made.customers:
        for place, (given, family, email, title) in enumerate(customer.people):
            fields = {
                "AccountId": account_id(made.seed, customer),
                "FirstName": given,
                "LastName": family,
                "Email": email,
                "Phone": None,
                "Title": title,
            }
            id = contact_id(made.seed, customer, place)
            yield stamped(id, midnight(customer.since) + 33_000 + place, fields)


def contact_id(seed: int, customer: Customer, place: int = 0) -> str:
    return salesforce_id("003", f"{seed}:contact:{customer.index}:{place}")


def contracts(made: World) -> Iterator[Doc]:
    for contract in made.contracts:
        created = _signed(contract.start)
        changed = midnight(contract.end) + 90_000 if contract.status == "Expired" else created
        customer = made.customers[contract.customer]
        changed = min(changed, midnight(made.anchor) - 60)
        yield stamped(
            contract_id(made.seed, contract), created, contract_fields(made.seed, contract, customer), changed
        )


def _signed(start: date) -> int:
    """Papers are signed some days before they take effect."""
    return midnight(start - timedelta(days=3)) + 50_000


def contract_fields(seed: int, contract: Contract, customer: Customer) -> Doc:
    after = contract.end + timedelta(days=1)
    term = (after.year - contract.start.year) * 12 + after.month - contract.start.month
    return {
        "AccountId": account_id(seed, customer),
        "ContractNumber": contract.number,
        "Status": contract.status,
        "StartDate": contract.start.isoformat(),
        "EndDate": contract.end.isoformat(),
        "ContractTerm": term,
        "CurrencyIsoCode": contract.currency,
        "OwnerId": user_id(customer.owner),
        "PO_Number__c": contract.po_number,
        "Payment_Terms_Days__c": contract.terms_days,
        "Discount_Percent__c": contract.discount_percent,
        "Discount_End_Date__c": contract.discount_end.isoformat() if contract.discount_end else None,
        "Billing_Frequency__c": FREQUENCY[contract.months],
        "Billing_System__c": "Stripe",
        "Billing_Anchor_Day__c": None,
        "Auto_Renew__c": False,
        "Renewal_Term_Months__c": None,
        "Renewal_Uplift_Percent__c": None,
    }


def order_id(seed: int, contract: Contract, place: int) -> str:
    return salesforce_id("801", f"{seed}:order:{contract.number}:{place}")


def orders(made: World) -> Iterator[Doc]:
    for contract in made.contracts:
        customer = made.customers[contract.customer]
        for place, order in enumerate(contract.orders):
            fields = order_fields(made.seed, contract, customer, place)
            yield stamped(order_id(made.seed, contract, place), _signed(order.effective), fields)


def order_fields(seed: int, contract: Contract, customer: Customer, place: int) -> Doc:
    order = contract.orders[place]
    return {
        "AccountId": account_id(seed, customer),
        "ContractId": contract_id(seed, contract),
        "OrderNumber": f"{int(contract.number) * 10 + place:08d}" if place < 10 else f"{contract.number}-{place}",
        "EffectiveDate": order.effective.isoformat(),
        "EndDate": contract.end.isoformat(),
        "Status": "Activated",
        "Type": order.kind,
        "CurrencyIsoCode": contract.currency,
        "OwnerId": user_id(customer.owner),
    }


def order_items(made: World) -> Iterator[Doc]:
    for contract in made.contracts:
        for place, order in enumerate(contract.orders):
            yield from items_of(made.seed, contract, place, order)


def items_of(seed: int, contract: Contract, place: int, order: Order) -> Iterator[Doc]:
    end = None if contract.open_ended_items else contract.end.isoformat()
    for code, quantity in order.lines:
        fields = {
            "OrderId": order_id(seed, contract, place),
            "Product2Id": product_id(code),
            "Product_Code__c": code,
            "Quantity": quantity,
            "UnitPrice": decimal(contract.prices[code]),
            "ServiceDate": order.effective.isoformat(),
            "EndDate": end,
            "CurrencyIsoCode": contract.currency,
        }
        yield stamped(salesforce_id("802", f"{seed}:item:{contract.number}:{place}:{code}"),
                      _signed(order.effective), fields)  # fmt: skip


def cases(made: World) -> Iterator[Doc]:
    for complaint in made.complaints:
        number = made.invoices[complaint.invoice].number if complaint.invoice is not None else None
        id = salesforce_id("500", f"{made.seed}:case:{complaint.index}")
        fields = case_fields(made.seed, complaint, made.customers[complaint.customer], number)
        yield stamped(id, complaint.at, fields, complaint.closed_at or complaint.at)


def case_fields(seed: int, complaint: Complaint, customer: Customer, invoice_number: str | None) -> Doc:
    closed = complaint.closed_at is not None
    return {
        "CaseNumber": f"{20_001 + complaint.index:08d}",
        "AccountId": account_id(seed, customer),
        "ContactId": contact_id(seed, customer),
        "Subject": complaint.subject,
        "Description": complaint.text,
        "Status": "Closed" if closed else ("New", "Working", "Escalated")[complaint.index % 3],
        "Priority": complaint.priority,
        "Origin": ("Email", "Web", "Phone")[complaint.index % 3],
        "Reason": complaint.reason,
        "Type": complaint.kind,
        "OwnerId": user_id(customer.owner),
        "IsClosed": closed,
        "ClosedDate": salesforce_time(complaint.closed_at) if complaint.closed_at is not None else None,
        "Invoice_Number__c": invoice_number,
    }
