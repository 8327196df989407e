"""No invoice of the house goes out on a letterhead that lacks what the law or the payer needs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from core.db.tables import Case, Document, LegalEntity
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import SaveEntity
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import house_contract
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, person, record

pytestmark = pytest.mark.slow
PARIS: dict[str, Any] = {"country": "FR", "tax_id": "FR40303265045", "address": "1 rue de la Paix, Paris"}
BARE: dict[str, Any] = {"address": None, "tax_id": None, "payment_instructions": None}


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def strip(runtime: Runtime, **facts: Any) -> None:
    """The letterhead as it was before anybody told it."""
    with runtime.transaction() as session:
        session.execute(update(LegalEntity).where(LegalEntity.code == "DE").values(**facts))


def billed(runtime: Runtime) -> Document:
    house_contract(runtime)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    found: Document = only(runtime, Document)
    return found


@pytest.mark.parametrize(
    ("letterhead", "buyer", "told"),
    [
        ({"tax_id": None}, {}, "has no VAT id on its letterhead"),
        ({"tax_id": None}, PARIS, "has no VAT id on its letterhead"),
        ({"address": None}, {}, "has no postal address on"),
        ({"address": None, "tax_id": None}, {}, "has no VAT id and no postal address on"),
    ],
    ids=["vat charged", "reverse charge", "no address", "neither"],
)
def test_what_is_missing_is_told_and_nothing_goes_out(
    runtime: Runtime, letterhead: dict[str, Any], buyer: dict[str, Any], told: str
) -> None:
    strip(runtime, **letterhead)
    record(runtime, b.CRM, customers=(b.customer(**buyer),))
    assert billed(runtime).state == "on_hold"
    case = only(runtime, Case)
    assert (case.code, case.type) == ("seller.incomplete", "master_data")
    assert told in case.sentence and case.sentence.endswith("add it under Govern › Legal entities.")


@pytest.mark.parametrize(
    ("letterhead", "buyer"),
    [
        ({"tax_id": None}, {"country": "CH", "tax_id": None, "address": "Bahnhofstrasse 1, Zürich"}),
        ({"payment_instructions": None}, {"pays_by": "card"}),
    ],
    ids=["an export bears no VAT", "a card needs no account"],
)
def test_nothing_is_asked_for_that_the_invoice_does_not_need(
    runtime: Runtime, letterhead: dict[str, Any], buyer: dict[str, Any]
) -> None:
    strip(runtime, **letterhead)
    record(runtime, b.CRM, customers=(b.customer(**buyer),))
    assert billed(runtime).state == "released"


def test_an_account_that_is_missing_is_told_and_stops_nothing(runtime: Runtime) -> None:
    strip(runtime, payment_instructions=None)
    assert billed(runtime).state == "released"
    case = only(runtime, Case)
    assert (case.code, case.is_blocking) == ("seller.no_account", False)
    assert "add payment instructions under Govern › Legal entities" in case.sentence


def test_once_the_letterhead_is_written_the_invoice_goes_out(runtime: Runtime) -> None:
    strip(runtime, **BARE)
    assert billed(runtime).state == "on_hold"
    (entity,) = [row for row in all_rows(runtime, LegalEntity) if row.code == "DE"]
    told = {name: getattr(b.entity(), name) for name in BARE}
    execute(runtime, SaveEntity(code="DE", revision=entity.revision, email=None, **told), person(runtime, "Chen"))
    assert only(runtime, Document).state == "released"
    assert {row.state for row in all_rows(runtime, Case)} == {"resolved"}


def test_so_it_does_when_the_ledger_tells_the_letterhead(runtime: Runtime) -> None:
    strip(runtime, **BARE)
    assert billed(runtime).state == "on_hold"
    record(runtime, b.LEDGER, entities=(b.entity(),))
    assert only(runtime, Document).state == "released"
