"""An invoice of the house that somebody takes back at the payment platform, which only collects it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from core.db.tables import Case, Link
from core.runtime import Runtime
from jobs.pull import pull
from tests import builders as b
from tests.path.outside import Outside
from tests.path.releasing import billed, one_invoice
from tests.stores import Furniture
from tests.work import all_rows, open_house, record

pytestmark = pytest.mark.slow


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def without_card(outside: Outside) -> Iterator[None]:
    """The customer has no payment method on file, so that the invoice stays open there."""
    store = outside.emulators["stripe"].store
    before = store.need("customer", b.PAYMENTS_CUSTOMER)
    store.put({**before, "invoice_settings": {**before["invoice_settings"], "default_payment_method": None}})
    yield
    store.put(before)


def test_an_invoice_of_ours_that_was_voided_in_stripe_becomes_one_exception_and_stays_a_claim(
    house: Runtime,
    outside: Outside,
    without_card: None,
) -> None:
    record(house, b.CRM, customers=(b.customer(pays_by="card"),))
    row = billed(house, "CT-7030")
    outside.deliver_all(house)
    (link,) = [each for each in all_rows(house, Link) if each.kind == "document" and each.system == "stripe"]
    ref = link.external_id.removeprefix("invoice:")
    stripe = outside.lines["stripe"]
    key = {"Authorization": f"Bearer {stripe['credentials']['api_key']}"}
    assert httpx.post(f"{stripe['address']}/v1/invoices/{ref}/void", headers=key).json()["status"] == "void"
    for _ in range(2):
        pull(house, outside.source(house, "stripe"), ["stripe"])
    (case,) = [each for each in all_rows(house, Case) if each.code == "document.voided_at_source"]
    assert (case.document_id, case.entity, case.amount_minor) == (row.id, "DE", row.total_minor)
    assert f"Invoice {row.number} was voided in Stripe" in case.sentence
    now = one_invoice(house)
    assert (now.state, now.open_minor) == ("posted", row.total_minor)
