"""Billing runs as tables and figures: the list, the progress that follows a run at work, totals by entity."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting.billing_runs import PARTLY, STATES, RunDetail, RunRow, run_detail
from core.workflow.actors import Actor
from pages.ui import badges, dates, money
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid

_COLOURS: dict[str, badges.Colour] = {"generating": "blue", "releasing": "blue", "review": "orange", PARTLY: "orange"}
_MODES = {"review": "a person releases it", "straight": "what is clean goes out at once"}
_EVERY_SECONDS = 2.0
_STATE_WORDS = {
    "draft": "Drafts",
    "on_hold": "On hold",
    "awaiting_approval": "Awaiting approval",
    "action_needed": "Action needed",
}


def mode_words(mode: str) -> str:
    return _MODES[mode]


def runs_frame(rows: tuple[RunRow, ...]) -> pd.DataFrame:
    table = [
        (
            row.name,
            [_state_words(row)],
            row.through,
            ", ".join(row.entities) if row.entities is not None else "All",
            row.contracts,
            row.failed,
            row.percent,
            row.started_by,
            dates.instant(row.created_at),
        )
        for row in rows
    ]
    names = ["Run", "State", "Due by", "Entities", "Contracts", "Failed", "Progress", "Started by", "Started"]
    return pd.DataFrame(table, columns=names)


def _state_words(row: RunRow) -> str:
    """ "Released, 3 failed": a run that left contracts behind does not look like one that is through."""
    return f"Released, {row.failed:,} failed" if row.shown_state == PARTLY else badges.words(row.state)


def run_columns(rows: tuple[RunRow, ...]) -> dict[str, Any]:
    partly = dict.fromkeys((_state_words(row) for row in rows if row.shown_state == PARTLY), _COLOURS[PARTLY])
    return {
        "State": badges.state_column("State", (*STATES, *partly), {**_COLOURS, **partly}, width=140),
        "Due by": badges.date_column("Due by"),
        "Contracts": badges.count_column("Contracts", 100),
        "Failed": badges.count_column("Failed"),
        "Progress": st.column_config.ProgressColumn("Progress", format="%d %%", min_value=0, max_value=100),
    }


def progress(person: Actor, id: UUID) -> None:
    """State and progress; while the run is at work they follow it, and at its end the whole page is drawn anew."""
    is_at_work = run_detail(runtime(), person, id).row.is_at_work

    @st.fragment(run_every=_EVERY_SECONDS if is_at_work else None)
    def _follow() -> None:
        run = run_detail(runtime(), person, id)
        _bar(run)
        if is_at_work and not run.row.is_at_work:
            st.rerun(scope="app")

    _follow()


def _bar(run: RunDetail) -> None:
    row = run.row
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(_state_words(row), color=_COLOURS.get(row.shown_state, badges.colour(row.state)))
        st.caption(_told(run))
    if row.is_at_work:
        drafts = run.drafts_left - run.in_grace
        done = row.percent if row.state == "generating" else 100 - 100 * drafts // max(1, run.count())
        st.progress(min(100, max(0, done)))


def _told(run: RunDetail) -> str:
    row = run.row
    parts = [f"{row.contracts - row.pending:,} of {counted(row.contracts, 'contract')}"]
    parts += [f"{row.failed:,} failed"] if row.failed else []
    parts += [f"{counted(run.in_grace, 'draft')} waiting for late usage"] if run.in_grace else []
    parts += [f"released by {plain(run.released_by)}"] if run.released_by else []
    return " · ".join(parts)


def totals(run: RunDetail) -> None:
    """Counts by state, and money per entity and currency."""
    shown = [("Invoices", run.count()), *((words, run.count(state)) for state, words in _STATE_WORDS.items())]
    shown.append(("Released", run.count("released", "posted", "refused")))
    with st.container(horizontal=True):
        for words, count in shown:
            st.metric(words, f"{count:,}", border=True)
    groups: dict[tuple[str, str], list[int]] = {}
    for total in run.totals:
        sums = groups.setdefault((total.entity, total.currency), [0, 0, 0])
        is_void = total.state == "void"
        sums[0] += 0 if is_void else total.count
        sums[1] += 0 if is_void else total.total_minor
        sums[2] += total.total_minor if total.state in ("released", "posted", "refused") else 0
    if not groups:
        return
    rows = [
        (entity, currency, count, money.amount(minor, currency), money.amount(out, currency))
        for (entity, currency), (count, minor, out) in groups.items()
    ]
    frame = pd.DataFrame(rows, columns=["Entity", "Currency", "Invoices", "Total with tax", "Of it released"])
    config = {
        "Invoices": badges.count_column("Invoices"),
        "Total with tax": badges.amount_column("Total with tax", 150),
        "Of it released": badges.amount_column("Of it released", 150),
    }
    id_grid(frame, list(groups), key="br_totals", selection="none", column_config=config, alt="Totals of the run")
