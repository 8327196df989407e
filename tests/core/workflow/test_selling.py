"""What was sold and is in no contract: deals without one, and contracts that come to something else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.canonical import ChargeTerms
from core.db.tables import Case, Opportunity, Quote
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import WatchSales
from core.workflow.command import Target
from jobs.watch_drift import watch_drift
from tests import builders as b
from tests import work
from tests.drifting import found
from tests.fakes import FixedClock
from tests.stores import Furniture

CODE = "sale.uncontracted"
# The house's clock stands at the beginning of November 2026.
LONG_AGO = date(2026, 10, 1)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def told(runtime: Runtime) -> list[Case]:
    watch_drift(runtime)
    return [row for row in work.all_rows(runtime, Case) if row.code == CODE and row.state == "open"]


def win(runtime: Runtime, **facts: Any) -> None:
    deal = b.opportunity(**{"contract_ref": None, "closes_on": LONG_AGO, **facts})
    work.record(runtime, b.CRM, opportunities=(deal,))


def sell(runtime: Runtime, *, quote: dict[str, Any] | None = None, **facts: Any) -> None:
    quotes = () if quote is None else (b.quote(**quote),)
    work.record(runtime, b.CRM, opportunities=(b.opportunity(**facts),), quotes=quotes)


# --- deals without a contract ----------------------------------------------------------------------------------------


def test_a_deal_without_a_contract_becomes_an_exception_with_its_amount(runtime: Runtime) -> None:
    win(runtime)
    (case,) = told(runtime)
    assert (case.type, case.amount_minor, case.currency, case.entity) == ("contract", 240_000, "EUR", "DE")
    assert "won on 1 Oct 2026 for EUR 2,400.00, but no contract in force belongs to it" in case.sentence
    assert case.stake_minor > 0 and case.customer_id is not None
    assert case.evidence["source_address"] == "https://crm.example/006A"
    assert len(told(runtime)) == 1


def test_a_contract_has_some_days_to_be_written(runtime: Runtime, clock: FixedClock) -> None:
    won_on = runtime.today() - timedelta(days=14)
    win(runtime, closes_on=won_on)
    assert told(runtime) == []
    clock.advance(days=1)
    assert len(told(runtime)) == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"is_won": False, "stage": "Negotiation/Review"},
        {"amount_minor": 0},
        {"amount_minor": -5_000},
        {"contract_ref": "800A"},
        {"closes_on": date(2025, 6, 1)},
    ],
)
def test_nobody_is_told_of_deals_that_bring_nothing_have_a_contract_or_are_long_past(
    runtime: Runtime, facts: dict[str, Any]
) -> None:
    win(runtime, **facts)
    assert told(runtime) == []


def test_the_exception_closes_by_itself_when_the_contract_comes(runtime: Runtime) -> None:
    win(runtime, contract_ref="800Z")
    assert len(told(runtime)) == 1
    work.record(runtime, b.CRM, contracts=(b.contract(source_ref="800Z", number="CT-9"),))
    (case,) = [row for row in work.all_rows(runtime, Case) if row.code == CODE]
    assert (case.state, case.resolution) == ("resolved", "Its contract has come, or it is no longer won")


def test_a_draft_is_no_contract_yet(runtime: Runtime) -> None:
    win(runtime, contract_ref="800Z")
    work.record(runtime, b.CRM, contracts=(b.contract(source_ref="800Z", number="CT-9", status="draft"),))
    assert len(told(runtime)) == 1


def test_the_contract_may_name_the_deal_instead(runtime: Runtime) -> None:
    win(runtime)
    assert len(told(runtime)) == 1
    work.record(runtime, b.CRM, contracts=(b.contract(source_ref="800Z", number="CT-9", opportunity_ref="006A"),))
    assert told(runtime) == []


def test_the_exception_closes_when_the_deal_is_given_its_contract_or_lost_after_all(runtime: Runtime) -> None:
    win(runtime)
    win(runtime, source_ref="006B")
    assert len(told(runtime)) == 2
    win(runtime, contract_ref="800A")
    win(runtime, source_ref="006B", is_won=False, stage="Closed Lost")
    assert [row.state for row in work.all_rows(runtime, Case) if row.code == CODE] == ["resolved", "resolved"]


def test_what_was_recorded_during_a_backfill_is_settled_by_the_next_watch(runtime: Runtime) -> None:
    win(runtime)
    assert len(told(runtime)) == 1
    work.record(runtime, b.CRM, opportunities=(b.opportunity(),), is_backfill=True)
    assert told(runtime) == []


def test_a_changed_amount_is_brought_up_to_date(runtime: Runtime) -> None:
    win(runtime)
    told(runtime)
    win(runtime, amount_minor=300_000)
    (case,) = told(runtime)
    assert (case.amount_minor, case.revision) == (300_000, 2)
    assert "EUR 3,000.00" in case.sentence


def test_what_somebody_accepted_is_not_told_again_at_the_same_amount(runtime: Runtime) -> None:
    win(runtime)
    (case,) = told(runtime)
    wish = c.WaiveCases(targets=(Target(case.id, case.revision),), reason="Billed by the partner")
    execute(runtime, wish, work.person(runtime, "Ana"))
    assert told(runtime) == []
    win(runtime, amount_minor=300_000)
    assert len(told(runtime)) == 1


def test_without_an_amount_the_quote_says_what_was_sold(runtime: Runtime) -> None:
    win(runtime, amount_minor=None)
    work.record(runtime, b.CRM, quotes=(b.quote(total_minor=99_900),))
    (case,) = told(runtime)
    assert (case.amount_minor, case.evidence["quote"]) == (99_900, "Q-77")


def test_many_deals_are_looked_through_in_bounded_batches(runtime: Runtime) -> None:
    deals = tuple(
        b.opportunity(source_ref=f"006-{n}", contract_ref=None, closes_on=LONG_AGO - timedelta(days=n // 2))
        for n in range(5)
    )
    work.record(runtime, b.CRM, opportunities=deals)
    after, new = None, []
    while True:
        result = execute(runtime, WatchSales(patience_days=14, after=after, limit=2), work.JOB).result
        new.append(result["n"])
        if result["last"] is None:
            break
        after = (date.fromisoformat(result["last"][0]), UUID(result["last"][1]))
    assert new == [2, 2, 1]


def test_a_repeated_opportunity_and_quote_land_on_the_same_rows(runtime: Runtime) -> None:
    sell(runtime, quote={})
    sell(runtime, quote={"number": "Q-78"}, name="Another name")
    assert work.only(runtime, Opportunity).name == "Another name"
    assert work.only(runtime, Quote).number == "Q-78"


# --- contracts that come to something else ---------------------------------------------------------------------------


def test_a_contract_that_is_what_was_sold_has_no_drift(runtime: Runtime) -> None:
    sell(runtime, quote={})
    assert found(runtime) == []


def test_a_contract_with_less_than_was_sold_is_drift_with_the_missing_money(runtime: Runtime) -> None:
    sell(runtime, amount_minor=300_000)
    (case,) = found(runtime)
    assert (case.code, case.amount_minor, case.currency) == ("drift.sold", 60_000, "EUR")
    assert "EUR 3,000.00" in case.evidence["sides"]["Sold"]
    assert case.evidence["sides"]["Agreed"] == "EUR 2,400.00 over the term, as signed"
    line = b.order_line(quantity=Decimal("12.5"))
    work.record(runtime, b.CRM, order_lines=(line,))
    assert found(runtime) == []


def test_the_total_of_the_quote_decides(runtime: Runtime) -> None:
    sell(runtime, quote={"total_minor": 200_000})
    (case,) = found(runtime)
    assert (case.code, case.amount_minor) == ("drift.sold", -40_000)
    assert "quote Q-77: EUR 2,000.00" in case.evidence["sides"]["Sold"]


def test_a_discount_is_part_of_what_a_contract_comes_to(runtime: Runtime) -> None:
    work.record(runtime, b.CRM, contracts=(b.contract(discount_percent=Decimal(10)),))
    sell(runtime, amount_minor=216_000)
    assert found(runtime) == []


def test_an_amendment_needs_no_deal_of_its_own_and_may_have_one(runtime: Runtime) -> None:
    more = b.order_line(source_ref="802B", root_ref="802A", quantity=Decimal(5), starts_on=date(2026, 7, 1))
    work.record(runtime, b.CRM, order_lines=(more,))
    sell(runtime)
    assert found(runtime) == []
    sell(runtime, source_ref="006B", closes_on=date(2026, 6, 20), amount_minor=60_000)
    assert found(runtime) == []


def test_a_contract_with_usage_may_come_to_less_than_was_hoped_for(runtime: Runtime) -> None:
    usage = ChargeTerms(kind="usage", meter="api_calls")
    line = b.order_line(source_ref="802U", product_code="HC-API", quantity=Decimal(0), charge=usage)
    work.record(runtime, b.CRM, order_lines=(line,))
    sell(runtime, amount_minor=900_000)
    assert found(runtime) == []


def test_contracts_that_are_over_or_without_a_last_day_are_not_held_against_their_deals(runtime: Runtime) -> None:
    sell(runtime, amount_minor=900_000)
    work.record(runtime, b.CRM, contracts=(b.contract(ends_on=None),), order_lines=(b.order_line(ends_on=None),))
    assert found(runtime) == []
    work.record(runtime, b.CRM, contracts=(b.contract(status="expired"),))
    assert found(runtime) == []
