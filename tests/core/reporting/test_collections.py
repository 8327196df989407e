from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.db.tables import Customer, Dispute, Document, Payment
from core.kit.errors import NotFound
from core.kit.ids import new_id
from core.reporting.collections import CollectionFilters, CollectionRow, account_owners, customer_work, work_list
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from tests import work
from tests.core.reporting import rows
from tests.fakes import FixedClock
from tests.stores import Furniture

LEFT_ALONE = CollectionFilters(is_left_alone=True)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture
def cole(runtime: Runtime) -> Actor:
    return work.person(runtime, "Cole")


def owing(runtime: Runtime, name: str, *amounts: int, **facts: Any) -> Customer:
    """A customer with overdue invoices of these amounts (minor units of USD), due 20 days ago."""
    due = runtime.today() - timedelta(days=20)
    with runtime.transaction() as session:
        who = rows.customer(session, name=name, entity="US", currency="USD", number=name[:3].upper())
        for amount in amounts:
            details = {"issue_date": due - timedelta(days=30), "due_date": due, **facts}
            rows.document(session, customer_id=who.id, customer_name=name, total_minor=amount, **details)
        return who


def listed(runtime: Runtime, viewer: Actor, filters: CollectionFilters | None = None) -> dict[str, CollectionRow]:
    return {row.name: row for row in work_list(runtime, viewer, filters or CollectionFilters()).page.rows}


def document_of(runtime: Runtime, customer: Customer) -> Document:
    return next(row for row in work.all_rows(runtime, Document) if row.customer_id == customer.id)


def argue(runtime: Runtime, cole: Actor, customer: Customer, amount: str | None, total: int | None = None) -> None:
    """Opens a dispute of that amount, or of all, on the customer's invoice (of that total)."""
    owed = [row for row in work.all_rows(runtime, Document) if row.customer_id == customer.id]
    item = next(row for row in owed if total in (None, row.total_minor))
    wish = c.OpenDispute(
        document=c.Target(item.id, item.revision),
        reason="Wrong price",
        amount=None if amount is None else Decimal(amount),
        sentence="No",
    )
    execute(runtime, wish, cole)


def test_most_to_win_comes_first(runtime: Runtime, cole: Actor) -> None:
    for name, amount in (("Small", 20_000), ("Large", 9_000_000), ("Middle", 500_000)):
        owing(runtime, name, amount)
    found = work_list(runtime, cole, CollectionFilters())
    assert [row.name for row in found.page.rows] == ["Large", "Middle", "Small"]
    assert [row.score for row in found.page.rows] == sorted((row.score for row in found.page.rows), reverse=True)
    assert found.summary.chase_minor == 9_520_000
    assert (found.summary.now_count, found.summary.left_alone_count) == (3, 0)


def test_what_is_disputed_is_not_chased(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Doubting", 100_000, 40_000)
    item = next(row for row in work.all_rows(runtime, Document) if row.total_minor == 40_000)
    execute(
        runtime,
        c.OpenDispute(document=c.Target(item.id, item.revision), reason="Wrong price", amount=None, sentence="No"),
        cole,
    )
    row = listed(runtime, cole)["Doubting"]
    assert (row.overdue_minor, row.chase_minor) == (140_000, 100_000)
    found = customer_work(runtime, cole, who.id)
    assert [item.total_minor for item in found.disputable] == [100_000]
    assert len(found.open_items) == 2


@pytest.mark.parametrize(("amounts", "chased"), [(["100.00"], 90_000), (["700.00", "100.00"], 20_000)])
def test_a_dispute_of_a_part_leaves_the_rest_of_the_invoice_to_chase(
    runtime: Runtime, cole: Actor, amounts: list[str], chased: int
) -> None:
    who = owing(runtime, "Partly", 100_000)
    for amount in amounts:
        argue(runtime, cole, who, amount)
    row = listed(runtime, cole)["Partly"]
    assert (row.overdue_minor, row.chase_minor, row.days_late, row.leave_alone) == (100_000, chased, 20, None)
    assert work_list(runtime, cole, CollectionFilters()).summary.chase_minor == chased


def test_disputes_of_one_invoice_take_away_no_more_than_is_open_of_it(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Often", 100_000, 40_000)
    item = max((row for row in work.all_rows(runtime, Document)), key=lambda row: row.total_minor)
    with runtime.transaction() as session:
        row = session.get(Document, item.id)
        assert row is not None
        rows.pay(session, row, 30_000, runtime.today())
    for amount in ("900.00", "600.00"):
        argue(runtime, cole, who, amount, total=100_000)
    assert listed(runtime, cole)["Often"].chase_minor == 40_000


def test_a_dispute_that_names_no_amount_in_the_currency_of_the_invoice_is_about_all_of_it(
    runtime: Runtime, cole: Actor
) -> None:
    for name, facts in (("Nothing", {"amount_minor": 0}), ("Foreign", {"amount_minor": 100, "currency": "EUR"})):
        who = owing(runtime, name, 100_000, is_disputed=True)
        with runtime.transaction() as session:
            rows.dispute(session, document_of(runtime, who), **facts)
    assert listed(runtime, cole) == {}


def test_what_is_disputed_in_part_and_held_is_left_alone_with_a_true_sentence(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Both", 100_000, state="on_hold")
    argue(runtime, cole, who, "100.00")
    told = listed(runtime, cole, LEFT_ALONE)["Both"].leave_alone or ""
    assert told.startswith("What is overdue and not disputed is held by an exception of ours")


def test_a_dispute_that_is_settled_gives_the_part_back_to_be_chased(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Settled", 100_000)
    argue(runtime, cole, who, "100.00")
    found = work.only(runtime, Dispute)
    execute(
        runtime, c.CloseDispute(dispute=c.Target(found.id, found.revision), outcome="rejected", note="Is right"), cole
    )
    assert listed(runtime, cole)["Settled"].chase_minor == 100_000


def test_a_customer_who_disputes_everything_is_left_alone(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Angry", 100_000)
    argue(runtime, cole, who, None)
    assert "Angry" not in listed(runtime, cole)
    assert listed(runtime, cole, LEFT_ALONE)["Angry"].leave_alone == "All that is overdue is disputed."
    assert work_list(runtime, cole, CollectionFilters()).summary.left_alone_minor == 100_000


def test_a_running_promise_is_left_alone_until_it_is_broken(runtime: Runtime, cole: Actor, clock: FixedClock) -> None:
    who = owing(runtime, "Promising", 100_000)
    promise = c.RecordPromise(
        customer_id=who.id, amount=Decimal("1000.00"), currency="USD", promised_on=runtime.today() + timedelta(days=3)
    )
    execute(runtime, promise, cole)
    assert "is promised by 05 Nov 2026" in (listed(runtime, cole, LEFT_ALONE)["Promising"].leave_alone or "")
    before = work_list(runtime, cole, CollectionFilters()).summary
    assert (before.promises_due_today, before.broken_promises) == (0, 0)
    clock.advance(days=3)
    assert work_list(runtime, cole, CollectionFilters()).summary.promises_due_today == 1
    clock.advance(days=1)
    execute(runtime, c.EscalateOverdue(), work.JOB)
    row = listed(runtime, cole)["Promising"]
    assert (row.broken_promises, row.chase_minor) == (1, 100_000)
    assert "1 broken promise" in [each.reason for each in row.points]


def test_only_what_a_promise_does_not_cover_is_chased(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Partly", 100_000)
    promised = c.RecordPromise(
        customer_id=who.id, amount=Decimal("400.00"), currency="USD", promised_on=runtime.today()
    )
    execute(runtime, promised, cole)
    assert listed(runtime, cole)["Partly"].chase_minor == 60_000


def test_who_was_called_is_left_alone_for_three_days_but_a_note_does_not_count(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
    who = owing(runtime, "Called", 100_000)
    execute(runtime, c.LogContact(customer_id=who.id, kind="note", outcome="Other"), cole)
    assert "Called" in listed(runtime, cole)
    execute(runtime, c.LogContact(customer_id=who.id, kind="call", outcome="No answer"), cole)
    assert "wait until 05 Nov" in (listed(runtime, cole, LEFT_ALONE)["Called"].leave_alone or "")
    assert work_list(runtime, cole, CollectionFilters()).summary.contacted_today == 1
    clock.advance(days=3)
    assert "Called" in listed(runtime, cole)


def test_money_that_waits_to_be_applied_is_not_chased(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Paid", 100_000)
    with runtime.transaction() as session:
        session.add(
            Payment(
                id=new_id(),
                source="stripe",
                source_ref="p",
                customer_id=who.id,
                currency="USD",
                amount_minor=100_000,
                unapplied_minor=100_000,
                received_on=runtime.today(),
                method="bank",
                recorded_at=runtime.now(),
            )
        )
    assert "waits to be applied" in (listed(runtime, cole, LEFT_ALONE)["Paid"].leave_alone or "")


def test_a_card_is_retried_before_anybody_calls(runtime: Runtime, cole: Actor) -> None:
    card = {"collection_method": "charge_automatically"}
    owing(runtime, "Fresh card", 100_000, due_date=runtime.today() - timedelta(days=5), **card)
    owing(runtime, "Dead card", 100_000, due_date=runtime.today() - timedelta(days=40), **card)
    assert list(listed(runtime, cole)) == ["Dead card"]
    assert "card" in (listed(runtime, cole, LEFT_ALONE)["Fresh card"].leave_alone or "")


def test_an_invoice_that_we_hold_ourselves_is_not_chased(runtime: Runtime, cole: Actor) -> None:
    owing(runtime, "Held", 100_000, state="on_hold")
    assert "held by an exception" in (listed(runtime, cole, LEFT_ALONE)["Held"].leave_alone or "")


def test_nothing_that_is_settled_or_not_due_is_listed(runtime: Runtime, cole: Actor) -> None:
    owing(runtime, "Not due", 100_000, due_date=runtime.today())
    settled = owing(runtime, "Settled", 100_000)
    with runtime.transaction() as session:
        row = session.get(Document, document_of(runtime, settled).id)
        assert row is not None
        rows.pay(session, row, 100_000, runtime.today())
    found = work_list(runtime, cole, CollectionFilters())
    assert (found.page.rows, found.summary.left_alone_count) == ((), 0)
    assert customer_work(runtime, cole, settled.id).row.leave_alone == "Nothing is overdue."


def test_a_debt_that_grew_since_last_month_earns_points(runtime: Runtime, cole: Actor) -> None:
    owing(runtime, "Growing", 100_000)
    steady = owing(runtime, "Steady", 100_000, due_date=runtime.today() - timedelta(days=60))
    shrinking = owing(runtime, "Shrinking", 100_000, due_date=runtime.today() - timedelta(days=60))
    with runtime.transaction() as session:
        row = session.get(Document, document_of(runtime, shrinking).id)
        assert row is not None
        rows.pay(session, row, 50_000, runtime.today() - timedelta(days=2))
    reasons = {name: [each.reason for each in row.points] for name, row in listed(runtime, cole).items()}
    assert "More overdue than 30 days ago" in reasons["Growing"]
    assert "Less overdue than 30 days ago" in reasons["Shrinking"]
    assert not any("30 days ago" in each for each in reasons["Steady"])
    assert customer_work(runtime, cole, steady.id).row.days_late == 60


def test_currencies_are_ranked_by_what_they_are_worth(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "Mixed", 100_000)
    with runtime.transaction() as session:
        rows.document(
            session, customer_id=who.id, currency="EUR", due_date=date(2026, 10, 20), total_minor=100_000, number="E"
        )
        rows.document(
            session, customer_id=who.id, currency="SEK", due_date=date(2026, 10, 20), total_minor=100_000, number="S"
        )
    found = work_list(runtime, cole, CollectionFilters())
    assert found.page.rows[0].chase_minor == 210_000
    assert found.summary.left_out == ("SEK",)


def test_customers_of_other_entities_are_not_there(runtime: Runtime, cole: Actor) -> None:
    who = owing(runtime, "American", 100_000)
    stranger = replace(cole, entities=frozenset({"DE"}))
    assert listed(runtime, stranger) == {}
    with pytest.raises(NotFound):
        customer_work(runtime, stranger, who.id)


def test_pages_of_the_ranking_show_each_customer_once_and_lead_back(runtime: Runtime, cole: Actor) -> None:
    for number in range(5):
        owing(runtime, f"Customer {number}", 100_000)
    cursor, pages = None, []
    while True:
        page = work_list(runtime, cole, CollectionFilters(), cursor, size=2).page
        pages.append([row.name for row in page.rows])
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert sorted(name for names in pages for name in names) == [f"Customer {number}" for number in range(5)]
    back = work_list(runtime, cole, CollectionFilters(), page.previous_cursor, size=2).page
    assert [row.name for row in back.rows] == pages[1]
    first = work_list(runtime, cole, CollectionFilters(), back.previous_cursor, size=2).page
    assert ([row.name for row in first.rows], first.previous_cursor) == (pages[0], None)


def test_the_list_can_be_searched_and_narrowed_to_an_owner(runtime: Runtime, cole: Actor) -> None:
    owing(runtime, "Alpha", 100_000)
    beta = owing(runtime, "Beta", 100_000)
    with runtime.transaction() as session:
        row = session.get(Customer, beta.id)
        assert row is not None
        row.owner = "Erika Lund"
    assert list(listed(runtime, cole, CollectionFilters(search="alp"))) == ["Alpha"]
    assert list(listed(runtime, cole, CollectionFilters(owner="Erika Lund"))) == ["Beta"]
    assert account_owners(runtime, cole) == ("Erika Lund",)
