"""Credit memos of the house: never more than is left, agreed by a second person, and billed again in one step."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import OrderLineRecord
from core.db.tables import Application, Approval, Delivery, Dispute, Document, DocumentLine, DocumentTax, RevenueSlice
from core.db.tables import ScheduleItem as Item
from core.kit.errors import Forbidden, Refused, Stale
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import WithdrawCreditMemo
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import TODAY, seats
from tests.corrections import agreed, all_of, issue, only_of, posted, posted_invoice, wish
from tests.fakes import FixedClock
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def lines(runtime: Runtime, row: Document) -> list[DocumentLine]:
    return [line for line in work.all_rows(runtime, DocumentLine) if line.document_id == row.id]


def test_a_full_credit_waits_for_a_second_person_and_then_settles_the_invoice(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    issue(runtime, invoice)
    memo = only_of(runtime, "credit_memo")
    assert (memo.state, memo.total_minor, memo.tax_minor, memo.corrects_id) == (
        "awaiting_approval",
        -238_000,
        -38_000,
        invoice.id,
    )
    assert only_of(runtime, "invoice").open_minor == 238_000
    agreed(runtime)
    memo, invoice = only_of(runtime, "credit_memo"), only_of(runtime, "invoice")
    assert (memo.state, memo.number, memo.open_minor) == ("released", "DE-CM-2026-000001", 0)
    assert (invoice.open_minor, invoice.settled_on) == (0, TODAY)
    assert {row.kind for row in work.all_rows(runtime, Application)} == {"credit"}
    assert [row.system for row in work.all_rows(runtime, Delivery) if row.document_id == memo.id] == ["netsuite"]
    posted(runtime)
    assert only_of(runtime, "credit_memo").state == "posted"


def test_tax_goes_back_in_proportion_and_the_lines_say_of_what(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), lines=((1, Decimal("333.33")),))
    memo = only_of(runtime, "credit_memo")
    (line,) = lines(runtime, memo)
    (tax,) = [row for row in work.all_rows(runtime, DocumentTax) if row.document_id == memo.id]
    assert (line.amount_minor, line.tax_minor, line.corrects_position) == (33_333, 6_333, 1)
    assert (tax.taxable_minor, tax.tax_minor, tax.name) == (33_333, 6_333, "VAT 19 %") or tax.tax_minor == 6_333
    assert memo.total_minor == -39_666
    assert "333.33 of 2,000.00 net on line 1 of DE-2026-000001" in (line.arithmetic or "")


def test_never_more_than_what_is_left(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    issue(runtime, invoice, amount=Decimal("2000.00"))
    invoice = only_of(runtime, "invoice")
    with pytest.raises(Refused, match=r"380\.00"):
        issue(runtime, invoice, amount=Decimal("380.01"))
    issue(runtime, invoice, amount=Decimal("380.00"))
    with pytest.raises(Refused, match="nothing to credit"):
        issue(runtime, only_of(runtime, "invoice"))
    memos = all_of(runtime, "credit_memo")
    assert sum(memo.total_minor for memo in memos) == -238_000
    assert sum(memo.tax_minor for memo in memos) == -38_000


def test_a_form_drawn_before_another_credit_is_stale_and_a_second_click_does_nothing(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    first = wish(invoice, amount=Decimal(100))
    ana = work.person(runtime, "Ana")
    assert not execute(runtime, first, ana).is_repeat
    assert execute(runtime, first, ana).is_repeat
    with pytest.raises(Stale):
        issue(runtime, invoice, amount=Decimal(100))
    assert len(all_of(runtime, "credit_memo")) == 1


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"reason": ""}, "Choose why"),
        ({"reason": "because"}, "Choose why"),
        ({"lines": ((1, Decimal(1)),), "amount": Decimal(1)}, "not both"),
        ({"lines": ((9, Decimal(1)),)}, "no line 9"),
        ({"amount": Decimal(0)}, "Between 0"),
        ({"amount": Decimal(1), "rebill": True}, "only when all of it"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(runtime: Runtime, facts: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        issue(runtime, posted_invoice(runtime), **facts)
    assert all_of(runtime, "credit_memo") == []


def test_only_a_posted_invoice_is_credited_and_only_by_who_may(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    with pytest.raises(Forbidden):
        issue(runtime, invoice, who="Amara")
    issue(runtime, invoice)
    with pytest.raises(Refused, match="no invoice"):
        issue(runtime, only_of(runtime, "credit_memo"))


def test_who_asks_for_a_credit_cannot_agree_to_it(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime, terms_days=14), who="Chen")
    asked = work.only(runtime, Approval)
    assert asked.assignee_id != work.person(runtime, "Chen").user_id
    with pytest.raises(Forbidden, match="four eyes"):
        agreed(runtime, "Chen")


def test_an_invoice_is_billed_again_with_the_contract_as_it_is_now(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    work.record(runtime, b.CRM, order_lines=(seats(quantity=Decimal(90)),))
    issue(runtime, invoice, rebill=True, reason="wrong_quantity")
    old, new = all_of(runtime, "invoice")
    assert (new.state, new.total_minor, new.replaces_id, new.is_issued) == ("draft", 214_200, old.id, False)
    assert [item.document_id for item in work.all_rows(runtime, Item) if item.state == "billed"] == [new.id]
    assert not [item for item in work.all_rows(runtime, Item) if item.kind == "adjustment" and item.state == "open"]
    agreed(runtime)
    old, new = all_of(runtime, "invoice")
    assert (old.open_minor, new.open_minor) == (0, 214_200)
    assert (new.state, new.number) == ("released", "DE-2026-000002")
    assert work.all_rows(runtime, Approval)[-1].state == "approved"


def test_an_invoice_that_is_billed_again_unchanged_is_no_duplicate_of_itself(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), rebill=True, reason="wrong_details")
    agreed(runtime)
    assert [(row.state, row.total_minor) for row in all_of(runtime, "invoice")] == [
        ("posted", 238_000),
        ("released", 238_000),
    ]


def test_a_withdrawn_credit_puts_everything_back(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    before = {item.id: (item.state, item.document_id, item.expected_minor) for item in work.all_rows(runtime, Item)}
    issue(runtime, invoice, rebill=True)
    memo = only_of(runtime, "credit_memo")
    gone = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="It was right after all")
    execute(runtime, gone, work.person(runtime, "Ana"))
    assert only_of(runtime, "credit_memo").state == "void"
    assert [row.state for row in all_of(runtime, "invoice")] == ["posted", "void"]
    after = {item.id: (item.state, item.document_id, item.expected_minor) for item in work.all_rows(runtime, Item)}
    assert after == before
    assert {row.state for row in work.all_rows(runtime, Approval)} == {"withdrawn"}
    issue(runtime, all_of(runtime, "invoice")[0])


def test_what_a_later_invoice_corrects_is_not_billed_again(runtime: Runtime, clock: FixedClock) -> None:
    invoice = posted_invoice(runtime)
    work.record(runtime, b.CRM, order_lines=(seats(quantity=Decimal(110)),))
    clock.advance(days=31)
    bill_due(runtime)
    run_unfinished(runtime)
    invoice = next(row for row in all_of(runtime, "invoice") if row.id == invoice.id)
    with pytest.raises(Refused, match="later invoice corrects"):
        issue(runtime, invoice, rebill=True)


def test_a_paid_invoice_leaves_the_credit_open_for_the_customer(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    with runtime.transaction() as session:
        row = session.get(Document, invoice.id)
        assert row is not None
        paid = {"source": "bank", "source_ref": "1", "kind": "payment", "amount_minor": row.total_minor}
        session.add(Application(id=new_id(), **paid, document_id=row.id, effective_on=TODAY, recorded_at=runtime.now()))
        row.open_minor, row.settled_on = 0, TODAY
    issue(runtime, only_of(runtime, "invoice"), amount=Decimal("119.00"))
    agreed(runtime)
    assert only_of(runtime, "credit_memo").open_minor == -11_900
    assert only_of(runtime, "invoice").open_minor == 0


def test_revenue_that_was_deferred_is_taken_back_month_by_month(runtime: Runtime, clock: FixedClock) -> None:
    invoice = posted_invoice(runtime, (seats(quantity=Decimal(5)),), billing_frequency="annual")
    clock.advance(days=40)
    issue(runtime, invoice)
    agreed(runtime)
    memo = only_of(runtime, "credit_memo")
    by_month: dict[date, int] = {}
    for row in work.all_rows(runtime, RevenueSlice):
        by_month[row.month] = by_month.get(row.month, 0) + row.amount_minor
    assert sum(by_month.values()) == 0
    assert by_month[date(2026, 12, 1)] < 0 < by_month[date(2026, 11, 1)], "a closed month stays as it was"
    assert all(minor == 0 for month, minor in by_month.items() if month > date(2026, 12, 1))
    assert memo.open_minor == 0


def test_an_upheld_dispute_is_credited_and_one_of_another_invoice_is_no_reason(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    open_it = c.OpenDispute(
        document=Target(invoice.id, invoice.revision), reason="price", sentence="Too dear", amount=None
    )
    execute(runtime, open_it, work.person(runtime, "Chen"))
    dispute = work.only(runtime, Dispute)
    with pytest.raises(Refused, match="This dispute"):
        issue(runtime, invoice, reason="dispute", dispute_id=invoice.id)
    issue(runtime, only_of(runtime, "invoice"), reason="dispute", dispute_id=dispute.id, amount=Decimal(238))
    done = c.CloseDispute(dispute=Target(dispute.id, dispute.revision), outcome="upheld", note="Credited")
    execute(runtime, done, work.person(runtime, "Chen"))
    agreed(runtime)
    row = only_of(runtime, "invoice")
    assert (row.is_disputed, row.open_minor) == (False, 214_200)


def extra(quantity: int) -> OrderLineRecord:
    """10 of something else at 20.00 a month."""
    return seats(source_ref="802Z", quantity=Decimal(quantity), description="Extra")


def next_month(runtime: Runtime, clock: FixedClock) -> Document:
    clock.advance(days=30)
    bill_due(runtime)
    run_unfinished(runtime)
    return max(all_of(runtime, "invoice"), key=lambda row: row.recorded_at)


def credit_extra(runtime: Runtime, amount: str, reason: str = "contract_changed") -> None:
    invoice = posted_invoice(runtime, (seats(), extra(10)))
    (position,) = [line.position for line in lines(runtime, invoice) if line.charge_key == "802Z"]
    issue(runtime, invoice, lines=((position, Decimal(amount)),), reason=reason)
    agreed(runtime)


@pytest.mark.parametrize(
    ("credited", "reason", "quantity", "billed"),
    [
        ("200.00", "contract_changed", 0, 200_000),
        ("50.00", "wrong_quantity", 0, 200_000 - 15_000),
        ("200.00", "wrong_quantity", 5, 200_000 + 10_000),
        ("200.00", "goodwill", 0, 200_000),
        ("50.00", "goodwill", 5, 200_000 + 10_000 - 10_000),
        ("50.00", "contract_changed", 12, 200_000 + 24_000 + 4_000),
    ],
)
def test_what_a_person_has_credited_is_not_taken_back_once_more_when_the_contract_follows(
    runtime: Runtime, clock: FixedClock, credited: str, reason: str, quantity: int, billed: int
) -> None:
    credit_extra(runtime, credited, reason)
    work.record(runtime, b.CRM, order_lines=(extra(quantity),))
    assert next_month(runtime, clock).subtotal_minor == billed
    assert next_month(runtime, clock).subtotal_minor == 200_000 + 2_000 * quantity


def test_a_credit_by_hand_settles_the_correction_that_was_on_its_way(runtime: Runtime, clock: FixedClock) -> None:
    invoice = posted_invoice(runtime, (seats(), extra(10)))
    work.record(runtime, b.CRM, order_lines=(extra(0),))
    (position,) = [line.position for line in lines(runtime, invoice) if line.charge_key == "802Z"]
    issue(runtime, invoice, lines=((position, Decimal(200)),), reason="contract_changed")
    assert not [item for item in work.all_rows(runtime, Item) if item.kind == "adjustment" and item.state == "open"]
    memo = only_of(runtime, "credit_memo")
    gone = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="The next invoice does it")
    execute(runtime, gone, work.person(runtime, "Ana"))
    assert next_month(runtime, clock).subtotal_minor == 200_000 - 20_000


def test_a_credit_that_is_withdrawn_after_a_correction_reckoned_with_it_is_made_good(
    runtime: Runtime, clock: FixedClock
) -> None:
    invoice = posted_invoice(runtime, (seats(), extra(10)))
    (position,) = [line.position for line in lines(runtime, invoice) if line.charge_key == "802Z"]
    issue(runtime, invoice, lines=((position, Decimal(50)),), reason="contract_changed")
    work.record(runtime, b.CRM, order_lines=(extra(0),))
    assert next_month(runtime, clock).subtotal_minor == 200_000 - 15_000
    memo = only_of(runtime, "credit_memo")
    gone = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="It was right after all")
    execute(runtime, gone, work.person(runtime, "Ana"))
    assert next_month(runtime, clock).subtotal_minor == 200_000 - 5_000


@pytest.mark.parametrize(
    ("wished", "code"),
    [
        ({"lines": ((1, Decimal(10)), (1, Decimal(20)))}, "credit.line_twice"),
        ({"lines": ((1, Decimal("NaN")),)}, "amount.unreadable"),
        ({"amount": Decimal("NaN")}, "amount.unreadable"),
        ({"amount": Decimal("1E+30")}, "amount.unreadable"),
    ],
    ids=["a line twice", "a line of no number", "no number", "beyond any sum"],
)
def test_a_wish_that_cannot_be_meant_is_refused_in_words(runtime: Runtime, wished: dict[str, Any], code: str) -> None:
    invoice = posted_invoice(runtime)
    with pytest.raises(Refused) as refused:
        issue(runtime, invoice, **wished)
    assert refused.value.code == code


# --- corrections that stand on an invoice which is credited ----------------------------------------------------------


def corrected_in_december(runtime: Runtime, clock: FixedClock) -> Document:
    """100 seats of November billed, 80 agreed since: December's 1,600.00 takes 400.00 of November back."""
    november = posted_invoice(runtime)
    work.record(runtime, b.CRM, order_lines=(seats(quantity=Decimal(80)),))
    row = next_month(runtime, clock)
    assert row.id != november.id and row.subtotal_minor == 120_000
    posted(runtime)
    (row,) = [each for each in all_of(runtime, "invoice") if each.id == row.id]
    return row


def test_what_an_invoice_took_back_falls_due_again_when_all_of_it_is_credited(
    runtime: Runtime, clock: FixedClock
) -> None:
    issue(runtime, corrected_in_december(runtime, clock), reason="wrong_details")
    agreed(runtime)
    posted(runtime)
    clock.advance(days=3)
    assert next_month(runtime, clock).subtotal_minor == 160_000 - 40_000
    assert next_month(runtime, clock).subtotal_minor == 160_000


def test_a_part_of_an_invoice_given_back_leaves_what_it_took_back(runtime: Runtime, clock: FixedClock) -> None:
    issue(runtime, corrected_in_december(runtime, clock), amount=Decimal("119.00"))
    agreed(runtime)
    posted(runtime)
    assert next_month(runtime, clock).subtotal_minor == 160_000


def test_a_correction_of_another_month_keeps_no_invoice_from_being_billed_again(
    runtime: Runtime, clock: FixedClock
) -> None:
    november = posted_invoice(runtime)
    next_month(runtime, clock)
    more = seats(source_ref="802B", root_ref="802A", quantity=Decimal(10), starts_on=date(2026, 12, 10))
    work.record(runtime, b.CRM, order_lines=(more,))
    posted(runtime)
    next_month(runtime, clock)
    (november,) = [row for row in all_of(runtime, "invoice") if row.id == november.id]
    december = next(row for row in all_of(runtime, "invoice") if row.period_start == date(2026, 12, 1))
    with pytest.raises(Refused, match="later invoice corrects"):
        issue(runtime, december, rebill=True)
    assert issue(runtime, november, rebill=True).result["replacement_id"]
