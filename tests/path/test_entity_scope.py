"""Who acts for some legal entities only, neither changes nor sees what belongs to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.canonical import EntityRecord
from core.db.tables import AuditEntry, Case, Customer, Dispute, Document, InboxItem
from core.intake import store as intake
from core.kit.errors import Forbidden, Refused
from core.kit.ids import new_id
from core.reporting.customers import customer_detail
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from core.workflow.imports import Reading, check_ledger, import_command, limits_for, open_ledger
from tests import builders as b
from tests.fakes import raw
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, person, record, settled_house

HEADER = "customer_number,customer_name,invoice_number,invoice_date,due_date,amount,currency,entity"


def _house(runtime: Runtime) -> None:
    settled_house(runtime)
    us = EntityRecord(source=b.LEDGER, source_ref="5", code="US", name="Halden Inc", country="US", currency="USD")
    record(runtime, b.LEDGER, entities=(us,))


@pytest.fixture
def furniture() -> Furniture:
    return _house


@pytest.fixture
def dieter(runtime: Runtime) -> Actor:
    return replace(person(runtime, "Dieter"), entities=frozenset({"DE", "FR"}))


def ledger(*rows: str) -> c.ImportLedger:
    parsed = check_ledger(open_ledger("l.csv", "\n".join([HEADER, *rows]).encode()), Reading("USD"))
    return import_command("l.csv", parsed, command_id=new_id())


def imported(runtime: Runtime) -> Any:
    return {row.number: (row.name, row.entity) for row in all_rows(runtime, Customer) if row.number.startswith("MIX")}


def test_an_import_for_another_entity_is_forbidden_and_leaves_nothing(runtime: Runtime, dieter: Actor) -> None:
    with pytest.raises(Forbidden, match="you do not act for US"):
        execute(runtime, ledger("MIX1,Mix,I1,2026-01-01,2026-01-31,100.00,USD,US"), dieter)
    with pytest.raises(Forbidden, match="no legal entity"):
        execute(runtime, ledger("MIX1,Mix,I1,2026-01-01,2026-01-31,100.00,USD,"), dieter)
    assert all_rows(runtime, Document) == []
    execute(runtime, ledger("MIX1,Mix,I1,2026-01-01,2026-01-31,100.00,EUR,DE"), dieter)
    assert only(runtime, Document).entity == "DE"


def test_an_import_neither_moves_nor_renames_a_customer_of_another_entity(runtime: Runtime, dieter: Actor) -> None:
    execute(runtime, ledger("MIX1,Mix,I1,2026-01-01,2026-01-31,100.00,USD,US"), JOB)
    with pytest.raises(Forbidden, match="you do not act for US"):
        execute(runtime, ledger("MIX1,Mine,I2,2026-01-01,2026-01-31,100.00,EUR,DE"), dieter)
    assert imported(runtime) == {"MIX1": ("Mix", "US")}


def test_a_second_import_keeps_the_entity_of_a_customer_and_tells_of_a_new_name(runtime: Runtime) -> None:
    execute(runtime, ledger("MIX1,Mix,I1,2026-01-01,2026-01-31,100.00,EUR,DE"), JOB)
    execute(runtime, ledger("MIX1,Mix AG,I2,2026-01-01,2026-01-31,100.00,USD,US"), JOB)
    assert imported(runtime) == {"MIX1": ("Mix AG", "DE")}
    assert "Renamed customer MIX1 from Mix to Mix AG." in [row.sentence for row in all_rows(runtime, AuditEntry)]


def test_the_dry_run_already_knows_for_whom_a_person_acts(runtime: Runtime, dieter: Actor) -> None:
    file = open_ledger("l.csv", f"{HEADER}\nMIX1,Mix,I1,2026-01-01,2026-01-31,100.00,USD,US".encode())
    (bad,) = check_ledger(file, Reading("USD", limits=limits_for(runtime, dieter))).bad_rows
    assert bad.sentence == "“US” is not a legal entity that you may import for: DE."


@pytest.mark.parametrize("row", ["0001-01-01,2026-01-31,1.00,USD,US", "2026-01-01,2026-01-31,1.00,USD,ZZ"])
def test_a_file_that_nobody_checked_is_refused_at_the_door(runtime: Runtime, row: str) -> None:
    day, due, amount, currency, entity = row.split(",")
    good = ledger(f"MIX1,Mix,I1,2026-01-01,{due},{amount},{currency},US")
    changed = good.invoices[0].model_copy(update={"issue_date": date.fromisoformat(day), "entity": entity})
    with pytest.raises(Refused, match="Nothing was imported"):
        execute(runtime, replace(good, invoices=(changed,)), JOB)


def test_a_customer_page_shows_only_documents_of_entities_the_reader_may_see(runtime: Runtime, dieter: Actor) -> None:
    execute(
        runtime,
        ledger(
            "MIX1,Mix,I1,2026-01-01,2026-01-31,100.00,EUR,DE",
            "MIX1,Mix,I2,2025-12-31,2026-01-30,900.00,USD,US",
        ),
        JOB,
    )
    rows = {row.number: row for row in all_rows(runtime, Document)}
    for row in rows.values():
        target = c.Target(row.id, row.revision)
        command = c.OpenDispute(document=target, reason="Tax", amount=None, sentence=f"About {row.number}")
        execute(runtime, command, person(runtime, "Cole"))
    shown = customer_detail(runtime, dieter, rows["I1"].customer_id)
    assert [(balance.currency, balance.total_minor) for balance in shown.balances] == [("EUR", 10_000)]
    assert [dispute.sentence for dispute in shown.disputes] == ["About I1"]
    whole = customer_detail(runtime, None, rows["I1"].customer_id)
    assert [balance.currency for balance in whole.balances] == ["EUR", "USD"]
    assert len(whole.disputes) == 2


def test_a_dispute_of_another_entity_cannot_be_closed(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    row, cole = only(runtime, Document), person(runtime, "Cole")
    command = c.OpenDispute(document=c.Target(row.id, row.revision), reason="Tax", amount=None, sentence="No")
    execute(runtime, command, cole)
    dispute = only(runtime, Dispute)
    close = c.CloseDispute(dispute=c.Target(dispute.id, dispute.revision), outcome="rejected", note="Checked")
    with pytest.raises(Forbidden, match="you do not act for DE"):
        execute(runtime, close, replace(cole, entities=frozenset({"US"})))
    assert only(runtime, Dispute).state == "open"
    execute(runtime, replace(close, command_id=new_id()), replace(cole, entities=frozenset({"DE"})))
    assert only(runtime, Dispute).state == "rejected"


def test_records_that_nobody_could_read_are_for_those_who_act_for_the_whole_company(
    runtime: Runtime, dieter: Actor
) -> None:
    with runtime.transaction() as session:
        (id,) = intake.receive(session, b.PAYMENTS, [raw("event", "evt_1")], runtime.now())
        intake.mark_failed(session, [id], "It has no amount.", runtime.now())
    for command in (c.SetAsideInboxItems(inbox_ids=(id,), reason="ours"), c.RetryInboxItems(inbox_ids=(id,))):
        with pytest.raises(Forbidden, match="all legal entities"):
            execute(runtime, command, dieter)
    assert only(runtime, InboxItem).state == "failed"
    execute(runtime, c.RetryInboxItems(inbox_ids=(id,)), replace(dieter, entities=None))
    assert only(runtime, InboxItem).state == "new"


def test_a_correction_makes_every_form_of_the_document_stale(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True, is_po_required=True),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    seen = {case.code: c.Target(case.id, case.revision) for case in all_rows(runtime, Case)}
    held = next(target for code, target in seen.items() if code != "po.missing")
    ana, chen = person(runtime, "Ana"), person(runtime, "Chen")
    execute(runtime, c.CorrectDocument(case=held, tax_id="DE1"), ana)
    for case in (held, seen["po.missing"]):
        with pytest.raises(Refused, match="Ana Ribeiro changed this meanwhile: yours was not done"):
            execute(runtime, c.CorrectDocument(case=case, tax_id="DE2"), chen)
    assert only(runtime, Document).tax_id == "DE1"
