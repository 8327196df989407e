"""A credit memo reaches the ledger, the payment platform and the customer, once each."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from core.db.tables import Case, Delivery, Document, Link
from core.runtime import Runtime
from jobs.pull import pull
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import house_contract
from tests.corrections import agreed, all_of, issue, only_of
from tests.path.outside import Outside
from tests.stores import Furniture
from tests.work import all_rows, open_house, record

pytestmark = pytest.mark.slow
ADDRESS = "billing@nordlicht.example"


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def billed(runtime: Runtime, outside: Outside, number: str) -> Document:
    house_contract(runtime, number=number)
    bill_due(runtime)
    run_unfinished(runtime)
    outside.deliver_all(runtime)
    return only_of(runtime, "invoice")


def states(runtime: Runtime, row: Document) -> dict[str, str]:
    return {each.system: each.state for each in all_rows(runtime, Delivery) if each.document_id == row.id}


def test_a_customer_who_transfers_gets_the_credit_memo_as_a_letter_and_the_ledger_a_posting(
    house: Runtime, outside: Outside
) -> None:
    invoice = billed(house, outside, "CT-7201")
    issue(house, invoice, amount=Decimal("238.00"))
    agreed(house)
    outside.deliver_all(house)
    memo = only_of(house, "credit_memo")
    assert (memo.state, states(house, memo)) == ("posted", {"netsuite": "delivered", "mail": "delivered"})
    (message,) = [each for each in outside.messages(ADDRESS) if memo.number in each["subject"]]
    said = outside.paper(message)
    for told in ("Credit memo", memo.number, invoice.number, "Total credit", "EUR 238.00", "VAT 19 % (DE) on 200.00"):
        assert told in said
    held = httpx.get(f"{outside.lines['netsuite']['address']}/_sandbox/ledger").json()
    assert [count for key, count in held["creates"].items() if "credit" in key and memo.source_ref in key] == [1]


def test_an_invoice_that_stripe_collects_is_credited_there_once_and_comes_back_as_ours(
    house: Runtime, outside: Outside
) -> None:
    record(house, b.CRM, customers=(b.customer(pays_by="card"),))
    billed(house, outside, "CT-7202")
    source = outside.source(house, "stripe")
    pull(house, source, ["stripe"])
    pull(house, source, ["stripe"])
    issue(house, only_of(house, "invoice"), rebill=True)
    agreed(house)
    outside.deliver_all(house)
    memo = only_of(house, "credit_memo")
    assert states(house, memo) == {"netsuite": "delivered", "stripe": "delivered"}
    (link,) = [each for each in all_rows(house, Link) if each.external_id.startswith("credit_memo:cn_")]
    theirs = outside.emulators["stripe"].get("credit_note", link.external_id.removeprefix("credit_memo:"))
    assert (theirs["total"], theirs["metadata"]["house_document"]) == (-memo.total_minor, str(memo.id))
    pull(house, source, ["stripe"])
    assert len(all_of(house, "credit_memo")) == 1, "what Stripe brings back is ours"
    old, new = all_of(house, "invoice")
    assert (new.state, new.replaces_id) == ("posted", old.id)
    assert only_of(house, "credit_memo").open_minor == 0


def test_an_invoice_born_in_stripe_is_credited_by_the_house(house: Runtime, outside: Outside) -> None:
    payments = outside.emulators["stripe"]
    record(house, b.PAYMENTS, invoices=(b.invoice(source_ref=_invoice_in(outside)),))
    outside.deliver_all(house)
    invoice = only_of(house, "invoice")
    assert (invoice.state, invoice.source) == ("posted", "stripe"), [row.sentence for row in all_rows(house, Case)]
    issue(house, invoice, lines=((1, Decimal("50.00")),))
    agreed(house)
    outside.deliver_all(house)
    memo, invoice = only_of(house, "credit_memo"), only_of(house, "invoice")
    assert (memo.total_minor, memo.tax_minor, memo.source) == (-5_950, -950, "house")
    assert states(house, memo) == {"netsuite": "delivered", "stripe": "delivered", "mail": "delivered"}
    assert invoice.open_minor == invoice.total_minor - 5_950
    theirs = payments.get("invoice", invoice.source_ref)
    credited = theirs["pre_payment_credit_notes_amount"] + theirs["post_payment_credit_notes_amount"]
    assert credited == 5_950
    pull(house, outside.source(house, "stripe"), ["stripe"])
    ours = [row for row in all_of(house, "credit_memo") if row.corrects_id == invoice.id]
    assert [row.id for row in ours] == [memo.id], "what Stripe brings back is ours"


def _invoice_in(outside: Outside) -> str:
    """An invoice over 238.00 EUR that Stripe made."""
    address = outside.lines["stripe"]["address"]
    key = outside.lines["stripe"]["credentials"]["api_key"]
    with httpx.Client(base_url=address, auth=(key, "")) as client:
        draft = client.post(
            "/v1/invoices",
            data={
                "customer": b.PAYMENTS_CUSTOMER,
                "collection_method": "send_invoice",
                "days_until_due": "30",
                "currency": "eur",
            },
        ).json()
        client.post(
            f"/v1/invoices/{draft['id']}/add_lines",
            data={"lines[0][amount]": "23800", "lines[0][description]": "Seats"},
        )
        done = client.post(f"/v1/invoices/{draft['id']}/finalize").json()
    assert done["total"] == 23_800, done
    return str(done["id"])
