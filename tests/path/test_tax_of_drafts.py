"""The tax of an invoice that has not gone out follows the facts that it rests on, and is never a guess."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.db.tables import Case, Document, DocumentLine, DocumentTax
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import house_contract
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, person, record

pytestmark = pytest.mark.slow
PARIS: dict[str, Any] = {"country": "FR", "address": "1 rue de la Paix, Paris"}
WRONG_ID, RIGHT_ID = "FR00000000000", "FR40303265045"


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def billed(runtime: Runtime, **terms: Any) -> Document:
    house_contract(runtime, **terms)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    return the_invoice(runtime)


def the_invoice(runtime: Runtime) -> Document:
    found: Document = only(runtime, Document)
    return found


def open_cases(runtime: Runtime) -> dict[str, Case]:
    return {row.code: row for row in all_rows(runtime, Case) if row.state == "open"}


def reasons(runtime: Runtime) -> set[str]:
    return {row.reason for row in all_rows(runtime, DocumentTax)}


def sold_in(runtime: Runtime, country: str, region: str | None, **settings: Any) -> Runtime:
    """A house whose entity and customer are both in this country."""
    found = replace(runtime, settings=runtime.settings.model_copy(update=settings))
    entity = b.entity(source_ref="5", code=country, name="Halden Inc", country=country, currency="USD")
    record(found, b.LEDGER, entities=(entity,))
    lives_in(found, country, region)
    return found


def lives_in(runtime: Runtime, country: str, region: str | None) -> None:
    facts: dict[str, Any] = {"entity": country, "currency": "USD", "tax_id": None, "address": "9 Elm St"}
    record(runtime, b.CRM, customers=(b.customer(country=country, region=region, **facts),))


@pytest.mark.parametrize(
    ("country", "region", "told"),
    [
        ("US", None, "its address names no state of the United States"),
        ("US", "Nowhere", "“Nowhere” in its address is no state of the United States that we know"),
        ("CA", None, "its address names no province of Canada"),
        ("JP", None, "the built-in table has no rates of Japan"),
    ],
)
def test_an_invoice_whose_tax_nobody_can_say_is_held_and_says_what_is_missing(
    runtime: Runtime, country: str, region: str | None, told: str
) -> None:
    house = sold_in(runtime, country, region, tax_registrations=frozenset({"NY", "TX"}))
    row = billed(house, currency="USD")
    assert (row.state, row.is_issued) == ("on_hold", False)
    case = open_cases(house)["tax.undetermined"]
    assert told in case.sentence and "Nordlicht Logistik GmbH" in case.sentence


def test_it_is_taxed_and_released_once_the_crm_names_the_state(runtime: Runtime) -> None:
    house = sold_in(runtime, "US", None, tax_registrations=frozenset({"NY", "TX"}))
    billed(house, currency="USD")
    lives_in(house, "US", "New York")
    row = the_invoice(house)
    assert (row.state, row.tax_minor, row.total_minor) == ("released", 8_000, 208_000)
    assert [line.tax_minor for line in all_rows(house, DocumentLine)] == [8_000]
    assert open_cases(house) == {}


def correct(runtime: Runtime, **facts: Any) -> dict[str, Any]:
    (case,) = [row for row in open_cases(runtime).values() if row.code == "tax_id.invalid"]
    command = c.CorrectDocument(case=Target(case.id, case.revision), note="found on their website", **facts)
    return execute(runtime, command, person(runtime, "Ana")).result


def test_a_corrected_tax_id_redetermines_the_tax_before_the_invoice_goes_out(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(tax_id=WRONG_ID, **PARIS),))
    row = billed(runtime)
    assert (row.state, row.tax_minor) == ("on_hold", 40_000)
    correct(runtime, tax_id=RIGHT_ID)
    row = the_invoice(runtime)
    assert (row.state, row.tax_minor, row.total_minor, row.open_minor) == ("released", 0, 200_000, 200_000)
    assert reasons(runtime) == {"reverse_charge"}
    assert [line.tax_minor for line in all_rows(runtime, DocumentLine)] == [0]


def test_an_id_that_is_put_right_in_the_crm_does_so_too(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(tax_id=WRONG_ID, **PARIS),))
    billed(runtime)
    record(runtime, b.CRM, customers=(b.customer(tax_id=RIGHT_ID, **PARIS),))
    row = the_invoice(runtime)
    assert (row.state, row.tax_id, row.tax_minor) == ("released", RIGHT_ID, 0)


def test_what_a_person_corrected_stands_against_the_crm(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(tax_id=WRONG_ID, is_on_hold=True, **PARIS),))
    billed(runtime)
    correct(runtime, tax_id=RIGHT_ID)
    assert the_invoice(runtime).state == "on_hold"
    record(runtime, b.CRM, customers=(b.customer(tax_id=WRONG_ID, is_on_hold=False, **PARIS),))
    row = the_invoice(runtime)
    assert (row.state, row.tax_id, row.tax_minor) == ("released", RIGHT_ID, 0)
