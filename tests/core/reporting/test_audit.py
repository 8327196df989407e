from __future__ import annotations

import csv
import io
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from core.audit import store as audit
from core.audit.model import Deed, Note
from core.db.tables import AuditEntry, Transition
from core.kit.errors import NotFound
from core.kit.ids import new_id
from core.reporting.audit import HOUSE, AuditFilters, Change, audit_detail, list_audit, people_in_trail
from core.reporting.audit_file import export, formula_safe
from core.runtime import Runtime
from core.workflow import Actor, Role, execute
from core.workflow import commands as c
from core.workflow.trail import verify
from tests.core.reporting import rows
from tests.fakes import FixedClock
from tests.stores import Furniture, people

ADA = Actor("Ada Novak", Role.ADMINISTRATOR, new_id())
DIRK = Actor("Dirk", Role.CONTROLLER, new_id(), frozenset({"DE"}))


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    """With policies and people, released the day before."""
    return runtime


def pause(house: Runtime, system: str = "netsuite", reason: str = "Closing the books") -> None:
    execute(house, c.SetConnectionState(system=system, state="paused", reason=reason), ADA)


def write(house: Runtime, *notes: Note, actor: str = "Ana Ribeiro", command: str = "CorrectDocument") -> None:
    with house.transaction() as session:
        audit.append(session, Deed(house.now(), actor, command, new_id()), notes)


def sentences(house: Runtime, filters: AuditFilters, viewer: Actor | None = None) -> list[str]:
    return [row.sentence for row in list_audit(house, viewer, filters).rows]


def last_seq(house: Runtime) -> int:
    return list_audit(house, None, AuditFilters()).rows[0].seq


def test_the_newest_entry_comes_first_in_words(house: Runtime) -> None:
    pause(house)
    newest = list_audit(house, None, AuditFilters()).rows[0]
    assert newest.sentence == "Paused the connection with NetSuite: Closing the books"
    assert (newest.actor, newest.command, newest.subject) == ("Ada Novak", "Set connection state", "NetSuite")


def test_entries_are_found_by_actor_action_words_and_day(house: Runtime, clock: FixedClock) -> None:
    pause(house)
    assert len(sentences(house, AuditFilters(actor="Ada Novak"))) == 1
    assert sentences(house, AuditFilters(actor="Bo Lindqvist")) == []
    assert len(sentences(house, AuditFilters(command="SetConnectionState"))) == 1
    assert len(sentences(house, AuditFilters(text="closing THE"))) == 1
    assert sentences(house, AuditFilters(text="100%_")) == []
    today = clock.at.date()
    assert len(sentences(house, AuditFilters(first=today, last=today))) == 1
    assert sentences(house, AuditFilters(first=date(2027, 1, 1))) == []
    yesterday = list_audit(house, None, AuditFilters(last=date(2026, 11, 1)))
    assert {row.actor for row in yesterday.rows} == {HOUSE}
    assert yesterday.count.value == list_audit(house, None, AuditFilters(actor=HOUSE)).count.value


def test_an_invoice_brings_its_exceptions_along(house: Runtime) -> None:
    with house.transaction() as session:
        invoice = rows.document(session, number="HC-7")
        case = rows.case(session, document_id=invoice.id)
        other = rows.document(session, number="HC-8")
    write(house, Note("Corrected it.", f"case:{case.id}"), Note("Posted it.", f"invoice:{invoice.id}"))
    write(house, Note("Posted the other.", f"invoice:{other.id}"))
    found = list_audit(house, None, AuditFilters(subject="hc-7")).rows
    assert [(row.sentence, row.subject) for row in found] == [
        ("Posted it.", "Invoice HC-7"),
        ("Corrected it.", "Pricing exception on HC-7"),
    ]


def test_an_invoice_brings_along_what_was_written_about_many_when_it_was_recorded_and_decided(
    house: Runtime, clock: FixedClock
) -> None:
    clock.advance(hours=1)
    with house.transaction() as session:
        invoice = rows.document(session, number="HC-7", recorded_at=house.now())
    write(house, Note("Imported ledger.csv: 3 invoices.", None), command="ImportLedger")
    write(house, Note("Changed Ana.", "user:1"))
    clock.advance(hours=1)
    with house.transaction() as session:
        session.add(
            Transition(
                id=new_id(),
                subject="document",
                subject_id=invoice.id,
                old="received",
                new="released",
                at=house.now(),
                actor="job:decide",
            )
        )
    write(house, Note("Decided 2 documents.", "system:stripe"))
    clock.advance(hours=1)
    write(house, Note("Decided 5 documents.", None))
    assert sentences(house, AuditFilters(subject="HC-7")) == [
        "Decided 2 documents.",
        "Imported ledger.csv: 3 invoices.",
    ]
    assert sentences(house, AuditFilters(subject="HC-8")) == []


@pytest.mark.parametrize("words", ["netsuite", "NetSuite", "system:netsuite"])
def test_a_system_is_found_as_people_write_it(house: Runtime, words: str) -> None:
    pause(house, "stripe"), pause(house)
    assert len(sentences(house, AuditFilters(subject=words))) == 1


def test_pages_follow_each_other_even_within_one_instant(house: Runtime) -> None:
    write(house, *(Note(f"Step {number}.") for number in range(5)))
    filters, seen, cursor = AuditFilters(text="Step"), [], None
    while True:
        page = list_audit(house, None, filters, cursor, 2)
        seen += [row.sentence for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"Step {number}." for number in reversed(range(5))]


def test_a_reader_of_some_entities_sees_theirs_and_what_belongs_to_none(house: Runtime) -> None:
    with house.transaction() as session:
        ours, theirs = rows.document(session, entity="DE"), rows.document(session, entity="US")
        customer = rows.customer(session, entity="US")
    write(
        house,
        Note("Ours.", f"invoice:{ours.id}"),
        Note("Theirs.", f"invoice:{theirs.id}"),
        Note("Their customer.", f"customer:{customer.id}"),
        Note("Nobody's.", None),
        Note("A policy.", "policy:approval"),
        Note("Not an id.", "invoice:HC-1"),
    )
    seen = sentences(house, AuditFilters(actor="Ana Ribeiro"), DIRK)
    assert seen == ["Not an id.", "A policy.", "Nobody's.", "Ours."]
    assert list_audit(house, DIRK, AuditFilters(actor="Ana Ribeiro")).count.value == 4
    with house.reading() as session:
        hidden = session.scalars(select(AuditEntry.seq).where(AuditEntry.sentence == "Theirs.")).one()
    with pytest.raises(NotFound):
        audit_detail(house, DIRK, hidden)
    assert b"Theirs." not in export(house, DIRK, AuditFilters())


def test_an_entry_shows_before_and_after(house: Runtime) -> None:
    pause(house)
    detail = audit_detail(house, None, last_seq(house))
    assert detail.changes == (Change("State", "connected", "paused"),)
    assert (detail.facts, detail.together, detail.screen) == ((), 1, None)


def test_an_entry_shows_only_the_fields_that_changed_and_no_ids(house: Runtime) -> None:
    case_id: UUID = new_id()
    note = Note(
        "Changed it.",
        f"case:{case_id}",
        {
            "before": {"po_number": None, "terms_days": 30},
            "after": {"po_number": "PO-7", "terms_days": 30},
            "document": str(new_id()),
            "policy": {"version": 3, "row": "A9"},
            "is_final": True,
            "access_token": "abcdefghi",
        },
    )
    write(house, note, Note("And this."))
    [second, first] = list_audit(house, None, AuditFilters(actor="Ana Ribeiro")).rows
    detail = audit_detail(house, None, first.seq)
    assert detail.changes == (Change("Po number", "—", "PO-7"),)
    assert detail.facts == (
        ("Access token", "•••"),
        ("Is final", "yes"),
        ("Policy › row", "A9"),
        ("Policy › version", "3"),
    )
    assert (detail.together, detail.screen, detail.screen_id) == (2, "exception", str(case_id))
    assert audit_detail(house, None, second.seq).previous_hash == detail.hash


def test_the_people_of_the_filter_are_the_house_and_everybody_with_an_account(house: Runtime) -> None:
    people = people_in_trail(house)
    assert people[0] == HOUSE
    assert {"Ada Novak", "Vera Holm"} <= set(people)


# --- the file -----------------------------------------------------------------------------------------------------


def test_the_file_holds_the_filter_newest_first_and_no_formulas(house: Runtime) -> None:
    pause(house, reason="=1+1")
    write(house, Note('=HYPERLINK("http://evil.example")'), actor="@Ana", command="CorrectDocument")
    content = export(house, None, AuditFilters(first=date(2026, 11, 2)))
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [line[2] for line in table] == ["Actor", "'@Ana", "Ada Novak"]
    assert table[1][5] == '\'=HYPERLINK("http://evil.example")'
    assert not [cell for line in table[1:] for cell in line if cell[:1] in tuple("=+-@")]


def test_the_file_is_capped(house: Runtime) -> None:
    write(house, *(Note(f"Step {number}.") for number in range(5)))
    lines = export(house, None, AuditFilters(text="Step"), most=2).decode("utf-8-sig").splitlines()
    assert ["Step 4." in lines[1], "Step 3." in lines[2], len(lines)] == [True, True, 3]


@pytest.mark.parametrize("cell", ["=A1", "+1", "-1", "@x", "\tx", "\rx", "  =A1"])
def test_what_a_spreadsheet_would_run_is_quoted(cell: str) -> None:
    assert formula_safe(cell) == f"'{cell}"


# --- verification -------------------------------------------------------------------------------------------------


def test_a_whole_trail_says_so_and_a_changed_one_names_the_entry(house: Runtime) -> None:
    pause(house)
    seq = last_seq(house)
    assert verify(house) == (True, f"The trail is whole: {seq:,} entries, each linked to the one before.")
    with house.transaction() as session:
        session.execute(text("alter table audit disable trigger user"))
        session.execute(update(AuditEntry).where(AuditEntry.seq == seq).values(sentence="Nothing happened."))
    is_whole, sentence = verify(house)
    assert not is_whole
    assert f"broken at entry {seq:,}" in sentence
