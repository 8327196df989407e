"""What the house relies on wherever it posts, tried against every ledger's emulator: the books, the payment platform
and the mailbox. What a ledger does not claim in its capabilities is not asked of it.

What only the books promise stands in test_ledgers.py, what only a tax engine promises in test_tax_engines.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.mail.message import message_id
from core.ports import InDoubt, LedgerDocument, Misconfigured, Party, Rejected, Transient
from tests.conformance.systems import WRONG, System
from tests.conformance.test_ledgers import document as for_the_books
from tests.conformance.test_ledgers import summary
from tests.core.documents.letters import letter

# A first request may ask for a token; from then on only the posting itself is left to fail.
_WARM_UP = "house_never_posted"


@dataclass(frozen=True)
class Way:
    """How to post to a system: a document for it, how many it then holds, and one that it must refuse."""

    document: Callable[[System, str], LedgerDocument]
    held: Callable[[System, str], int]
    unwanted: Callable[[LedgerDocument], LedgerDocument]


def fresh_letter(system: System, key: str, **facts: Any) -> LedgerDocument:
    today = system.clock().date()
    return letter(key=f"house_{key}", number=f"DE-{key}", issue_date=today, due_date=today + timedelta(30), **facts)


def _for_stripe(system: System, key: str) -> LedgerDocument:
    payer = system.emulator.store.create("customer", name="Wisła", email="ap@wisla.example")
    return fresh_letter(system, key, payer_ref=str(payer["id"]))


def _in_stripe(system: System, key: str) -> int:
    rows = system.emulator.store.records.query("SELECT id FROM record WHERE kind IN ('invoice', 'credit_note')")
    found = (system.emulator.get("invoice", id) or system.emulator.get("credit_note", id) for (id,) in rows)
    return sum((doc["metadata"] or {}).get("house_key") == key for doc in found)


def _in_the_mailbox(system: System, key: str) -> int:
    wanted = message_id(key, "halden.example")
    return sum(each["message_id"] == wanted for each in system.emulator.box.list())


WAYS = {
    "netsuite": Way(
        for_the_books,
        lambda system, key: summary(system)["creates"].get(key, 0),
        lambda wanted: replace(wanted, customer_ref="001Nobody"),
    ),
    "stripe": Way(_for_stripe, _in_stripe, lambda wanted: replace(wanted, payer_ref="cus_gone")),
    "mail": Way(
        fresh_letter, _in_the_mailbox, lambda wanted: replace(wanted, buyer=Party("Nobody", (), None, "no address"))
    ),
}
each_ledger = pytest.mark.parametrize("system", WAYS, indirect=True)


def wanted_of(system: System, key: str) -> LedgerDocument:
    return WAYS[system.name].document(system, f"every_{key}")


def held(system: System, wanted: LedgerDocument) -> int:
    return WAYS[system.name].held(system, wanted.key)


@each_ledger
def test_a_document_is_posted_once_however_often_it_is_sent(system: System) -> None:
    wanted = wanted_of(system, "once")
    first = system.ledger.post(wanted)
    again = system.ledger.post(wanted)
    assert (held(system, wanted), again.external_id) == (1, first.external_id)
    assert first.total_minor in (wanted.total_minor, None)


@each_ledger
def test_a_ledger_that_finds_by_key_finds_what_was_posted_and_nothing_else(system: System) -> None:
    """One that does not claim to never answers with something."""
    wanted, ledger = wanted_of(system, "found"), system.ledger
    posted = ledger.post(wanted)
    found = system.ledger.find(wanted.key, "invoice")
    if ledger.capabilities.finds_by_key:
        assert found is not None
        assert (found.external_id, found.total_minor) == (posted.external_id, wanted.total_minor)
    else:
        assert found is None
    assert system.ledger.find("house_every_unknown", "invoice") is None


@each_ledger
def test_a_credit_memo_goes_the_same_way_wherever_one_is_taken(system: System) -> None:
    ledger = system.ledger
    assert "credit_memo" in ledger.capabilities.posts
    invoice = wanted_of(system, "credited")
    there = ledger.post(invoice)
    memo = replace(
        invoice,
        key=f"{invoice.key}_memo",
        kind="credit_memo",
        number=f"{invoice.number}-CM",
        corrects_ref=there.external_id,
        corrects_number=invoice.number,
    )
    first, again = ledger.post(memo), system.ledger.post(memo)
    assert (first.external_id, held(system, memo)) == (again.external_id, 1)
    assert first.external_id != there.external_id


@each_ledger
@pytest.mark.parametrize("fault", [{"rate_429": 1.0}, {"outage": True}], ids=["429", "outage"])
def test_one_that_is_away_is_tried_later_and_has_done_nothing(system: System, fault: dict[str, float | bool]) -> None:
    wanted, ledger = wanted_of(system, f"away_{next(iter(fault))}"), system.ledger
    system.faults.set(fault)
    with pytest.raises(Transient):
        ledger.post(wanted)
    system.faults.reset()
    assert held(system, wanted) == 0
    ledger.post(wanted)
    assert held(system, wanted) == 1


@each_ledger
def test_a_line_that_breaks_after_the_work_is_in_doubt_and_trying_again_makes_no_second_one(system: System) -> None:
    wanted, ledger = wanted_of(system, "cut"), system.ledger
    ledger.find(_WARM_UP, "invoice")
    system.faults.commit_then_disconnect = 1.0
    with pytest.raises(InDoubt):
        ledger.post(wanted)
    system.faults.reset()
    ledger.post(wanted)
    assert held(system, wanted) == 1


@each_ledger
def test_what_a_person_has_to_put_right_is_refused_in_a_sentence(system: System) -> None:
    wanted = WAYS[system.name].unwanted(wanted_of(system, "refused"))
    with pytest.raises(Rejected) as raised:
        system.ledger.post(wanted)
    assert raised.value.code
    assert raised.value.sentence.endswith(".") and "{" not in raised.value.sentence
    assert held(system, wanted) == 0


@each_ledger
def test_wrong_credentials_are_an_administrators_business(system: System) -> None:
    wrong = system.connector(**WRONG[system.name]).ledger
    assert wrong is not None
    wanted = wanted_of(system, "wrong")
    with pytest.raises(Misconfigured):
        wrong.post(wanted)
    assert not wrong.check().is_usable
    assert held(system, wanted) == 0


@each_ledger
def test_a_connection_that_works_says_so_and_what_it_exchanges_holds_no_secret(system: System) -> None:
    assert system.ledger.check().is_usable
    posted = system.ledger.post(wanted_of(system, "shown"))
    told = repr(posted.exchange)
    assert posted.exchange["request"]["method"] and posted.exchange["response"]
    assert [secret for secret in system.secrets() if secret in told] == []
