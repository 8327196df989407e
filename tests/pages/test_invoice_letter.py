"""The invoice page of what the house issued: the PDF, what reached the customer, and sending it again."""

from __future__ import annotations

from datetime import timedelta

from streamlit.testing.v1 import AppTest

from core.db.tables import Connection, Delivery, Document, InvoiceLink
from core.documents.model import HOUSE
from core.kit.words import day_in_words
from core.runtime import Runtime
from tests.core.reporting import rows
from tests.pages.app import shown
from tests.pages.conftest import OpenPage
from tests.work import all_rows, only


def issued(house: Runtime, **facts: object) -> str:
    with house.transaction() as session:
        who = rows.customer(session)
        at = house.now() - timedelta(hours=1)
        row = rows.document(session, customer_id=who.id, number="UK-2026-000001", source=HOUSE, sent_at=at, **facts)
        session.add(Connection(system="mail", state="connected"))
        return str(row.id)


def words(at: AppTest) -> str:
    return " ".join([*(each.value for each in at.markdown), *(each.value for each in at.caption)])


def test_it_offers_the_pdf_and_tells_what_reached_the_customer(house: Runtime, open_page: OpenPage) -> None:
    at = open_page("ana", "explore/invoice.py", id=issued(house, viewed_at=house.now()))
    assert [each.label for each in at.get("download_button")] == ["Download PDF"]
    assert "Opened by the customer" in words(at)


def test_a_bounce_is_told_before_anything_else(house: Runtime, open_page: OpenPage) -> None:
    at = open_page("ana", "explore/invoice.py", id=issued(house, bounced_at=house.now()))
    assert "The message came back" in words(at)


def test_sending_again_makes_one_new_message(house: Runtime, open_page: OpenPage) -> None:
    at = open_page("ana", "explore/invoice.py", id=issued(house))
    at.button(key="invoice.send").click()
    shown(at)
    assert [row.system for row in all_rows(house, Delivery)] == ["mail"]
    assert only(house, Document).number in only(house, Delivery).payload["number"]


def test_the_customer_s_link_can_be_ended_where_the_invoice_is_seen(house: Runtime, open_page: OpenPage) -> None:
    id = issued(house)
    at = open_page("ana", "explore/invoice.py", id=id)
    assert "until 90 days after it is settled" in words(at)
    at.button(key="invoice.link_end").click()
    shown(at)
    assert "Ended by Ana Ribeiro on" in words(at)
    assert [each for each in at.button if each.key == "invoice.link_end"] == []
    assert only(house, InvoiceLink).ended_at == house.now()


def test_who_only_reads_cannot_end_a_link_but_sees_until_when_it_opens(house: Runtime, open_page: OpenPage) -> None:
    id = issued(house, open_minor=0, settled_on=house.today())
    at = open_page("vera", "explore/invoice.py", id=id)
    assert f"until {day_in_words(house.today() + timedelta(days=90))}" in words(at)
    assert [each for each in at.button if each.key == "invoice.link_end"] == []


def test_an_invoice_of_another_system_has_no_paper_of_ours(house: Runtime, open_page: OpenPage) -> None:
    with house.transaction() as session:
        id = str(rows.document(session, number="HC-1").id)
    at = open_page("ana", "explore/invoice.py", id=id)
    assert at.get("download_button") == []
