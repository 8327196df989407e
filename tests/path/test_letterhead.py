"""From the ledger's subsidiary and a person's words to the head and the foot of the invoice that a customer gets."""

from __future__ import annotations

import pytest

from core.canonical import EntityRecord
from core.db.tables import Document, LegalEntity
from core.intake import store as intake
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import SaveEntity
from core.workflow.bootstrap import introduce_demo_entities
from core.workflow.papers import invoice_paper
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import house_contract, seats
from tests.path.outside import NAMES, Outside, text_of
from tests.stores import Furniture
from tests.work import all_rows, open_house, person, record

pytestmark = pytest.mark.slow
ADDRESS = "billing@nordlicht.example"
HEAD = ("Halden Cloud GmbH", "Speicherstraße 12", "20457 Hamburg", "Germany", "DE314159262")
FOOT = ("Hafenbank Hamburg", "IBAN DE17 1005 0000 0190 2876 55")


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def house(runtime: Runtime, outside: Outside) -> Runtime:
    """The demo's first minute: accounts from the bootstrap, then what NetSuite says of its subsidiaries."""
    introduce_demo_entities(runtime)
    hear_of_entities(runtime, outside)
    with runtime.transaction() as session:
        intake.introduce(session, NAMES)
    return runtime


def hear_of_entities(runtime: Runtime, outside: Outside) -> None:
    source = outside.source(runtime, "netsuite")
    page = next(iter(source.pull("reference", {})))
    told = [each for row in page.records for each in source.to_canonical(row) if isinstance(each, EntityRecord)]
    assert len(told) == 6
    record(runtime, b.LEDGER, entities=tuple(told))


def bill(runtime: Runtime, number: str) -> Document:
    lines = (seats(source_ref=f"line {number}", contract_ref=number),)
    house_contract(runtime, lines, number=number, source_ref=number)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    found: Document = next(each for each in all_rows(runtime, Document) if each.contract_number == number)
    return found


def entity(runtime: Runtime) -> LegalEntity:
    found: LegalEntity = next(each for each in all_rows(runtime, LegalEntity) if each.code == "DE")
    return found


def test_the_pdf_in_the_mailbox_carries_letterhead_and_account(house: Runtime, outside: Outside) -> None:
    bill(house, "CT-7901")
    outside.deliver_all(house)
    (message,) = [each for each in outside.messages(ADDRESS) if "CT-7901" in each["message_id"]]
    said = outside.paper(message)
    assert [words for words in (*HEAD, *FOOT) if words not in said] == []


def test_every_entity_of_the_demo_has_a_whole_letterhead(house: Runtime) -> None:
    rows = all_rows(house, LegalEntity)
    assert len(rows) == 6
    assert [row.code for row in rows if not (row.address and row.tax_id and row.email)] == []
    assert [row.code for row in rows if not row.payment_instructions] == []


def test_a_new_account_is_on_the_next_invoice_and_not_on_the_one_that_went_out(
    house: Runtime, outside: Outside
) -> None:
    first = bill(house, "CT-7902")
    chen, now = person(house, "Chen"), entity(house)
    wish = SaveEntity(
        code="DE",
        revision=now.revision,
        address=now.address,
        tax_id=now.tax_id,
        email=now.email,
        payment_instructions="Elbbank\nIBAN DE89 3704 0044 0532 0130 00",
    )
    execute(house, wish, chen)
    hear_of_entities(house, outside)
    second = bill(house, "CT-7903")
    before = text_of(invoice_paper(house, chen, first.id).content)
    after = text_of(invoice_paper(house, chen, second.id).content)
    assert FOOT[1] in before and "Elbbank" not in before
    assert "Elbbank" in after and FOOT[1] not in after
