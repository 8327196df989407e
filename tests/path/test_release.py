"""From a contract to what the customer and the ledger get: the release of an invoice of the house."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from connectors.mail import signature as mail_signature
from core.canonical import DisputeRecord
from core.db.tables import Case, Delivery, Document, DocumentLine, Link, NumberSequence, RevenueSlice
from core.intake import store as intake
from core.kit.errors import Forbidden, Refused
from core.ports import RawRecord
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import EndInvoiceLink, ResendInvoice
from core.workflow.command import Target
from core.workflow.papers import LinkEnded, invoice_paper, paper_of_token
from jobs.handle_inbox import handle_waiting
from jobs.pull import pull
from jobs.run_billing import bill_due, run_unfinished
from sandbox.emulators.mail.bounces import signature
from tests import builders as b
from tests.billing import house_contract, seats
from tests.fakes import FixedClock
from tests.path.outside import Outside, text_of
from tests.path.releasing import billed, one_invoice
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, open_house, person, record

pytestmark = pytest.mark.slow
ADDRESS = "billing@nordlicht.example"


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def states(runtime: Runtime) -> dict[str, str]:
    return {row.system: row.state for row in all_rows(runtime, Delivery)}


def mail_to(runtime: Runtime, address: str) -> None:
    record(runtime, b.CRM, customers=(b.customer(email=address),))


def test_a_released_invoice_is_numbered_dated_and_a_receivable(house: Runtime) -> None:
    row = billed(house, "CT-7000", terms_days=14)
    assert (row.number, row.is_issued, row.state) == ("DE-2026-000001", True, "released")
    assert (row.issue_date, row.due_date) == (date(2026, 11, 2), date(2026, 11, 16))
    assert row.open_minor == row.total_minor == 238_000
    assert row.released_at is not None
    assert only(house, NumberSequence).last == 1
    assert states(house) == {"netsuite": "queued", "mail": "queued"}


def test_the_customer_gets_the_pdf_and_the_ledger_the_posting(house: Runtime, outside: Outside) -> None:
    billed(house, "CT-7001", po_number="PO-4711")
    outside.deliver_all(house)
    row = one_invoice(house)
    assert (row.state, states(house)) == ("posted", {"netsuite": "delivered", "mail": "delivered"})
    assert row.sent_at is not None and row.bounced_at is None
    (message,) = [each for each in outside.messages(ADDRESS) if "CT-7001" in each["message_id"]]
    assert row.number in message["subject"]
    said = outside.paper(message)
    for told in (
        row.number,
        "Halden GmbH",
        "Speicherstraße 12",
        "DE811234565",
        "Nordlicht Logistik GmbH",
        "PO-4711",
        "CT-7001",
        "VAT 19 % (DE) on 2,000.00",
        "EUR 2,380.00",
        "IBAN DE89 3704 0044 0532 0130 00",
        "Page 1 of 1",
    ):
        assert told in said
    held = httpx.get(f"{outside.lines['netsuite']['address']}/_sandbox/ledger").json()
    assert held["creates"][next(key for key in held["creates"] if "CT-7001" in key)] == 1


def test_a_year_paid_ahead_is_posted_with_its_days_and_earned_month_by_month(house: Runtime, outside: Outside) -> None:
    billed(house, "CT-7002", (seats(quantity=Decimal(10)),), billing_frequency="annual")
    outside.deliver_all(house)
    (line,) = all_rows(house, DocumentLine)
    net = line.amount_minor - line.discount_minor
    slices = all_rows(house, RevenueSlice)
    assert sum(each.amount_minor for each in slices) == net
    assert sorted(each.month for each in slices)[0] == date(2026, 11, 1)
    assert len(slices) == 12
    held = httpx.get(f"{outside.lines['netsuite']['address']}/_sandbox/deferrals").json()
    (deferred,) = next(lines for key, lines in held.items() if "CT-7002" in key)
    assert (deferred["start"], deferred["end"]) == ("2026-11-01", "2027-10-31")
    assert Decimal(deferred["amount"]) * 100 == net
    assert sum(Decimal(part) for part in deferred["months"].values()) * 100 == net
    theirs = {month: int(Decimal(part) * 100) for month, part in deferred["months"].items()}
    ours = {f"{each.month:%Y-%m}": each.amount_minor for each in slices}
    assert all(abs(ours[month] - theirs[month]) <= 1 for month in ours)


def test_a_month_billed_in_its_own_month_defers_nothing(house: Runtime, outside: Outside) -> None:
    billed(house, "CT-7003")
    outside.deliver_all(house)
    assert all_rows(house, RevenueSlice) == []
    held = httpx.get(f"{outside.lines['netsuite']['address']}/_sandbox/deferrals").json()
    assert not [key for key in held if "CT-7003" in key]


def test_a_customer_who_pays_by_card_is_charged_through_stripe_and_the_money_settles_our_invoice(
    house: Runtime, outside: Outside
) -> None:
    record(house, b.CRM, customers=(b.customer(pays_by="card"),))
    row = billed(house, "CT-7004")
    outside.deliver_all(house)
    assert states(house) == {"netsuite": "delivered", "stripe": "delivered"}
    (link,) = [each for each in all_rows(house, Link) if each.kind == "document" and each.system == "stripe"]
    theirs = outside.emulators["stripe"].get("invoice", link.external_id.removeprefix("invoice:"))
    assert (theirs["number"], theirs["total"], theirs["status"]) == (row.number, row.total_minor, "paid")
    assert theirs["metadata"]["house_document"] == str(row.id)

    source = outside.source(house, "stripe")
    pull(house, source, ["stripe"])
    pull(house, source, ["stripe"])
    row = one_invoice(house)
    assert (row.open_minor, row.settled_on is not None, row.source) == (0, True, "house")


def test_money_that_comes_before_the_outcome_of_the_delivery_finds_the_invoice(
    house: Runtime, outside: Outside
) -> None:
    """Stripe's event is quicker than the note that Stripe has the invoice."""
    row = billed(house, "CT-7005")
    record(house, b.PAYMENTS, payments=(b.payment(source_ref="pay_1", invoice_ref="in_house", amount_minor=100_000),))
    assert one_invoice(house).open_minor == row.total_minor
    record(house, b.PAYMENTS, invoices=(b.invoice(source_ref="in_house", house_ref=str(row.id)),))
    assert one_invoice(house).open_minor == row.total_minor - 100_000
    record(house, b.PAYMENTS, payments=(b.payment(source_ref="pay_2", invoice_ref="in_house", amount_minor=138_000),))
    assert one_invoice(house).open_minor == 0


def test_a_card_dispute_and_a_credit_in_stripe_concern_our_invoice(house: Runtime) -> None:
    row = billed(house, "CT-7006")
    record(house, b.PAYMENTS, invoices=(b.invoice(source_ref="in_house", house_ref=str(row.id)),))
    record(house, b.PAYMENTS, disputes=(card_dispute(),))
    memo = b.credit_memo(invoice_ref="in_house", total_minor=11_900, tax_minor=1_900)
    record(house, b.PAYMENTS, credit_memos=(memo,))
    rows = {each.kind: each for each in all_rows(house, Document)}
    assert rows["invoice"].is_disputed
    assert rows["credit_memo"].corrects_id == row.id
    assert rows["invoice"].open_minor == row.total_minor - 11_900


def card_dispute() -> DisputeRecord:
    return b.dispute(source=b.PAYMENTS, source_ref="dp_1", kind="card", invoice_ref="in_house", invoice_number=None)


def test_a_dispute_that_comes_before_its_invoice_is_known_there_finds_it(house: Runtime) -> None:
    row = billed(house, "CT-7017")
    record(house, b.PAYMENTS, disputes=(card_dispute(),))
    record(house, b.PAYMENTS, invoices=(b.invoice(source_ref="in_house", house_ref=str(row.id)),))
    assert one_invoice(house).is_disputed


def test_an_invoice_that_another_house_named_is_one_like_any_other(house: Runtime) -> None:
    stranger = "7f0e7c5c-3a9a-5b0e-9d0c-1d1d1d1d1d1d"
    for ref, house_ref in (("in_8", stranger), ("in_9", "not an id")):
        record(house, b.PAYMENTS, invoices=(b.invoice(source_ref=ref, number=ref, house_ref=house_ref),))
    assert {row.source_ref for row in all_rows(house, Document)} == {"in_8", "in_9"}


def test_an_address_that_does_not_exist_becomes_an_exception_and_the_posting_goes_on(
    house: Runtime, outside: Outside
) -> None:
    mail_to(house, "gone@nowhere.example")
    outside.emulators["mail"].switches.set({"reject": ["@nowhere.example"]})
    billed(house, "CT-7007")
    outside.deliver_all(house)
    row, case = one_invoice(house), only(house, Case)
    assert (row.state, states(house)["mail"]) == ("posted", "refused")
    assert row.bounced_at is not None and row.sent_at is None
    assert (case.code, case.type, case.queue, case.document_id) == ("delivery.bounced", "delivery", "Billing", row.id)
    assert "gone@nowhere.example" in case.sentence


def test_a_message_sent_again_to_the_right_address_settles_the_exception(house: Runtime, outside: Outside) -> None:
    mail_to(house, "wrong@nowhere.example")
    outside.emulators["mail"].switches.set({"reject": ["@nowhere.example"]})
    billed(house, "CT-7008")
    outside.deliver_all(house)
    mail_to(house, ADDRESS)
    row = one_invoice(house)
    execute(house, ResendInvoice(document=Target(row.id, row.revision)), person(house, "Ana"))
    outside.deliver_all(house)
    row = one_invoice(house)
    assert row.sent_at is not None and row.bounced_at is None
    assert only(house, Case).state == "resolved"
    (message,) = [each for each in outside.messages(ADDRESS) if "CT-7008" in each["message_id"]]
    assert row.number in outside.paper(message)


def test_a_message_under_way_is_not_sent_a_second_time(house: Runtime) -> None:
    row = billed(house, "CT-7009")
    with pytest.raises(Refused, match="on its way"):
        execute(house, ResendInvoice(document=Target(row.id, row.revision)), person(house, "Ana"))


def test_nobody_sends_an_invoice_of_an_entity_that_is_not_theirs(house: Runtime) -> None:
    row = billed(house, "CT-7010")
    stranger = c.SaveUser(
        email="uma@halden.example",
        name="Uma Analyst",
        role="analyst",
        entities=("US",),
        approval_limit_minor=0,
        password_hash="",
    )
    execute(house, stranger, JOB)
    with pytest.raises(Forbidden, match="entity scope"):
        execute(house, ResendInvoice(document=Target(row.id, row.revision)), person(house, "Uma"))


def test_a_busy_mail_server_is_tried_again_and_the_customer_gets_one_message(
    house: Runtime, outside: Outside, clock: FixedClock
) -> None:
    outside.emulators["mail"].switches.set({"greylist": ["*"], "greylist_tries": 1})
    mail_to(house, "slow@nordlicht.example")
    billed(house, "CT-7011")
    outside.deliver_all(house)
    assert states(house)["mail"] == "retrying"
    clock.advance(minutes=20)
    outside.deliver_all(house)
    assert states(house)["mail"] == "delivered"
    assert [each["copies"] for each in outside.messages("slow@nordlicht.example")] == [1]


def test_when_nobody_knows_whether_it_was_taken_the_same_message_goes_out_again(
    house: Runtime, outside: Outside, clock: FixedClock
) -> None:
    mail_to(house, "doubt@nordlicht.example")
    outside.emulators["mail"].faults.set({"commit_then_disconnect": 1.0})
    billed(house, "CT-7012")
    outside.deliver_all(house)
    assert states(house)["mail"] == "in_doubt"
    outside.emulators["mail"].faults.reset()
    clock.advance(minutes=20)
    outside.deliver_all(house)
    assert states(house)["mail"] == "delivered"
    (message,) = outside.messages("doubt@nordlicht.example")
    assert message["copies"] == 2, "one message to whoever received it, although it came twice"


def test_a_bounce_that_comes_later_opens_the_exception(house: Runtime, outside: Outside, clock: FixedClock) -> None:
    billed(house, "CT-7013")
    outside.deliver_all(house)
    (delivery,) = [row for row in all_rows(house, Delivery) if row.system == "mail"]
    clock.advance(hours=1)
    notice = {
        "id": "mev_1",
        "type": "bounced",
        "message_id": delivery.external_id,
        "recipient": ADDRESS,
        "reason": "550 5.2.1 Mailbox closed",
        "at": int(clock().timestamp()),
    }
    receive(house, outside, notice)
    row, case = one_invoice(house), only(house, Case)
    assert row.bounced_at == clock()
    assert case.code == "delivery.bounced" and "Mailbox closed" in case.sentence
    assert (row.state, row.open_minor) == ("posted", row.total_minor)


def receive(runtime: Runtime, outside: Outside, notice: dict[str, Any]) -> None:
    """As the web door keeps it, and the job handles it."""
    with runtime.transaction() as session:
        intake.receive(
            session, "mail", [RawRecord(f"event:{notice['type']}", notice["id"], "1", notice)], runtime.now()
        )
    handle_waiting(runtime, outside.source(runtime, "mail"))


def test_the_mailboxs_own_notice_is_signed_as_the_door_wants_it(outside: Outside) -> None:
    body, secret = '{"id":"mev_2","type":"bounced","at":1793620800}', "a secret of ours"
    now = FixedClock()()
    header = signature(body, secret, int(now.timestamp()))
    assert mail_signature.verify(body.encode(), header, secret, now).external_id == "mev_2"


def test_whoever_has_the_link_sees_the_invoice_and_the_first_look_is_noted(
    house: Runtime, outside: Outside, clock: FixedClock
) -> None:
    billed(house, "CT-7014")
    outside.deliver_all(house)
    (message,) = [each for each in outside.messages(ADDRESS) if "CT-7014" in each["message_id"]]
    said = outside.message(message["id"])["text"]
    token = said.partition("/i/")[2].split()[0]
    clock.advance(hours=2)
    paper = paper_of_token(house, token)
    assert paper is not None
    assert one_invoice(house).number in text_of(paper.content)
    first = one_invoice(house).viewed_at
    assert first == clock()
    clock.advance(hours=2)
    paper_of_token(house, token)
    assert one_invoice(house).viewed_at == first
    assert paper_of_token(house, token[:-2] + ("AA" if token[-2:] != "AA" else "BB")) is None
    assert paper_of_token(house, "A" * 48) is None


def test_a_link_that_was_ended_opens_nothing_and_the_message_sent_again_brings_a_new_one(
    house: Runtime, outside: Outside
) -> None:
    billed(house, "CT-7017")
    outside.deliver_all(house)
    old = _token(outside)
    row, analyst = one_invoice(house), person(house, "Ana")
    execute(house, EndInvoiceLink(document=Target(row.id, row.revision)), analyst)
    with pytest.raises(LinkEnded):
        paper_of_token(house, old)
    row = one_invoice(house)
    execute(house, ResendInvoice(document=Target(row.id, row.revision)), analyst)
    outside.deliver_all(house)
    new = _token(outside, but=old)
    assert paper_of_token(house, new) is not None
    with pytest.raises(LinkEnded):
        paper_of_token(house, old)


def _token(outside: Outside, but: str = "") -> str:
    """Of the link in the customer's messages about the contract CT-7017, other than `but`."""
    ours = [each for each in outside.messages(ADDRESS) if "CT-7017" in each["message_id"]]
    texts: list[str] = [outside.message(each["id"])["text"] for each in ours]
    (found,) = {text.partition("/i/")[2].split()[0] for text in texts} - {but}
    return found


def test_the_paper_stays_as_it_was_sent_when_the_address_changes(house: Runtime, outside: Outside) -> None:
    row = billed(house, "CT-7015")
    analyst = person(house, "Ana")
    before = invoice_paper(house, analyst, row.id)
    record(house, b.CRM, customers=(b.customer(name="Renamed GmbH", address="Elsewhere 1"),))
    assert invoice_paper(house, analyst, row.id) == before


def test_without_a_mail_server_only_the_ledger_gets_the_invoice(runtime: Runtime) -> None:
    billed(runtime, "CT-7016")
    assert states(runtime) == {"netsuite": "queued"}


def test_a_batch_is_numbered_without_gaps_in_the_order_of_its_contracts(house: Runtime) -> None:
    for number in range(1, 6):
        line = b.order_line(
            source_ref=f"802-{number}",
            contract_ref=f"800-{number}",
            starts_on=date(2026, 11, 1),
            ends_on=date(2027, 10, 31),
        )
        house_contract(house, (line,), number=f"CT-71{number:02}", source_ref=f"800-{number}")
    bill_due(house)
    run_unfinished(house)
    with house.reading() as session:
        found = session.execute(select(Document.contract_number, Document.number).order_by(Document.number)).all()
    assert [tuple(row) for row in found] == [(f"CT-71{n:02}", f"DE-2026-{n:06}") for n in range(1, 6)]
