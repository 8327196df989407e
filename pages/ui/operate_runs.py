"""Runs of the clock: jobs of the last day, and run by run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.reporting import runs as read
from core.reporting.runs import JobSummary, RunFilters, RunRow
from pages.ui import badges, dates, filters, money
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager

_PAGER = "run_page"
_COLOURS: dict[str, badges.Colour] = {"finished": "green", "running": "blue", "joined": "gray"}


def runs() -> None:
    """The jobs, a filter, one page of runs."""
    jobs = read.job_summaries(runtime())
    if jobs:
        st.markdown("**Jobs of the last 24 hours**")
        counts = {name: badges.count_column(name) for name in ("Runs", "Failed", "Records")}
        ids = [each.job for each in jobs]
        id_grid(_jobs(jobs), ids, key="jobs_grid", selection="none", column_config=counts, alt="Jobs")
    else:
        st.caption("Nothing ran in the last 24 hours. Is the worker started?")
    _runs(jobs)


def _runs(jobs: tuple[JobSummary, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        job = filters.choice("Job", {each.job: each.title for each in jobs}, "job")
        is_eventful_only = filters.toggle("Leave out empty runs", "eventful", default=True)
    chosen = RunFilters(job, is_eventful_only)
    page = read.list_runs(runtime(), chosen, cursor(_PAGER, chosen))
    config = {
        "State": badges.state_column("State", read.STATES, _COLOURS, width=100),
        "Records": badges.count_column("Records"),
    }
    ids = [(row.title, row.slot) for row in page.rows]
    id_grid(_frame(page.rows), ids, key="runs_grid", selection="none", column_config=config, alt="Runs")
    pager(page.info, _PAGER, "run")


def _jobs(jobs: tuple[JobSummary, ...]) -> pd.DataFrame:
    now = runtime().now()
    rows = [
        (each.title, dates.ago(each.fired_at, now), each.runs, each.failed, each.records, each.error or "")
        for each in jobs
    ]
    return pd.DataFrame(rows, columns=["Job", "Last fired", "Runs", "Failed", "Records", "Last error"])


def _frame(rows: tuple[RunRow, ...]) -> pd.DataFrame:
    table = [
        (
            row.title,
            dates.instant(row.slot),
            badges.cell(row.state),
            f"{row.took.total_seconds():,.1f} s" if row.took is not None else money.NOTHING,
            row.count,
            row.error or "",
        )
        for row in rows
    ]
    return pd.DataFrame(table, columns=["Job", "Due", "State", "Took", "Records", "Error"])
