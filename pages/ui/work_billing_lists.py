"""Lists of a billing run: contracts that failed, and its invoices with what the rules found."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.reporting.billing_runs import (
    DraftFilters,
    DraftRow,
    FailureRow,
    RunDetail,
    list_failures,
    list_run_invoices,
)
from core.reporting.invoices import STATES
from core.workflow.actors import Actor
from core.workflow.billing_commands import ReleaseInvoices
from pages.ui import badges, dates, filters, money, work_drawer
from pages.ui.act import act, as_shown, form_id
from pages.ui.links import url
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager

_FAILED, _INVOICES, _GRID = "br_failed", "br_invoices", "br_grid"
_BUTTON = "br_release_ticked"
_BY_HAND = frozenset({"draft", "action_needed"})


def failures(person: Actor, run: RunDetail) -> None:
    st.subheader("Could not be billed")
    page = list_failures(runtime(), person, run.row.id, cursor(_FAILED, run.row.id))
    config = {"Customer": st.column_config.LinkColumn("Customer", display_text=r"#(.*)$", width=220)}
    ids = [row.contract_id for row in page.rows]
    id_grid(_failures(page.rows), ids, key="br_failed_grid", selection="none", column_config=config, alt="Failures")
    pager(page.info, _FAILED, "contract")


def _failures(rows: tuple[FailureRow, ...]) -> pd.DataFrame:
    table = [
        (
            row.contract_number,
            f"{url('customer', {'id': str(row.customer_id)})}#{row.customer_name}" if row.customer_id else None,
            row.entity or "—",
            row.error,
        )
        for row in rows
    ]
    return pd.DataFrame(table, columns=["Contract", "Customer", "Entity", "Reason"])


def invoices(person: Actor, run: RunDetail) -> None:
    """The run's invoices; ticked ones that wait for a person can be released by themselves."""
    st.subheader("Invoices")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = filters.choice("State", {each: badges.words(each) for each in STATES}, "br_doc_state")
        is_found_only = filters.toggle("Only with findings", "br_found")
    chosen = DraftFilters(run.row.id, state, is_found_only)
    page = list_run_invoices(runtime(), person, chosen, cursor(_INVOICES, chosen))
    config = {
        "Invoice": st.column_config.LinkColumn("Invoice", display_text=r"#(.*)$", width=170),
        "State": badges.state_column("State", STATES, width=140),
        "Total": badges.amount_column("Total"),
    }
    bar = st.container(horizontal=True)
    ids = [(row.id, row.revision) for row in page.rows]
    ticked = set(id_grid(_frame(page.rows), ids, key=_GRID, column_config=config, alt="Invoices of the run"))
    pager(page.info, _INVOICES, "invoice")
    waiting = [row for row in page.rows if (row.id, row.revision) in ticked and row.state in _BY_HAND]
    with bar:
        _release(as_shown(_BUTTON, waiting, lambda _: (_BUTTON,)))


def _release(rows: list[DraftRow]) -> None:
    label = f"Release {len(rows):,}" if rows else "Release ticked"
    if not st.button(label, key=_BUTTON, icon=":material/send:", disabled=not rows):
        return
    targets = work_drawer.targets(tuple((row.id, row.revision) for row in rows))
    if act(ReleaseInvoices(command_id=form_id(_BUTTON), targets=targets), "{n} decided"):
        work_drawer.finish(_GRID)


def _frame(rows: tuple[DraftRow, ...]) -> pd.DataFrame:
    table = [
        (
            f"{url('invoice', {'id': str(row.id)})}#{row.number}",
            badges.cell(row.state),
            row.customer_name,
            row.entity or "—",
            row.currency,
            money.amount(row.total_minor, row.currency),
            dates.instant(row.grace_until) if row.state == "draft" and row.grace_until else "",
            " · ".join(row.sentences),
        )
        for row in rows
    ]
    names = ["Invoice", "State", "Customer", "Entity", "Currency", "Total", "Usage until", "Found"]
    return pd.DataFrame(table, columns=names)
