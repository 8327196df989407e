from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.db.tables import Connection, LegalEntity, Payment, SyncCursor, User
from core.kit.ids import new_id
from core.runtime import Runtime, share_runtime
from tests.core.reporting import rows

FRAME = str(Path(__file__).parents[2] / "pages" / "frame.py")


@pytest.fixture
def house(runtime: Runtime) -> Iterator[Runtime]:
    with runtime.transaction() as session:
        session.add(LegalEntity(code="US", name="Halden US", country="US", currency="USD"))
        session.add(LegalEntity(code="DE", name="Halden DE", country="DE", currency="EUR"))
        for name, role, entities in (("Carla", "controller", None), ("Dirk", "controller", ["DE"])):
            session.add(
                User(
                    id=new_id(),
                    email=f"{name.lower()}@halden.example",
                    name=name,
                    role=role,
                    entities=entities,
                    approval_limit_minor=0,
                    password_hash="x",
                    is_active=True,
                    created_at=rows.AT,
                )
            )
    share_runtime(runtime)
    yield runtime
    share_runtime(None)


def opened(script: str | None = None, who: str = "carla", **params: str) -> AppTest:
    at = AppTest.from_file(FRAME, default_timeout=20)
    at.user = {"email": f"{who}@halden.example"}
    if not params:  # only then, since a first run would draw boxes of the same name without the link's choice
        at.run()
    if script:
        at.switch_page(str(Path(FRAME).parent / script))
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def grid(at: AppTest, column: str) -> list[object]:
    return next(list(frame.value[column]) for frame in at.dataframe if column in frame.value.columns)


def test_overview_of_an_empty_house_shows_dashes_and_no_errors(house: Runtime) -> None:
    at = opened()
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["DSO, count-back"] == "—"
    assert shown["Best possible DSO"] == "—"
    assert shown["Overdue share"] == "—"
    assert shown["Billing accuracy"] == "—"


def test_overview_shows_figures_work_and_systems(house: Runtime) -> None:
    with house.transaction() as session:
        row = rows.document(session, due_date=date(2026, 10, 20))
        rows.case(session)
        rows.approval(session, row)
        session.add(Connection(system="netsuite", state="failing", sentence="It does not answer."))
        session.add(SyncCursor(system="stripe", stream="invoices", records=50, expected=200, started_at=rows.AT))
    at = opened()
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Overdue share"] == "100.0 %"
    assert grid(at, "Person") == ["Nobody yet"]
    text = " ".join([*(each.value for each in at.markdown), *(each.value for each in at.caption)])
    assert "It does not answer." in text
    assert "50 records read" in text
    assert "**1 exception**" in text


def test_invoices_lists_what_is_open_on_the_chosen_day(house: Runtime) -> None:
    with house.transaction() as session:
        rows.document(session, number="A-1")
        paid = rows.document(session, number="A-2")
        rows.pay(session, paid, 10_000, date(2026, 10, 20))
    assert grid(opened("explore/invoices.py"), "Invoice") == ["A-1"]
    assert sorted(grid(opened("explore/invoices.py", as_of="2026-10-15"), "Invoice")) == ["A-1", "A-2"]  # type: ignore[type-var]


def test_filters_of_a_shared_link_are_applied(house: Runtime) -> None:
    with house.transaction() as session:
        rows.document(session, number="A-1", entity="US")
        rows.document(session, number="A-2", entity="DE", currency="EUR", is_disputed=True)
    assert grid(opened("explore/invoices.py", entity="DE"), "Invoice") == ["A-2"]
    assert grid(opened("explore/invoices.py", disputed="Disputed"), "Invoice") == ["A-2"]
    assert grid(opened("explore/invoices.py", show="All", q="A-1"), "Invoice") == ["A-1"]


def test_only_what_is_open_is_late_and_always_by_its_due_date(house: Runtime) -> None:
    today = house.today()
    with house.transaction() as session:
        rows.document(
            session, number="late", issue_date=today - timedelta(days=40), due_date=today - timedelta(days=10)
        )
        rows.document(session, number="soon", issue_date=today - timedelta(days=5), due_date=today + timedelta(days=25))
        paid = rows.document(session, number="paid", due_date=today - timedelta(days=20))
        rows.pay(session, paid, 10_000, today)
        rows.document(session, number="void", due_date=today - timedelta(days=30), state="void")

    def shown(column: str, **params: str) -> dict[object, object]:
        at = opened("explore/invoices.py", show="All", **params)
        numbers = grid(at, column) if any(column in frame.value.columns for frame in at.dataframe) else []
        return dict(zip(grid(at, "Invoice"), [None if pd.isna(each) else each for each in numbers], strict=False))

    assert shown("Days late") == {"late": 10, "soon": 0, "paid": None, "void": None}
    assert shown("Age, days") == {}
    assert shown("Days late", basis="Invoice date") == {"late": 10, "soon": 0, "paid": None, "void": None}
    assert shown("Age, days", basis="Invoice date") == {"late": 40, "soon": 5, "paid": None, "void": None}
    assert grid(opened("explore/invoices.py", show="All", overdue="true"), "Invoice") == ["late"]


def test_the_ageing_follows_every_filter_but_the_age(house: Runtime) -> None:
    with house.transaction() as session:
        who = rows.customer(session, segment="Enterprise", name="Rowan Care Ltd")
        rows.document(session, number="A-1", due_date=date(2026, 10, 20))
        rows.document(
            session, number="A-2", currency="EUR", customer_id=who.id, is_disputed=True, entity="DE", total_minor=5_000
        )

    def told(**params: str) -> tuple[list[object], str]:
        at = opened("explore/invoices.py", **params)
        at.session_state["ageing"] = True
        at.run()
        assert not at.exception
        return grid(at, "Group"), next(each.value for each in at.caption if each.value.startswith("Total "))

    assert told() == (["US", "DE"], told()[1])
    assert "credits apart" in told()[1]
    for params in ({"currency": "EUR"}, {"segment": "Enterprise"}, {"q": "rowan"}, {"disputed": "Disputed"}):
        groups, caption = told(**params)
        assert groups == ["DE"], params
        assert caption.startswith("Total EUR 50.00 of what is open under these filters, at every age")
        assert "are not told for these filters" in caption
    assert told(entity="DE", bucket="1–30 days")[0] == ["DE"]
    assert "credits apart" in told(entity="DE")[1]


def test_a_reader_of_one_entity_sees_no_other_invoice(house: Runtime) -> None:
    with house.transaction() as session:
        rows.document(session, number="A-1", entity="US")
        hidden = rows.document(session, number="A-2", entity="US").id
        rows.document(session, number="A-3", entity="DE")
    assert grid(opened("explore/invoices.py", "dirk"), "Invoice") == ["A-3"]
    at = opened("explore/invoice.py", "dirk", id=str(hidden))
    assert at.warning[0].value == "This invoice does not exist or is not yours to see."


def test_an_invoice_tells_its_way_from_event_to_cash(house: Runtime) -> None:
    with house.transaction() as session:
        who = rows.customer(session)
        row = rows.document(
            session,
            number="A-1",
            customer_id=who.id,
            findings=[{"code": "po.missing", "level": "error", "sentence": "No PO."}],
        )
        rows.transitions(session, row, [("received", "released"), ("released", "posted")])
        rows.pay(session, row, 4_000, date(2026, 10, 20))
        id = row.id
    at = opened("explore/invoice.py", id=str(id))
    told = " ".join(each.value for each in at.markdown)
    assert at.title[0].value == "Invoice A-1"
    assert all(words in told for words in ("Recorded from Stripe", "Released", "Posted", "USD 40.00 paid", "No PO."))


def test_a_link_that_names_nothing_says_so(house: Runtime) -> None:
    assert "does not exist" in opened("explore/invoice.py", id="nonsense").warning[0].value
    assert "does not exist" in opened("explore/customer.py").warning[0].value


def test_a_customer_page_shows_balance_and_open_items(house: Runtime) -> None:
    with house.transaction() as session:
        who = rows.customer(session)
        rows.document(session, number="A-1", entity="DE", currency="EUR", customer_id=who.id)
        id = who.id
    at = opened("explore/customer.py", id=str(id))
    assert at.title[0].value == "Nordlicht Logistik GmbH"
    assert {metric.label: metric.value for metric in at.metric} == {"Open": "EUR 100.00", "Overdue": "EUR 100.00"}
    assert grid(at, "Invoice") == ["A-1"]


def test_a_customer_who_has_paid_everything_shows_invoices_payments_and_credits(house: Runtime) -> None:
    with house.transaction() as session:
        who, other = rows.customer(session, entity="US"), rows.customer(session, number="C-10", name="Other Ltd")
        paid = rows.document(session, number="A-1", customer_id=who.id)
        rows.pay(session, paid, 10_000, date(2026, 10, 20))
        rows.document(session, number="A-2", customer_id=other.id)
        memo = {"kind": "credit_memo", "customer_id": who.id, "number": "A-1-CN", "reason": "Goodwill"}
        rows.document(session, total_minor=-2_500, **memo)
        session.flush()
        session.query(Payment).update({Payment.unapplied_minor: 500})
        id = str(who.id)
    at = opened("explore/customer.py", id=id)
    assert at.success[0].value == "Nothing is open."
    assert "USD 5.00 received and unapplied, USD 25.00 in unused credit memos" in " ".join(c.value for c in at.caption)
    assert [str(each)[:10] for each in grid(at, "Received")] == ["2026-10-20"]
    assert (grid(at, "Credit memo"), grid(at, "Unused")) == (["A-1-CN"], ["-25.00"])
    assert any(each.label == "All invoices" for each in at.get("page_link"))
    listed = opened("explore/invoices.py", show="All", customer=id)
    assert grid(listed, "Invoice") == ["A-1"]
    next(each for each in listed.button if each.label == "All customers").click().run()
    assert sorted(grid(listed, "Invoice")) == ["A-1", "A-2"]  # type: ignore[type-var]
    assert "does not exist" in opened("explore/invoices.py", customer="nonsense").warning[0].value


def test_a_customer_of_another_entity_narrows_no_list(house: Runtime) -> None:
    with house.transaction() as session:
        id = str(rows.customer(session, entity="US").id)
    assert "not yours to see" in opened("explore/invoices.py", "dirk", customer=id).warning[0].value


def test_disputes_show_open_ones_first_and_their_value(house: Runtime) -> None:
    with house.transaction() as session:
        row = rows.document(session, number="A-1")
        rows.dispute(session, row, number="D-1")
        rows.dispute(session, row, number="D-2", state="rejected")
    at = opened("explore/disputes.py")
    assert grid(at, "Dispute") == ["D-1"]
    assert {metric.label: metric.value for metric in at.metric}["Open value, USD"] == "100.00"
    assert grid(opened("explore/disputes.py", stage="All"), "Dispute") == ["D-2", "D-1"]


def test_an_invoice_with_several_open_disputes_counts_with_its_total_at_most(house: Runtime) -> None:
    with house.transaction() as session:
        often, partly, settled = (rows.document(session, number=number) for number in ("A-1", "A-2", "A-3"))
        for amount in (10_000, 10_000, 2_000):
            rows.dispute(session, often, amount_minor=amount)
        for amount in (1_000, 2_000):
            rows.dispute(session, partly, amount_minor=amount, due_at=rows.AT)
        rows.dispute(session, settled, amount_minor=0)
        rows.pay(session, settled, 10_000, date(2026, 10, 20))
        rows.dispute(session, often, document_id=None, amount_minor=700)
        rows.dispute(session, often, document_id=None, amount_minor=700)
    shown = {metric.label: metric.value for metric in opened("explore/disputes.py").metric}
    assert shown == {"Open": "8", "Open value, USD": "244.00", "Past their deadline": "2"}


GOOD = "customer_number,invoice_number,invoice_date,due_date,amount\nC1,I1,2026-01-01,2026-01-31,100.00\n"


def test_a_clean_file_is_imported_once_with_its_button(house: Runtime) -> None:
    at = opened("operate/import_ledger.py")
    at.file_uploader[0].set_value(("ledger.csv", GOOD.encode(), "text/csv")).run()
    assert not at.exception
    assert {metric.label: metric.value for metric in at.metric}["Invoices"] == "1"
    formats = next(box for box in at.selectbox if box.label == "Date format").options
    assert formats[:2] == ["2026-11-28 (year-month-day)", "11/28/2026 (month/day/year)"]
    assert not [each for each in formats if "%" in each]
    at.button(key="import_go").click().run()
    assert not at.exception
    assert at.toast[0].value == "1 invoice imported"


def test_a_file_that_is_here_already_says_so_and_one_that_was_changed_says_what_is_new(house: Runtime) -> None:
    header, row = GOOD.replace("amount\n", "amount,settled_date,paid_amount\n").splitlines()
    at = opened("operate/import_ledger.py")

    def bring(row: str) -> str:
        at.file_uploader[0].set_value(("ledger.csv", f"{header}\n{row}\n".encode(), "text/csv")).run()
        assert not at.exception
        return (at.info or at.error)[0].value

    at.file_uploader[0].set_value(("ledger.csv", GOOD.encode(), "text/csv")).run()
    at.button(key="import_go").click().run()
    assert bring(f"{row},,") == "All of this was imported before; there is nothing to do."
    assert at.button(key="import_go").disabled
    assert bring(f"{row},2026-01-20,40.00").endswith("New: 0 customers, 0 invoices, 1 payment, 0 disputes.")
    at.button(key="import_go").click().run()
    assert at.toast[0].value == "Imported 1 payment"
    assert "the file says 50.00 on 20 Jan 2026" in bring(f"{row},2026-01-20,50.00")
    assert at.button(key="import_go").disabled


def test_a_file_with_bad_rows_shows_them_and_cannot_be_imported(house: Runtime) -> None:
    at = opened("operate/import_ledger.py")
    at.file_uploader[0].set_value(("ledger.csv", GOOD.replace("100.00", "a lot").encode(), "text/csv")).run()
    assert grid(at, "Row") == [2]
    at.file_uploader[0].set_value(("ledger.csv", GOOD.replace(",2026-01-31,", ",,").encode(), "text/csv")).run()
    assert (grid(at, "Column"), grid(at, "What is wrong")) == (["Due date"], ["There is no due date."])
    assert at.button(key="import_go").disabled


def test_a_name_or_a_sentence_from_outside_is_no_link_of_ours(house: Runtime) -> None:
    evil = "[Pay here](http://evil.example/x)"
    with house.transaction() as session:
        customer = rows.customer(session, name=evil, entity="US")
        document = rows.document(session, customer_id=customer.id, customer_name=evil, entity="US", number=evil)
        rows.dispute(session, document, sentence=evil)
    on_customer = opened("explore/customer.py", id=str(customer.id))
    on_invoice = opened("explore/invoice.py", id=str(document.id))
    shown = [*on_customer.title, *on_invoice.title, *on_invoice.markdown, *on_invoice.caption]
    told = [str(each.value) for each in shown if "Pay here" in str(each.value)]
    assert len(told) >= 3
    assert [each for each in told if "[Pay here](" in each] == []


def test_a_null_character_in_a_search_finds_nothing_and_breaks_nothing(house: Runtime) -> None:
    at = opened("explore/invoices.py", q="\0")
    assert not at.exception
    assert not [each for each in at.error if "went wrong" in each.value]


def test_a_day_of_the_past_century_is_taken_at_its_word(house: Runtime) -> None:
    at = opened("overview/overview.py", ov_as_of="1995-06-30")
    assert str(next(each for each in at.date_input if each.label == "As of").value) == "1995-06-30"


def _counted_by(at: AppTest) -> list[str]:
    return [each.value for each in at.caption if "Only the invoices" in each.value]


def test_the_way_from_a_figure_says_which_invoices_are_shown_and_leads_to_all(house: Runtime) -> None:
    at = opened("explore/invoices.py", show="All", figure="billing_accuracy", as_of="2026-10-15")
    assert "“Billing accuracy”" in _counted_by(at)[0]
    next(each for each in at.button if each.label == "All invoices").click()
    assert _counted_by(at.run()) == []
    assert _counted_by(opened("explore/invoices.py", figure="nonsense")) == []
