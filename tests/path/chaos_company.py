"""A company that bills while its vendors stumble: contracts in Salesforce, invoices and payments in Stripe, by HTTP."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx

Doc = dict[str, Any]
PRODUCT, PRICE_MINOR = "HC-CORE", 4_000
TERMS_DAYS = 30
_MOST_TRIES = 60
_ROWS_AT_ONCE = 200
_EUROPEAN = frozenset({"DE", "FR"})
_COUNTRIES = {"AU": "10", "DE": "19", "FR": "20"}


@dataclass(frozen=True)
class Agreement:
    """One contract of one customer, to be billed once."""

    customer: str
    contract: str
    entity: str
    currency: str
    seats: int
    tax_rate: str


class Stripe:
    """Stripe as a billing program uses it: what failed is looked up before it is tried again."""

    def __init__(self, line: Doc) -> None:
        limits = httpx.Limits(max_connections=10, max_keepalive_connections=10)
        self._http = httpx.Client(
            base_url=line["address"], auth=(line["credentials"]["api_key"], ""), timeout=20, limits=limits
        )
        self.answers: Counter[str] = Counter()

    def read(self, path: str, **params: Any) -> Doc:
        for _ in range(_MOST_TRIES):
            answer = self._send("GET", path, params=params)
            if answer is not None and answer.is_success:
                return dict(answer.json())
        raise AssertionError(f"Stripe never answered {path}")

    def everything(self, path: str, **params: Any) -> Iterator[Doc]:
        """All objects of a list."""
        page: Doc = {"has_more": True}
        while page["has_more"]:
            page = self.read(path, limit=100, **params)
            yield from page["data"]
            params["starting_after"] = page["data"][-1]["id"] if page["data"] else None

    def write(self, path: str, form: Doc, look_up: Callable[[], Doc | None]) -> Doc:
        """Does it once: a 429 or a cut line is repeated under its key; after a 500 `look_up` says if it is done."""
        key = uuid4().hex
        for _ in range(_MOST_TRIES):
            answer = self._send("POST", path, data=form, headers={"Idempotency-Key": key})
            if answer is not None and answer.is_success:
                return dict(answer.json())
            if answer is not None and answer.status_code >= 500:
                if (done := look_up()) is not None:
                    return done
                key = uuid4().hex
            elif answer is not None and answer.status_code not in (409, 429):
                raise AssertionError(f"{path}: {answer.text}")
        raise AssertionError(f"Stripe never took {path}")

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response | None:
        try:
            answer = self._http.request(method, path, **content)
        except httpx.TransportError:
            self.answers["cut"] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        return answer


def bill(stripe: Stripe, agreed: Agreement, product: str) -> Doc:
    """Draft, line, finalisation: three steps, each exactly once whatever goes wrong."""
    draft = stripe.write("/v1/invoices", _head(agreed), lambda: _invoice_of(stripe, agreed))
    place = f"/v1/invoices/{draft['id']}"

    def fresh_if(is_done: Callable[[Doc], bool]) -> Doc | None:
        now = stripe.read(place)
        return now if is_done(now) else None

    stripe.write(f"{place}/add_lines", _line(agreed, product), lambda: fresh_if(lambda it: bool(it["lines"]["data"])))
    return stripe.write(f"{place}/finalize", {}, lambda: fresh_if(lambda it: it["status"] != "draft"))


def pay(stripe: Stripe, invoice: Doc) -> None:
    """Paid in full by bank transfer."""
    now, place = int(time.time()), f"/v1/invoices/{invoice['id']}"
    report = {
        "amount_requested[value]": invoice["total"],
        "amount_requested[currency]": invoice["currency"],
        "initiated_at": now,
        "outcome": "guaranteed",
        "guaranteed[guaranteed_at]": now,
        "payment_method_details[type]": "custom",
        "payment_method_details[custom][type]": "cpmt_transfer",
    }

    def paid() -> Doc | None:
        now = stripe.read(place)
        return now if now["amount_remaining"] == 0 else None

    # Money that was reported but is attached to no invoice pays nothing: reporting again does no harm.
    record = stripe.write("/v1/payment_records/report_payment", report, lambda: None)
    stripe.write(f"{place}/attach_payment", {"payment_record": record["id"]}, paid)


def _head(agreed: Agreement) -> Doc:
    return {
        "customer": agreed.customer,
        "currency": agreed.currency.lower(),
        "collection_method": "send_invoice",
        "days_until_due": TERMS_DAYS,
        "metadata[contract_number]": agreed.contract,
        "metadata[legal_entity]": agreed.entity,
    }


def _line(agreed: Agreement, product: str) -> Doc:
    return {
        "lines[0][quantity]": agreed.seats,
        "lines[0][description]": f"{agreed.seats} x Halden Core",
        "lines[0][price_data][currency]": agreed.currency.lower(),
        "lines[0][price_data][product]": product,
        "lines[0][price_data][unit_amount_decimal]": PRICE_MINOR,
        "lines[0][metadata][product_code]": PRODUCT,
        "lines[0][tax_rates][0]": agreed.tax_rate,
    }


def _invoice_of(stripe: Stripe, agreed: Agreement) -> Doc | None:
    found = stripe.read("/v1/invoices", customer=agreed.customer, limit=100)["data"]
    return next((one for one in found if one["metadata"].get("contract_number") == agreed.contract), None)


def product_id(stripe: Stripe) -> str:
    found = stripe.everything("/v1/products")
    return str(next(one["id"] for one in found if one["metadata"].get("product_code") == PRODUCT))


class Crm:
    """Salesforce, as far as contracts are signed there."""

    def __init__(self, line: Doc) -> None:
        given = line["credentials"]
        # Loopback, and the sandbox signs its own certificate.
        self._http = httpx.Client(base_url=line["address"], verify=False, timeout=30)
        who = (given["consumer_key"], given["consumer_secret"])
        token = self._http.post("/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=who).json()
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def rows(self, soql: str) -> list[Doc]:
        return list(self._http.get("/services/data/v66.0/query", params={"q": soql}).json()["records"])

    def create(self, kind: str, rows: list[Doc]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            records = [{"attributes": {"type": kind}, **row} for row in rows[start : start + _ROWS_AT_ONCE]]
            made = self._http.post("/services/data/v66.0/composite/sobjects", json={"records": records}).json()
            assert all(each["success"] for each in made), made
            ids += [each["id"] for each in made]
        return ids


def sign_contracts(crm: Crm, stripe: Stripe, count: int, today: date) -> list[Agreement]:
    """Contracts with customers whose invoices nothing holds up, one for each invoice to come."""
    payers = _payers(crm, stripe)
    rates = {one["country"]: one["id"] for one in stripe.everything("/v1/tax_rates") if _is_wanted(one)}
    chosen = [payers[number % len(payers)] for number in range(count)]
    span = {"StartDate": f"{today - timedelta(days=30)}", "EndDate": f"{today + timedelta(days=335)}"}
    contracts = crm.create("Contract", [_contract(account) | span for account, _ in chosen])
    order = {"EffectiveDate": span["StartDate"], "EndDate": span["EndDate"], "Status": "Activated"}
    links = [
        {"AccountId": account["Id"], "CurrencyIsoCode": account["CurrencyIsoCode"], "ContractId": contract}
        for (account, _), contract in zip(chosen, contracts, strict=True)
    ]
    orders = crm.create("Order", [link | order for link in links])
    items = [
        _item(account, number) | {"OrderId": id, "ServiceDate": span["StartDate"], "EndDate": span["EndDate"]}
        for number, ((account, _), id) in enumerate(zip(chosen, orders, strict=True))
    ]
    crm.create("OrderItem", items)
    numbers = {row["Id"]: row["ContractNumber"] for row in crm.rows("SELECT Id, ContractNumber FROM Contract")}
    return [
        Agreement(
            customer=payer["id"],
            contract=numbers[contract],
            entity=account["Legal_Entity__c"],
            currency=account["CurrencyIsoCode"],
            seats=_seats(number),
            tax_rate=rates[account["BillingCountryCode"]],
        )
        for number, ((account, payer), contract) in enumerate(zip(chosen, contracts, strict=True))
    ]


def _payers(crm: Crm, stripe: Stripe) -> list[tuple[Doc, Doc]]:
    """(account, customer) of those who buy at home, need no purchase order and are on no hold."""
    accounts = crm.rows(
        "SELECT Id, BillingCountryCode, CurrencyIsoCode, Legal_Entity__c, PO_Required__c, Credit_Hold__c,"
        " BillingStreet, Tax_Id__c FROM Account"
    )
    good = {
        row["Id"]: row
        for row in accounts
        if row["BillingCountryCode"] == row["Legal_Entity__c"]
        and row["BillingCountryCode"] in _COUNTRIES
        and row["BillingStreet"]
        and (row["Tax_Id__c"] or row["BillingCountryCode"] not in _EUROPEAN)
        and not (row["PO_Required__c"] or row["Credit_Hold__c"])
    }
    customers = [one for one in stripe.everything("/v1/customers") if one["metadata"].get("sf_account_id") in good]
    payers = [(good[one["metadata"]["sf_account_id"]], one) for one in customers]
    for account, payer in payers:
        if account["BillingCountryCode"] in _EUROPEAN:
            tax_id = {"type": "eu_vat", "value": account["Tax_Id__c"]}
            stripe.write(f"/v1/customers/{payer['id']}/tax_ids", tax_id, lambda: None)
    return payers


def _is_wanted(rate: Doc) -> bool:
    return _COUNTRIES.get(rate["country"]) == f"{rate['percentage']:g}"


def _contract(account: Doc) -> Doc:
    return {
        "AccountId": account["Id"],
        "Status": "Activated",
        "CurrencyIsoCode": account["CurrencyIsoCode"],
        "Payment_Terms_Days__c": TERMS_DAYS,
        "Discount_Percent__c": 0,
        "Billing_Frequency__c": "Monthly",
    }


def _item(account: Doc, number: int) -> Doc:
    return {
        "Product_Code__c": PRODUCT,
        "Quantity": _seats(number),
        "UnitPrice": PRICE_MINOR / 100,
        "CurrencyIsoCode": account["CurrencyIsoCode"],
    }


def _seats(number: int) -> int:
    """Few enough that nobody has to approve."""
    return 3 + number % 97
