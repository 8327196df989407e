"""The frame: who sees which screens, and what a stranger sees."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from core.access.model import DEMO_PASSWORD
from core.access.rules import token_hash
from core.db.tables import User
from core.runtime import Runtime
from core.workflow.actors import Role
from core.workflow.sign_in import sign_in
from pages.ui.site_map import PAGES, SCREENS, screens_beyond, screens_for
from tests.fakes import FixedClock
from tests.pages.conftest import OpenPage

_READ = ["overview", "invoices", "disputes", "invoice", "customer"]
_VISIBLE = {
    Role.VIEWER: {"overview", "invoices", "contracts", "usage", "disputes"},
    Role.COLLECTOR: {"overview", "invoices", "contracts", "usage", "disputes", "collections"},
    Role.ANALYST: {
        "overview", "invoices", "contracts", "usage", "disputes", "exceptions", "billing_runs", "drift",
        "integrations", "import",
    },
    Role.APPROVER: {"overview", "invoices", "contracts", "usage", "disputes", "approvals"},
    Role.CONTROLLER: {
        "overview", "invoices", "contracts", "usage", "disputes", "exceptions", "approvals", "collections",
        "billing_runs", "drift", "integrations", "import", "audit", "entities",
    },
    Role.EXECUTIVE: {"overview", "invoices", "contracts", "usage", "disputes", "audit"},
    Role.ADMINISTRATOR: {"overview", "integrations", "sandbox", "audit", "entities", "people", "api_keys"},
}  # fmt: skip


@pytest.mark.parametrize("role", _VISIBLE)
def test_the_role_decides_what_stands_in_the_sidebar(role: Role) -> None:
    listed = {screen.name for screen in SCREENS if role in screen.roles and not screen.is_hidden}
    assert listed == _VISIBLE[role]


def test_an_administrator_never_gets_to_approvals() -> None:
    assert "approvals" not in {screen.name for screen in screens_for(Role.ADMINISTRATOR, has_sandbox=True)}


def test_sandbox_faults_are_for_the_sandbox_only() -> None:
    assert "sandbox" not in {screen.name for screen in screens_for(Role.ADMINISTRATOR, has_sandbox=False)}


def test_only_screens_that_exist_are_offered() -> None:
    offered = screens_for(Role.CONTROLLER, has_sandbox=True)
    assert all((PAGES / screen.script).is_file() for screen in offered)


def test_no_script_lies_where_streamlit_would_open_it_past_the_frame() -> None:
    assert not (PAGES / "pages").exists()
    assert [path.name for path in PAGES.glob("*.py")] in (["frame.py", "__init__.py"], ["__init__.py", "frame.py"])


def test_the_foot_names_the_person_their_role_and_entities(open_page: OpenPage) -> None:
    frame = open_page("dieter")
    assert not frame.exception
    assert [each.value for each in frame.sidebar.markdown] == ["**Dieter Brandt**"]
    assert [each.value for each in frame.sidebar.caption] == ["Analyst · DE, FR"]


def test_an_administrator_opens_people(open_page: OpenPage) -> None:
    page = open_page("ada", "govern/people.py")
    assert not page.exception
    assert [each.value for each in page.title] == ["People"]


def test_a_viewer_who_asks_for_people_is_not_shown_them(open_page: OpenPage) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page("vera", "govern/people.py")


@pytest.mark.parametrize("name", ["", "nobody"])
def test_a_stranger_sees_no_screen(open_page: OpenPage, name: str) -> None:
    frame = open_page(name)
    assert [each.value for each in frame.title] == ["You are signed out"]
    assert not frame.sidebar.markdown


def test_a_person_deactivated_while_the_page_is_open_is_out_at_the_next_click(
    open_page: OpenPage, house: Runtime
) -> None:
    page = open_page("ada", "govern/people.py")
    with house.transaction() as session:
        session.execute(update(User).where(User.email == "ada@halden.example").values(is_active=False))
    page.run()
    assert [each.value for each in page.title] == ["You are signed out"]


def test_a_role_taken_away_counts_at_the_next_click(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", "govern/people.py")
    with house.transaction() as session:
        session.execute(update(User).where(User.email == "ada@halden.example").values(role="viewer"))
    page.run()
    assert "People" not in [each.value for each in page.title]


def test_a_session_that_ended_shows_the_way_back_in(open_page: OpenPage, house: Runtime, clock: FixedClock) -> None:
    page = open_page("")
    page.user = {"session": token_hash(sign_in(house, "ada@halden.example", DEMO_PASSWORD, "10.0.0.1"))}
    page.run()
    assert [each.value for each in page.sidebar.markdown] == ["**Ada Novak**"]
    clock.advance(minutes=31)
    page.run()
    assert [each.value for each in page.title] == ["You are signed out"]


@pytest.mark.parametrize("role", _VISIBLE)
def test_each_screen_is_opened_or_refused_and_never_unknown(role: Role) -> None:
    opened = {screen.name for screen in screens_for(role, has_sandbox=True)}
    refused = {screen.name for screen in screens_beyond(role, has_sandbox=True)}
    assert (opened | refused, opened & refused) == ({screen.name for screen in SCREENS}, set())
    assert "sandbox" not in {screen.name for screen in screens_beyond(role, has_sandbox=False)}
