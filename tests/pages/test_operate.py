from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from starlette.responses import PlainTextResponse
from streamlit.testing.v1 import AppTest

from core.db.tables import AuditEntry, Connection, InboxItem, JobFire, SyncCursor
from core.intake import store as intake
from core.ports import RawRecord, Rejected
from core.reporting.deliveries import DeliveryFilters, list_deliveries
from core.runtime import Runtime, share_runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.sign_in import person_of_email
from jobs.deliver import deliver
from sandbox.faults import Control, Faults, Guarded
from sandbox.server import Serving
from tests.fakes import FakeLedger
from tests.jobs.rows import released

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"
INTEGRATIONS, SANDBOX, AUDIT = "operate/integrations.py", "operate/sandbox_faults.py", "govern/audit.py"
JOB = job("test")


def opened(script: str | None, who: str = "chen", **params: str) -> AppTest:
    at = AppTest.from_file(str(FRAME), default_timeout=20)
    at.user = {"email": f"{who}@halden.example"}
    if script:
        at.switch_page(str(FRAME.parent / script))
    for name, value in params.items():
        at.query_params[name] = value
    return again(at)


def again(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> str:
    """All that a person can read on the page, tables and JSON included."""
    kinds = ("title", "markdown", "caption", "error", "warning", "success", "code", "toast")
    texts = [str(element.value) for kind in kinds for element in at.get(kind)]
    texts += [json.dumps(json.loads(element.value), ensure_ascii=False) for element in at.json]
    texts += [element.value.to_string() for element in [*at.dataframe, *at.table]]
    texts += [str(element.label) for element in [*at.button, *at.expander]]
    return "\n".join(texts)


def column(at: AppTest, name: str) -> list[Any]:
    return next((list(each.value[name]) for each in at.dataframe if name in each.value.columns), [])


def tick(at: AppTest, grid: str, *positions: int) -> AppTest:
    generation = at.session_state[f"{grid}.gen"]
    selection = {"selection": {"rows": list(positions), "columns": [], "cells": []}}
    at.session_state[f"{grid}:{generation}"] = selection
    return again(at)


def refused(house: Runtime, number: str, **exchange: Any) -> str:
    id = released(house, number)
    failure = Rejected("The period is locked.", "USER_ERROR", exchange)
    deliver(house, {"netsuite": FakeLedger(behaviour=[failure])}, id)
    return str(id)


def failed_record(house: Runtime, reference: str = "in_1", **payload: Any) -> str:
    record = RawRecord("invoice", reference, "1", {"id": reference, **payload})
    with house.transaction() as session:
        [id] = intake.receive(session, "stripe", [record], house.now())
    execute(house, c.ReportBadRecord(inbox_id=id, error="amount: not a number"), JOB)
    return str(id)


def delivery_states(house: Runtime) -> dict[str, str]:
    return {row.number: row.state for row in list_deliveries(house, None, DeliveryFilters(state=None)).rows}


def scalar(house: Runtime, statement: Any) -> Any:
    with house.reading() as session:
        return session.scalars(statement).one()


# --- integrations -------------------------------------------------------------------------------------------------


def test_an_empty_house_shows_three_systems_and_no_errors(house: Runtime) -> None:
    text = shown(opened(INTEGRATIONS))
    for title in ("Salesforce", "Stripe", "NetSuite"):
        assert f"**{title}** :gray-badge[Not contacted yet]" in text


def test_a_card_shows_state_streams_and_counts(house: Runtime) -> None:
    refused(house, "HC-1")
    failed_record(house)
    with house.transaction() as session:
        now = house.now()
        session.merge(Connection(system="stripe", state="failing", failures=1, sentence="Stripe cannot be reached."))
        began = now - timedelta(minutes=1)
        session.add(SyncCursor(system="stripe", stream="invoices", records=50, expected=200, started_at=began))
    at = opened(INTEGRATIONS)
    text = shown(at)
    assert "Stripe cannot be reached." in text
    assert "First synchronisation: 50 records, about 3 min left" in [each.proto.text for each in at.get("progress")]
    assert "1 could not be read" in text and "1 refused by the ledger" in text


def test_streams_show_their_place_and_what_is_left(house: Runtime) -> None:
    with house.transaction() as session:
        began, cursor = house.now() - timedelta(minutes=1), {"stamp": "2026-11-01T08:30:00+00:00"}
        session.add(
            SyncCursor(
                system="salesforce", stream="accounts", cursor=cursor, records=50, expected=200, started_at=began
            )
        )
    at = opened(INTEGRATIONS, view="Streams")
    assert (column(at, "Stream"), column(at, "Expected"), column(at, "Left")) == (["Accounts"], [200], ["3 min"])
    assert column(at, "Read up to") == ["1 Nov 2026, 08:30 UTC"]


def test_records_that_were_read_again_make_no_share_above_the_whole(house: Runtime) -> None:
    with house.transaction() as session:
        for stream, records, done in (("accounts", 125, house.now()), ("cases", 30, None)):
            session.add(SyncCursor(system="salesforce", stream=stream, records=records, expected=20, completed_at=done))
    at = opened(INTEGRATIONS, view="Streams")
    shown_streams = dict(zip(column(at, "Stream"), column(at, "Expected"), strict=True))
    assert pd.isna(shown_streams["Accounts"]) and shown_streams["Cases"] == 30
    assert column(at, "Progress") == [1.0, 1.0]


def test_a_system_that_was_never_used_is_not_called_connected(house: Runtime) -> None:
    with house.transaction() as session:
        session.merge(Connection(system="avatax", state="connected", failures=0))
    text = shown(opened(INTEGRATIONS))
    assert "**AvaTax** :gray-badge[Not used yet]" in text
    assert "never" not in text


def test_a_count_of_errors_opens_those_errors(house: Runtime) -> None:
    failed_record(house)
    at = opened(INTEGRATIONS)
    assert column(at, "Why") == []
    at.button(key="failed_stripe").click()
    assert column(again(at), "Why") == ["amount: not a number"]


def test_roles_without_operations_are_told_so(house: Runtime) -> None:
    at = opened(INTEGRATIONS, "vera")
    assert "NetSuite" not in shown(at)


def test_only_an_administrator_is_offered_to_pause(house: Runtime) -> None:
    refused(house, "HC-1")
    offered = {who: "Pause" in [each.label for each in opened(INTEGRATIONS, who).button] for who in ("ada", "chen")}
    assert offered == {"ada": True, "chen": False}


def test_an_administrator_pauses_a_connection_and_everybody_reads_why(house: Runtime) -> None:
    refused(house, "HC-1")
    at = opened(INTEGRATIONS, "ada")
    at.session_state["integrations.asked"] = ("netsuite", "NetSuite", "paused")
    again(at)
    at.text_input[-1].set_value("Closing the books")
    at.session_state["integrations.asked"] = ("netsuite", "NetSuite", "paused")
    next(each for each in at.button if each.label == "Pause NetSuite").click()
    again(at)
    assert scalar(house, select(Connection.state).where(Connection.system == "netsuite")) == "paused"
    warnings = [each.value for each in opened(None, "vera").warning]
    assert warnings == ["NetSuite is paused (Closing the books); nothing is lost, it waits."]


def test_refused_deliveries_are_listed_with_their_money_and_sent_again_together(house: Runtime) -> None:
    refused(house, "HC-1"), refused(house, "HC-2"), released(house, "HC-3")
    at = opened(INTEGRATIONS, posting_state="Refused")
    assert (column(at, "Document"), column(at, "Amount")) == (["HC-1", "HC-2"], ["238.00", "238.00"])
    tick(at, "deliveries_grid", 0, 1)
    at.button(key="deliveries_retry").click()
    again(at)
    assert "**Send again: 2 deliveries**, EUR 476.00" in shown(at)


def test_all_that_match_are_previewed_without_those_that_cannot_be_taken(house: Runtime) -> None:
    refused(house, "HC-1"), refused(house, "HC-2"), released(house, "HC-3")
    at = opened(INTEGRATIONS)
    at.toggle(key="deliveries_all").set_value(True)
    again(at).button(key="deliveries_retry").click()
    again(at)
    assert "**Send again: 2 deliveries**, EUR 476.00" in shown(at)


def test_a_link_opens_the_drawer_of_a_delivery_and_it_can_be_sent_again(house: Runtime) -> None:
    id = refused(house, "HC-1", request={"method": "POST", "url": "https://x/invoice"}, response={"status": 400})
    at = opened(INTEGRATIONS, delivery=id)
    text = shown(at)
    assert "POST https://x/invoice" in text and "400" in text
    assert "stripe_HC-1" in text
    next(each for each in at.button if each.label == "Send again" and each.key != "deliveries_retry").click()
    again(at)
    assert delivery_states(house) == {"HC-1": "queued"}


def test_setting_aside_from_the_drawer_needs_a_reason(house: Runtime) -> None:
    id = refused(house, "HC-1")
    at = opened(INTEGRATIONS, delivery=id)
    submit = [each for each in at.button if each.label == "Set aside" and each.key != "deliveries_set_aside"]
    submit[0].click()
    again(at)
    assert "Say why it is set aside." in shown(at)
    assert delivery_states(house) == {"HC-1": "refused"}


@pytest.mark.parametrize("secret", ["Bearer s3cr3t-t0ken-value", "sk_test_51Habc", "pi_1_secret_x9"])
def test_the_drawers_show_no_secret(house: Runtime, secret: str) -> None:
    id = refused(house, "HC-1", request={"headers": {"Authorization": secret}, "body": {"note": secret}}, response=None)
    record = failed_record(house, client_secret=secret, note=secret)
    for at in (opened(INTEGRATIONS, delivery=id), opened(INTEGRATIONS, view="Inbox", record=record)):
        text = shown(at)
        assert "•••" in text
        assert secret.split()[-1] not in text


def test_a_drawer_of_nothing_is_a_sentence(house: Runtime) -> None:
    assert "does not exist or is not yours" in shown(opened(INTEGRATIONS, delivery="nonsense"))
    assert "does not exist or is not yours" in shown(opened(INTEGRATIONS, view="Inbox", record="nonsense"))


def test_failed_records_are_tried_again_from_their_drawer(house: Runtime) -> None:
    id = failed_record(house)
    at = opened(INTEGRATIONS, view="Inbox", record=id)
    assert column(at, "Its id there") == ["in_1"]
    next(each for each in at.button if each.label == "Try again" and each.key != "inbox_retry").click()
    again(at)
    assert scalar(house, select(InboxItem.state)) == "new"


def test_records_chosen_in_the_list_are_previewed(house: Runtime) -> None:
    failed_record(house, "in_1"), failed_record(house, "in_2")
    at = tick(opened(INTEGRATIONS, view="Inbox"), "inbox_grid", 0, 1)
    at.button(key="inbox_set_aside").click()
    assert "**Set aside: 2 records**" in shown(again(at))


def test_a_person_limited_to_entities_sees_neither_payloads_nor_other_deliveries(house: Runtime) -> None:
    record = failed_record(house, note="confidential")
    released(house, "HC-1")
    text = shown(opened(INTEGRATIONS, "dieter", view="Inbox", record=record))
    assert "confidential" not in text and "all legal entities" in text
    assert column(opened(INTEGRATIONS, "dieter"), "Document") == ["HC-1"]


def test_runs_show_jobs_and_their_errors(house: Runtime) -> None:
    now = house.now()
    with house.transaction() as session:
        session.add(JobFire(job="pull_stripe", slot=now, fired_at=now, finished_at=now, count=7))
        session.add(JobFire(job="prune", slot=now, fired_at=now, finished_at=now, error="It broke."))
    at = opened(INTEGRATIONS, view="Runs")
    assert column(at, "Last error") == ["It broke.", ""]
    assert sorted(column(at, "Error")) == ["", "It broke."]


def test_nobody_is_told_anything_while_the_systems_are_well(house: Runtime) -> None:
    assert [each.value for each in opened(None, "vera").warning] == []


# --- audit --------------------------------------------------------------------------------------------------------


def pause(house: Runtime) -> None:
    ada = person_of_email(house, "ada@halden.example")
    assert ada is not None
    execute(house, c.SetConnectionState(system="netsuite", state="paused", reason="Closing"), ada)


def test_the_trail_is_searched_by_the_filters_of_the_link(house: Runtime) -> None:
    pause(house)
    assert column(opened(AUDIT, words="paused"), "About") == ["NetSuite"]
    assert column(opened(AUDIT, who="chen"), "About") != ["NetSuite"]
    found = opened(AUDIT, action="Set connection state")
    assert column(found, "What happened") == ["Paused the connection with NetSuite: Closing"]


def test_an_entry_opens_with_before_and_after(house: Runtime) -> None:
    pause(house)
    seq = scalar(house, select(AuditEntry.seq).where(AuditEntry.command == "SetConnectionState"))
    text = shown(opened(AUDIT, entry=str(seq)))
    assert "connected" in text and "paused" in text
    assert "does not exist or is not yours" in shown(opened(AUDIT, entry="999999"))


def test_a_ticked_row_of_the_trail_opens_its_entry(house: Runtime) -> None:
    pause(house)
    at = tick(opened(AUDIT, words="paused"), "audit_grid", 0)
    assert "Before and after" in shown(at)


def test_days_the_wrong_way_round_are_answered_in_words(house: Runtime) -> None:
    at = opened(AUDIT, when="Between two days", **{"from": "2026-11-02", "to": "2026-11-01"})
    assert [each.value for each in at.warning] == [
        "“From” (2 Nov 2026) is after “To” (1 Nov 2026): no day lies between them."
    ]


def test_the_trail_is_verified_on_demand(house: Runtime) -> None:
    at = opened(AUDIT)
    at.button(key="audit_verify").click()
    again(at)
    assert [each.value[:19] for each in at.success] == ["The trail is whole:"]


def test_the_trail_is_not_for_everybody(house: Runtime) -> None:
    assert column(opened(AUDIT, "ana"), "What happened") == []


# --- the sandbox --------------------------------------------------------------------------------------------------


@pytest.fixture
def faults(house: Runtime, tmp_path: Path) -> Iterator[Faults]:
    """One system of a sandbox, NetSuite, and an installation that knows of it."""
    switches = Faults(control=Control())
    serving = Serving(Guarded("netsuite", [], switches, lambda kind: PlainTextResponse(kind, 503), dict), 0)
    serving.start()
    where = tmp_path / "systems.json"
    where.write_text(json.dumps([{"system": "netsuite", "address": serving.address}]))
    share_runtime(replace(house, settings=house.settings.model_copy(update={"sandbox_systems": where})))
    yield switches
    serving.stop()


def sandbox_page(who: str = "ada") -> AppTest:
    """The page by way of the first screen: its URL name is not that of its script."""
    at = opened(None, who)
    at.switch_page(str(FRAME.parent / SANDBOX))
    return again(at)


def test_a_preset_starts_an_outage_and_ends_it(faults: Faults) -> None:
    at = sandbox_page()
    at.button(key="preset_erp_outage").click()
    assert "Disturbed" in shown(again(at))
    assert faults.outage
    at.button(key="preset_calm").click()
    assert "As it should be" in shown(again(at))
    assert not faults.outage


def test_switches_of_one_system_are_applied_together(faults: Faults) -> None:
    at = sandbox_page()
    at.slider(key="netsuite_latency_ms_0").set_value(400)
    at.slider(key="netsuite_rate_429_0.0").set_value(20)
    at.toggle(key="netsuite_unknown_field_False").set_value(True)
    at.button(key="apply_netsuite").click()
    again(at)
    assert (faults.latency_ms, faults.rate_429, faults.unknown_field) == (400, 0.2, True)


def test_the_pace_of_the_company_is_changed(faults: Faults) -> None:
    at = sandbox_page()
    next(each for each in at.slider if each.label.startswith("Events")).set_value(120)
    at.button(key="apply_pace").click()
    again(at)
    assert (faults.control.events_per_minute, faults.control.paused) == (120, False)


def test_the_page_is_there_for_administrators_of_a_sandbox_installation_only(house: Runtime, faults: Faults) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        sandbox_page("chen")
    share_runtime(house)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        sandbox_page("ada")


def test_a_silent_sandbox_is_a_sentence(house: Runtime, tmp_path: Path) -> None:
    settings = house.settings.model_copy(update={"sandbox_systems": tmp_path / "systems.json"})
    share_runtime(replace(house, settings=settings))
    assert "The sandbox is not running" in shown(sandbox_page())
