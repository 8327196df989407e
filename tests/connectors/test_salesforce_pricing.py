"""How Salesforce's words about prices, renewals and CPQ become ours, and what is told when they do not fit."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.salesforce.cpq import CPQ_OBJECT
from connectors.salesforce.mapping import to_canonical
from core.canonical import ChargeTerms, ContractRecord, CustomerRecord, EntityShare, OrderLineRecord, RampStep, Tier
from tests.connectors.payloads import ACCOUNT, CONTRACT, ORDER_ITEM, record

TIERS = [{"up_to": "100", "unit_price": "1.50", "flat_fee": "5"}, {"up_to": None, "unit_price": "1.25"}]
CPQ_LINE = {
    "Id": "a0S1",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-01T10:00:00.000+0000",
    "SBQQ__Contract__c": "800A",
    "SBQQ__Product__r": {"ProductCode": "HC-CORE"},
    "SBQQ__ProductName__c": "Core seats",
    "SBQQ__QuoteLine__r": None,
    "SBQQ__Quantity__c": "-3.0",
    "SBQQ__NetPrice__c": "24.17",
    "SBQQ__StartDate__c": "2026-12-01",
    "SBQQ__EndDate__c": "2027-10-31",
    "SBQQ__TerminatedDate__c": None,
    "SBQQ__RootId__c": None,
    "SBQQ__RevisedSubscription__c": "a0S0",
}


def line(**fields: Any) -> OrderLineRecord:
    (found,) = to_canonical(record("OrderItem", ORDER_ITEM, **fields))
    assert isinstance(found, OrderLineRecord)
    return found


def cpq(**fields: Any) -> OrderLineRecord:
    (found,) = to_canonical(record(CPQ_OBJECT, CPQ_LINE, **fields))
    assert isinstance(found, OrderLineRecord)
    return found


def test_a_line_without_a_word_about_pricing_is_per_unit_and_in_advance() -> None:
    found = line()
    assert found.charge == ChargeTerms()
    assert found.root_ref == "8020"


def test_every_term_of_a_price_arrives() -> None:
    found = line(
        Description="API calls, tier by tier",
        Charge_Type__c="Usage",
        Pricing_Model__c="Graduated",
        Billing_Timing__c="Arrears",
        Billing_Frequency_Months__c="3.0",
        Price_Tiers__c=json.dumps(TIERS),
        Ramp__c='[{"starts_on": "2027-06-01", "unit_price": 2.10}]',
        Meter__c="api_calls",
        Included_Quantity__c="50.5",
        Minimum_Amount__c="100",
        Commit_Amount__c="1200",
        Free_Until__c="2027-01-31",
        Discount_Percent__c="12.5",
        Discount_End_Date__c="2027-04-30",
        Proration__c="None",
        Entity_Shares__c='[{"entity": "UK", "percent": "30"}]',
    )
    assert found.description == "API calls, tier by tier"
    assert found.charge == ChargeTerms(
        kind="usage",
        pricing="graduated",
        timing="arrears",
        frequency_months=3,
        tiers=(
            Tier(up_to=Decimal(100), unit_price=Decimal("1.50"), flat_fee=Decimal(5)),
            Tier(up_to=None, unit_price=Decimal("1.25")),
        ),
        ramp=(RampStep(starts_on=date(2027, 6, 1), unit_price=Decimal("2.10")),),
        meter="api_calls",
        included_quantity=Decimal("50.5"),
        minimum_amount=Decimal(100),
        commit_amount=Decimal(1200),
        free_until=date(2027, 1, 31),
        discount_percent=Decimal("12.5"),
        discount_ends_on=date(2027, 4, 30),
        proration="none",
        shares=(EntityShare(entity="UK", percent=Decimal(30)),),
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Charge_Type__c": "Rental"}, "“Rental” is not a kind of charge that we know"),
        ({"Pricing_Model__c": "Graduated"}, "is priced by tiers but states none"),
        ({"Price_Tiers__c": "[{"}, "price tiers are not readable as JSON"),
        ({"Price_Tiers__c": '{"up_to": 1}'}, "price tiers should be a list"),
        ({"Price_Tiers__c": '[{"up_to": "1"}]'}, "price tiers do not fit: unit_price is missing"),
        ({"Price_Tiers__c": json.dumps([*reversed(TIERS)])}, "do not go up one by one"),
        ({"Pricing_Model__c": "Package"}, "packages of no stated size"),
        ({"Charge_Type__c": "Usage"}, "names no meter"),
        ({"Charge_Type__c": "Milestone"}, "milestone without a date"),
        ({"Billing_Frequency_Months__c": "1.5"}, "should be a whole number"),
        ({"Billing_Frequency_Months__c": "0"}, "periods of no length"),
        ({"Entity_Shares__c": '[{"entity": "UK", "percent": "130"}]'}, "shared out beyond the whole"),
        ({"Included_Quantity__c": "-10"}, "includes a quantity below zero"),
        ({"Minimum_Amount__c": "-5"}, "has a minimum below zero"),
        ({"Commit_Amount__c": "-5"}, "has a commitment below zero"),
        ({"Discount_Percent__c": "150"}, "has a discount that is not between 0 and 100 percent"),
        ({"Price_Tiers__c": '[{"up_to": null, "unit_price": "-1"}]'}, "has a price below zero"),
        ({"Ramp__c": '[{"starts_on": "2026-01-01", "unit_price": "-1"}]'}, "has a price below zero"),
        ({"Entity_Shares__c": '[{"entity": "UK", "percent": "-30"}]'}, "has a share below zero"),
        ({"Commit_Amount__c": "1" + 12 * "0"}, "names a number beyond what can be billed"),
        ({"Ramp__c": '[{"starts_on": "soon", "unit_price": "1"}]'}, "ramp do not fit"),
    ],
)
def test_pricing_that_does_not_fit_is_told_in_a_sentence(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        line(**fields)


def test_a_deleted_line_is_over_before_it_begins_whatever_its_price_was() -> None:
    found = line(IsDeleted=True, Price_Tiers__c="[{")
    assert found.quantity == 0
    assert found.ends_on is not None and found.ends_on < found.starts_on


def test_a_contract_says_who_bills_it_and_how_it_renews() -> None:
    terms = {
        "Billing_Anchor_Day__c": "15",
        "Auto_Renew__c": True,
        "Renewal_Term_Months__c": "24",
        "Renewal_Uplift_Percent__c": "3.5",
    }
    (found,) = to_canonical(record("Contract", CONTRACT, **terms))
    assert isinstance(found, ContractRecord)
    assert (found.billed_by, found.anchor_day, found.auto_renews) == ("house", 15, True)
    assert (found.renewal_months, found.uplift_percent) == (24, Decimal("3.5"))


@pytest.mark.parametrize("system", ["Stripe", None])
def test_a_contract_that_names_no_other_system_is_billed_by_stripe(system: str | None) -> None:
    (found,) = to_canonical(record("Contract", CONTRACT, Billing_System__c=system))
    assert isinstance(found, ContractRecord)
    assert found.billed_by == "stripe"


def test_an_anchor_on_no_day_of_a_month_is_told() -> None:
    with pytest.raises(ValueError, match="should be a day of the month, not 32"):
        to_canonical(record("Contract", CONTRACT, Billing_Anchor_Day__c="32"))


def test_an_account_says_how_it_pays_and_what_tax_asks_for() -> None:
    facts = {
        "BillingState": "CA",
        "BillingPostalCode": "94105",
        "Tax_Exempt__c": True,
        "Payment_Method__c": "Card",
        "Invoice_Release__c": "Manual",
    }
    (found,) = to_canonical(record("Account", ACCOUNT, **facts))
    assert isinstance(found, CustomerRecord)
    assert (found.region, found.postal_code, found.is_tax_exempt) == ("CA", "94105", True)
    assert (found.pays_by, found.release_mode) == ("card", "manual")


# --- CPQ -------------------------------------------------------------------------------------------------------------


def test_a_revision_in_cpq_is_a_delta_of_its_chain() -> None:
    found = cpq()
    assert (found.contract_ref, found.root_ref, found.quantity) == ("800A", "a0S0", Decimal(-3))
    assert (found.product_code, found.unit_price) == ("HC-CORE", Decimal("24.17"))
    assert (found.starts_on, found.ends_on) == (date(2026, 12, 1), date(2027, 10, 31))


def test_the_first_of_a_chain_in_cpq_is_its_own_root() -> None:
    assert cpq(SBQQ__RootId__c="a0S1", SBQQ__RevisedSubscription__c=None).root_ref is None


@pytest.mark.parametrize("fields", [{"SBQQ__TerminatedDate__c": "2026-12-31"}, {"IsDeleted": True}])
def test_a_terminated_subscription_in_cpq_promises_nothing(fields: dict[str, Any]) -> None:
    found = cpq(**fields)
    assert found.quantity == 0
    assert found.ends_on is not None and found.ends_on < found.starts_on


def test_the_quote_says_how_cpq_bills() -> None:
    quote = {
        "SBQQ__ChargeType__c": "Recurring",
        "SBQQ__BillingType__c": "Arrears",
        "SBQQ__BillingFrequency__c": "Semiannual",
    }
    assert cpq(SBQQ__QuoteLine__r=quote).charge == ChargeTerms(timing="arrears", frequency_months=6)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"SBQQ__Product__r": None}, "has no product code"),
        (
            {
                "SBQQ__QuoteLine__r": {
                    "SBQQ__ChargeType__c": "Usage",
                    "SBQQ__BillingType__c": None,
                    "SBQQ__BillingFrequency__c": None,
                }
            },
            "names no meter",
        ),
    ],
)
def test_what_cpq_leaves_open_is_told(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cpq(**fields)


def test_a_subscription_outside_any_contract_means_nothing() -> None:
    assert to_canonical(record(CPQ_OBJECT, CPQ_LINE, SBQQ__Contract__c=None)) == ()
