"""The contract rules once more, written as plain arithmetic over wire records: what is wrong with an invoice."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.sandbox.company.memory import Doc, Sandbox

RATES = {"UK": 20, "DE": 19, "FR": 20, "AU": 10}
HOME = {"DE": "DE", "FR": "FR", "UK": "GB", "AU": "AU"}
WITH_TAX_ID = ("GB", "DE", "FR", "AT", "NL", "PL", "BE", "ES", "IT", "PT", "LU")


def day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def percent_of_tax(account: Doc) -> int:
    entity, country = account["Legal_Entity__c"], account["BillingCountryCode"]
    if entity == "CA":
        return 13 if account["BillingState"] == "ON" else 5
    return RATES[entity] if HOME.get(entity) == country else 0


class Check:
    """All the facts by the keys that the rules use."""

    def __init__(self, made: Sandbox) -> None:
        crm = made.salesforce
        self.accounts = {doc["Id"]: doc for doc in crm.all("Account")}
        self.contracts = {doc["ContractNumber"]: doc for doc in crm.all("Contract")}
        self.customers = {doc["id"]: doc for doc in made.stripe.all("customer")}
        self.items_known = {row["itemid"] for row in made.netsuite.all("item")}
        self.periods = made.netsuite.all("accountingperiod")
        orders = {doc["Id"]: doc for doc in crm.all("Order")}
        self.items: dict[str, list[Doc]] = defaultdict(list)
        for item in crm.all("OrderItem"):
            self.items[orders[item["OrderId"]]["ContractId"]].append(item)
        self.amended = {(doc["ContractId"], doc["EffectiveDate"]) for doc in orders.values() if doc["Type"] != "New"}
        self.by_contract: dict[str, list[Doc]] = defaultdict(list)
        for doc in sorted(made.stripe.all("invoice"), key=lambda doc: (doc["created"], doc["number"] or "")):
            if doc["status"] in ("open", "paid", "void"):
                self.by_contract[doc["metadata"].get("contract_number", "")].append(doc)

    def problems(self, doc: Doc) -> set[str]:
        """Names of the rules that this invoice breaks."""
        account = self.accounts.get(self.customers[doc["customer"]]["metadata"].get("sf_account_id", ""))
        if account is None:
            return {"customer"}
        contract = self.contracts.get(doc["metadata"].get("contract_number", ""))
        if contract is None:
            return {"contract"}
        found = self._of_customer(doc, account) | self._of_contract(doc, contract, account)
        found |= self._of_products(doc, contract)
        for line in doc["lines"]["data"]:
            found |= self._of_line(line, contract, account)
        return found | self._of_history(doc, contract)

    def _of_customer(self, doc: Doc, account: Doc) -> set[str]:
        found = set()
        if account["Credit_Hold__c"]:
            found.add("hold")
        if not account["BillingStreet"] or not doc["customer_address"]:
            found.add("address")
        needs = account["BillingCountryCode"] in WITH_TAX_ID
        if needs and not (account["Tax_Id__c"] and doc["customer_tax_ids"]):
            found.add("tax id")
        if account["Tax_Id__c"] and doc["customer_tax_ids"][0]["value"] != account["Tax_Id__c"]:
            found.add("tax id")
        return found

    def _of_contract(self, doc: Doc, contract: Doc, account: Doc) -> set[str]:
        issued, start, end = (day(doc[key]) for key in ("effective_at", "period_start", "period_end"))
        tests = {
            "status": contract["Status"] == "Activated",
            "period": contract["StartDate"] <= str(start) and str(end - timedelta(days=1)) <= contract["EndDate"],
            "currency": doc["currency"].upper() == contract["CurrencyIsoCode"] == account["CurrencyIsoCode"],
            "terms": day(doc["due_date"]) == issued + timedelta(days=contract["Payment_Terms_Days__c"]),
            "po": not account["PO_Required__c"] or doc["metadata"].get("po_number") == contract["PO_Number__c"],
            "months": months_between(start, end)
            == {"Monthly": 1, "Quarterly": 3, "Annual": 12}[contract["Billing_Frequency__c"]],
            "locked": not any(
                p["arlocked"] == "T" and p["startdate"] <= str(issued) <= p["enddate"] for p in self.periods
            ),
        }
        return {name for name, holds in tests.items() if not holds}

    def _of_products(self, doc: Doc, contract: Doc) -> set[str]:
        billed = [line["metadata"]["product_code"] for line in doc["lines"]["data"]]
        agreed = {item["Product_Code__c"] for item in self.items[contract["Id"]]}
        found = {"extra"} if set(billed) - agreed or len(set(billed)) < len(billed) else set()
        start = str(day(doc["period_start"]))
        if any(self.quantity(contract, code, start) > 0 for code in agreed - set(billed)):
            found.add("missing")
        if set(billed) & agreed - self.items_known:
            found.add("item")
        return found

    def quantity(self, contract: Doc, code: str, start: str) -> int:
        return sum(
            item["Quantity"]
            for item in self.items[contract["Id"]]
            if item["Product_Code__c"] == code
            and item["ServiceDate"] <= start
            and (item["EndDate"] is None or start <= item["EndDate"])
        )

    def _of_line(self, line: Doc, contract: Doc, account: Doc) -> set[str]:
        code = line["metadata"]["product_code"]
        start, end = day(line["period"]["start"]), day(line["period"]["end"])
        prices = {item["UnitPrice"] for item in self.items[contract["Id"]] if item["Product_Code__c"] == code}
        found = set()
        if len(prices) == 1:
            if Decimal(str(prices.pop())) * 100 != Decimal(line["pricing"]["unit_amount_decimal"]):
                found.add("price")
            agreed = self.quantity(contract, code, str(start))
            if agreed != 0 and line["quantity"] != agreed:
                found.add("quantity")
        unit = Decimal(line["pricing"]["unit_amount_decimal"])
        assert line["amount"] == half_up(line["quantity"] * unit * months_between(start, end))
        return found | self._of_sums(line, contract, account, start)

    def _of_sums(self, line: Doc, contract: Doc, account: Doc, start: date) -> set[str]:
        last = contract["Discount_End_Date__c"]
        percent = contract["Discount_Percent__c"] if last is None or str(start) <= last else 0
        given = sum(part["amount"] for part in line["discount_amounts"])
        base = line["amount"] - given
        tax = sum(part["amount"] for part in line["taxes"])
        found = set()
        if given != half_up(Decimal(line["amount"]) * Decimal(str(percent)) / 100):
            found.add("discount")
        if tax != half_up(Decimal(base) * percent_of_tax(account) / 100):
            found.add("tax")
        return found

    def _of_history(self, doc: Doc, contract: Doc) -> set[str]:
        invoices = self.by_contract[contract["ContractNumber"]]
        place = next(n for n, one in enumerate(invoices) if one["id"] == doc["id"])
        if any(one["period_start"] == doc["period_start"] for one in invoices[:place]):
            return {"duplicate"}
        if place == 0 or (contract["Id"], str(day(doc["period_start"]))) in self.amended:
            return set()
        before = invoices[place - 1]
        if before["currency"] != doc["currency"]:
            return set()
        return {"variance"} if abs(doc["total"] - before["total"]) * 4 > before["total"] else set()


def sums_tie(doc: Doc) -> bool:
    """Header figures are the sums of the lines."""
    lines: list[dict[str, Any]] = doc["lines"]["data"]
    amount = sum(line["amount"] for line in lines)
    discount = sum(part["amount"] for line in lines for part in line["discount_amounts"])
    tax = sum(part["amount"] for line in lines for part in line["taxes"])
    return bool(
        doc["subtotal"] == amount
        and sum(part["amount"] for part in doc["total_discount_amounts"]) == discount
        and sum(part["amount"] for part in doc["total_taxes"]) == tax
        and doc["total"] == amount - discount + tax
        and (doc["status"] == "void" or doc["amount_due"] == doc["amount_paid"] + doc["amount_remaining"])
    )
