"""Letterheads of legal entities: who writes them, what is refused, and that no source undoes a person's words."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import EntityRecord
from core.db.tables import AuditEntry, LegalEntity
from core.kit.errors import Forbidden, NotFound, Refused, Stale
from core.kit.ids import new_id
from core.parties.model import demo_entities
from core.parties.rules import instructions_finding
from core.runtime import Runtime
from core.workflow import Actor, Role, execute
from core.workflow.billing_commands import SaveEntity
from core.workflow.bootstrap import introduce_demo_entities
from sandbox.company.entities import ENTITIES
from tests import builders as b
from tests.stores import Furniture, policies
from tests.work import all_rows, record

CHEN = Actor("Chen", Role.CONTROLLER, new_id())
BANK = "Hafenbank\nIBAN DE89 3704 0044 0532 0130 00"
TOLD = {"address": "Speicherstraße 12, 20457 Hamburg", "tax_id": "DE314159262", "email": "billing@halden.example"}


@pytest.fixture
def furniture() -> Furniture:
    return policies


def tell(house: Runtime, code: str = "DE", **facts: str) -> None:
    """As the ledger tells it."""
    entity = EntityRecord(
        source=b.LEDGER, source_ref="4", code=code, name="Halden GmbH", country="DE", currency="EUR", **(TOLD | facts)
    )
    record(house, b.LEDGER, entities=(entity,))


def row(house: Runtime, code: str = "DE") -> Any:
    return next(each for each in all_rows(house, LegalEntity) if each.code == code)


def wish(house: Runtime, **changes: str | None) -> SaveEntity:
    """What the form sends: everything that stands there, and the changes."""
    now = row(house)
    facts = {name: getattr(now, name) for name in ("address", "tax_id", "email", "payment_instructions")}
    return SaveEntity(code="DE", revision=now.revision, **(facts | changes))


def test_what_a_person_wrote_stays_and_the_rest_follows_the_ledger(runtime: Runtime) -> None:
    tell(runtime)
    execute(runtime, wish(runtime, address="Am Sandtorkai 1\n20457 Hamburg", payment_instructions=BANK), CHEN)
    tell(runtime, address="Elsewhere 1", email="new@halden.example")
    now = row(runtime)
    assert (now.address, now.payment_instructions) == ("Am Sandtorkai 1\n20457 Hamburg", BANK)
    assert now.email == "new@halden.example"
    assert now.written == ["address", "payment_instructions"]


def test_what_a_person_emptied_stays_empty(runtime: Runtime) -> None:
    tell(runtime)
    execute(runtime, wish(runtime, email="  "), CHEN)
    tell(runtime)
    assert row(runtime).email is None


def test_the_trail_tells_what_stood_there_before(runtime: Runtime) -> None:
    tell(runtime)
    execute(runtime, wish(runtime, tax_id="DE 136 695 976"), Actor("Ada", Role.ADMINISTRATOR, new_id()))
    entry = next(each for each in all_rows(runtime, AuditEntry) if each.subject == "entity:DE")
    assert entry.sentence == "Changed the letterhead of Halden GmbH: tax number."
    assert entry.detail == {"before": {"tax_id": "DE314159262"}, "after": {"tax_id": "DE 136 695 976"}}


def test_news_from_the_ledger_make_an_open_form_stale_and_a_repetition_does_not(runtime: Runtime) -> None:
    tell(runtime)
    seen = wish(runtime, payment_instructions=BANK)
    tell(runtime)
    assert row(runtime).revision == seen.revision
    tell(runtime, address="Elsewhere 1")
    with pytest.raises(Stale):
        execute(runtime, seen, CHEN)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"payment_instructions": BANK.replace("0130 00", "0130 01")}, "IBAN DE89 3704 0044 0532 0130 01 is mistyped"),
        ({"payment_instructions": "\n".join("123456789")}, "At most 8 lines"),
        ({"email": "billing at halden"}, "is not an e-mail address"),
        ({"tax_id": "DE314159263"}, "is not a tax number of DE"),
        ({}, "Nothing was changed"),
    ],
    ids=["a mistyped IBAN", "too long", "no e-mail address", "wrong check digits", "nothing new"],
)
def test_what_must_not_go_on_paper_is_refused(runtime: Runtime, changes: dict[str, str], words: str) -> None:
    tell(runtime)
    with pytest.raises(Refused, match=words):
        execute(runtime, wish(runtime, **changes), CHEN)
    assert row(runtime).written == []


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        (Actor("Ana", Role.ANALYST, new_id()), Forbidden),
        (Actor("Uma", Role.CONTROLLER, new_id(), frozenset({"US"})), Forbidden),
    ],
    ids=["an analyst", "a controller of another entity"],
)
def test_only_controllers_of_the_entity_and_administrators_write(
    runtime: Runtime, actor: Actor, refusal: type[Refused]
) -> None:
    tell(runtime)
    with pytest.raises(refusal):
        execute(runtime, wish(runtime, email="x@halden.example"), actor)


def test_an_entity_that_does_not_exist_is_not_made(runtime: Runtime) -> None:
    with pytest.raises(NotFound):
        execute(runtime, SaveEntity(code="XX", revision=1, email="x@halden.example"), CHEN)


def test_the_demos_companies_are_those_of_the_sandbox_and_none_has_a_mistyped_iban() -> None:
    ours = {(each.code, each.name, each.country, each.currency) for each in demo_entities()}
    assert ours == {(each.code, each.name, each.country, each.currency) for each in ENTITIES}
    assert [instructions_finding(each.payment_instructions) for each in demo_entities()] == [None] * len(ENTITIES)
    assert sum("IBAN" in each.payment_instructions for each in demo_entities()) == 3


def test_introducing_the_demos_companies_again_changes_nothing_that_is_there(runtime: Runtime) -> None:
    tell(runtime)
    introduce_demo_entities(runtime)
    assert "Hafenbank" in row(runtime).payment_instructions
    assert row(runtime).address == TOLD["address"]
    execute(runtime, wish(runtime, payment_instructions=None), CHEN)
    before = {each.code: each.revision for each in all_rows(runtime, LegalEntity)}
    introduce_demo_entities(runtime)
    assert {each.code: each.revision for each in all_rows(runtime, LegalEntity)} == before
    assert row(runtime).payment_instructions is None
