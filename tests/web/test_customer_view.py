"""An invoice behind a personal link: shown to whoever holds it, and to nobody who guesses."""

from __future__ import annotations

from uuid import UUID

import pytest
from starlette.testclient import TestClient

from core.access.view_links import Named, named_by, signing_key, token_of
from core.db.tables import Connection, Delivery, Document
from core.documents.model import HOUSE, DocumentState
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import EndInvoiceLink, ResendInvoice
from core.workflow.command import Target
from core.workflow.papers import LinkEnded
from tests.fakes import FixedClock
from tests.jobs.rows import released
from tests.work import all_rows, only, person
from web.turnstile import Turnstile


def issued(runtime: Runtime, **facts: object) -> str:
    """A token to an invoice of the house."""
    released(runtime, "UK-2026-000001")
    with runtime.transaction() as session:
        row = session.query(Document).one()
        for name, value in {"source": HOUSE, "is_issued": True, **facts}.items():
            setattr(row, name, value)
        return token_of(signing_key(session), row.id)


def test_the_link_shows_the_pdf_without_a_sign_in_and_notes_the_first_look(web: TestClient, house: Runtime) -> None:
    answer = web.get(f"/i/{issued(house)}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "no-store" in answer.headers["cache-control"]
    assert only(house, Document).viewed_at == house.now()


def test_a_token_that_was_changed_opens_nothing(web: TestClient, house: Runtime) -> None:
    token = issued(house)
    other = "A" if token[10] != "A" else "B"
    assert web.get(f"/i/{token[:10]}{other}{token[11:]}").status_code == 404
    assert only(house, Document).viewed_at is None


@pytest.mark.parametrize("path", ["/i/", "/i", "/i/short", "/i/../healthz/x", "/i/" + "a" * 65, "/i/%00" + "a" * 30])
def test_there_is_nothing_beside_the_link(web: TestClient, house: Runtime, path: str) -> None:
    assert web.get(path).status_code in (401, 404)


def test_the_link_is_for_looking_only(web: TestClient, house: Runtime) -> None:
    token = issued(house)
    assert [web.request(method, f"/i/{token}").status_code for method in ("POST", "PUT", "DELETE")] == [401] * 3


@pytest.mark.parametrize("facts", [{"source": "stripe"}, {"is_issued": False}])
def test_a_signed_token_of_what_was_not_issued_here_opens_nothing(
    web: TestClient, house: Runtime, facts: dict[str, object]
) -> None:
    assert web.get(f"/i/{issued(house, **facts)}").status_code == 404


def test_who_asks_too_often_is_turned_away() -> None:
    at = [0.0]
    turnstile = Turnstile(calls=3, seconds=60, now=lambda: at[0])
    assert [turnstile.lets_in("1.2.3.4") for _ in range(4)] == [True, True, True, False]
    assert turnstile.lets_in("5.6.7.8")
    at[0] = 61.0
    assert turnstile.lets_in("1.2.3.4")


def test_a_token_is_signed_with_the_houses_own_key_and_names_its_document(house: Runtime) -> None:
    document = new_id()
    with house.transaction() as session:
        key = signing_key(session)
    with house.transaction() as session:
        assert signing_key(session) == key
    token = token_of(key, document)
    assert named_by(key, token) == Named(document)
    assert named_by(b"another key", token) is None
    assert named_by(key, token_of(key, UUID(int=document.int + 1))) != Named(document)
    assert all(named_by(key, text) is None for text in ("", "x", "ü" * 48, token + "A", token[:-1]))
    later = token_of(key, document, 3)
    assert len(later) <= 64 and named_by(key, later) == Named(document, 3)
    assert named_by(key, later[:-1]) is None


def test_the_link_goes_on_while_anything_is_open_and_some_days_after(
    web: TestClient, house: Runtime, clock: FixedClock
) -> None:
    token = issued(house)
    clock.advance(days=1000)
    assert web.get(f"/i/{token}").status_code == 200
    with house.transaction() as session:
        row = session.query(Document).one()
        row.open_minor, row.settled_on = 0, house.today()
    clock.advance(days=house.settings.invoice_link_days)
    assert web.get(f"/i/{token}").status_code == 200
    clock.advance(days=1)
    answer = web.get(f"/i/{token}")
    assert (answer.status_code, answer.text) == (410, LinkEnded().sentence)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "no-store" in answer.headers["cache-control"]


def test_the_link_to_what_was_voided_ends_at_once(web: TestClient, house: Runtime) -> None:
    token = issued(house, state=DocumentState.VOID.value)
    assert web.get(f"/i/{token}").status_code == 410
    assert only(house, Document).viewed_at is None


def test_a_link_that_a_person_ended_stays_ended_and_the_next_message_has_a_new_one(
    web: TestClient, house: Runtime
) -> None:
    token = issued(house)
    with house.transaction() as session:
        session.add(Connection(system="mail", state="connected"))
    ana = person(house, "Ana")

    def target() -> Target:
        row = only(house, Document)
        return Target(row.id, row.revision)

    execute(house, EndInvoiceLink(document=target()), ana)
    assert web.get(f"/i/{token}").status_code == 410
    with pytest.raises(Refused, match="ended before"):
        execute(house, EndInvoiceLink(document=target()), ana)
    execute(house, ResendInvoice(document=target()), ana)
    (sent,) = [row for row in all_rows(house, Delivery) if row.system == "mail"]
    new = sent.payload["view_token"]
    assert new != token
    assert (web.get(f"/i/{token}").status_code, web.get(f"/i/{new}").status_code) == (410, 200)
