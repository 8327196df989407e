"""Govern › People: adding and changing who may sign in."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.access.rules import is_password_right
from core.access.store import user_by_email
from core.db.tables import User
from core.runtime import Runtime
from core.workflow.sign_in import person_of_email
from tests.pages.app import tick
from tests.pages.conftest import OpenPage

SCRIPT = "govern/people.py"


def _fill(page: AppTest, **texts: str) -> AppTest:
    labels = {"email": "E-mail", "name": "Name", "limit": "Approval limit in USD", "password": "New password"}
    for key, value in texts.items():
        next(each for each in page.text_input if each.label == labels[key]).set_value(value)
    return page


def _save(page: AppTest) -> AppTest:
    return next(each for each in page.button if each.label == "Save").click().run()


def _user(house: Runtime, email: str) -> User | None:
    with house.reading() as session:
        return user_by_email(session, email)


def test_everybody_is_listed_with_role_scope_and_limit(open_page: OpenPage) -> None:
    shown = open_page("ada", SCRIPT).dataframe[0].value
    dieter = shown[shown["Name"] == "Dieter Brandt"].iloc[0]
    assert (dieter["Role"], dieter["Entities"], dieter["Limit"]) == ("Analyst", "DE, FR", "—")
    assert shown[shown["Name"] == "Amara Okafor"].iloc[0]["Limit"] == "50,000.00"


def test_a_new_person_can_be_added_and_the_password_is_kept_as_a_hash(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", SCRIPT)
    page.button(key="people_add").click().run()
    _fill(page, email="mia@halden.example", name="Mia Sand", limit="1,500.50", password="correct horse battery")
    _save(page)
    added = _user(house, "mia@halden.example")
    assert added is not None
    assert added.approval_limit_minor == 150_050
    assert is_password_right("correct horse battery", added.password_hash)
    assert person_of_email(house, "mia@halden.example") is not None


def test_a_weak_password_is_refused_with_the_reason(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", SCRIPT)
    page.button(key="people_add").click().run()
    _save(_fill(page, email="mia@halden.example", name="Mia Sand", password="short"))
    assert "at least 12 characters" in page.error[0].value
    assert _user(house, "mia@halden.example") is None


def test_a_limit_that_is_no_amount_is_refused_with_the_reason(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", SCRIPT)
    page.button(key="people_add").click().run()
    _save(_fill(page, email="mia@halden.example", name="Mia", limit="much", password="correct horse battery"))
    assert "is not an amount in USD" in page.error[0].value
    assert _user(house, "mia@halden.example") is None


def test_adding_somebody_who_is_there_already_is_refused_in_words(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", SCRIPT)
    page.button(key="people_add").click().run()
    _save(_fill(page, email="VERA@halden.example", name="Dup", password="correct horse battery"))
    assert "“vera@halden.example” is already a person of this house" in page.error[0].value
    vera = _user(house, "vera@halden.example")
    assert vera is not None
    assert vera.name == "Vera Holm"
    assert not is_password_right("correct horse battery", vera.password_hash)


def test_a_person_who_is_ticked_is_changed(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", SCRIPT)
    row = list(page.dataframe[0].value["Name"]).index("Dieter Brandt")
    tick(page, "people", [row])
    page.button(key="people_change").click().run()
    _save(_fill(page, limit="250"))
    dieter = _user(house, "dieter@halden.example")
    assert dieter is not None
    assert (dieter.approval_limit_minor, dieter.entities, dieter.role) == (25_000, ["DE", "FR"], "analyst")


def test_a_limit_below_zero_is_refused_with_the_reason(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", SCRIPT)
    page.button(key="people_add").click().run()
    _save(_fill(page, email="mia@halden.example", name="Mia", limit="-5", password="correct horse battery"))
    assert "cannot be below zero" in page.error[0].value
    assert _user(house, "mia@halden.example") is None
