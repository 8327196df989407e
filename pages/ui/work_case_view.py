"""One exception on the screen: where it stands, its siblings, its history."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core.reporting.case_detail import CaseDetail, CaseNeighbours
from core.reporting.cases import TYPE_TITLES
from pages.ui import badges, dates, links, money, work_cases
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.work_evidence import listed, side_by_side


def step_to(id: UUID | None) -> None:
    """Shows another exception of the same queue; for callbacks too."""
    if id is not None:
        st.query_params["id"] = str(id)


def navigation(around: CaseNeighbours) -> None:
    """From one to the next: shortcuts only move, they never write."""
    with st.container(horizontal=True, vertical_alignment="center"):
        links.link("exceptions", "Exceptions", work_cases.carried(), icon=":material/arrow_back:")
        _step("Previous", "k", "chevron_left", around.previous_id)
        _step("Next", "j", "chevron_right", around.next_id)
        st.caption(f"Done today {around.done_today:,} · left {around.left}")


def _step(label: str, shortcut: str, icon: str, id: UUID | None) -> None:
    st.button(
        label,
        key=f"case_{label.lower()}",
        icon=f":material/{icon}:",
        shortcut=shortcut,
        disabled=id is None,
        on_click=step_to,
        args=(id,),
        type="tertiary",
    )


def heading(detail: CaseDetail) -> None:
    row, now = detail.row, runtime().now()
    st.subheader(plain(row.sentence))
    due = dates.in_words(row.due_at, now) if row.closed_at is None else f"closed {dates.ago(row.closed_at, now)}"
    currency = runtime().settings.reporting_currency
    facts = [
        badges.inline("overdue" if row.is_overdue else row.state),
        TYPE_TITLES.get(row.type, row.type),
        f"{money.with_currency(row.stake_minor, currency)} at stake",
        f"{row.queue}{f', {plain(row.owner)}' if row.owner else ''}",
        f"opened {dates.ago(row.opened_at, now)}",
        due,
        f"rule `{row.code}`",
    ]
    st.markdown(f":small[{' · '.join(facts)}]")
    if detail.resolution:
        st.info(f"{plain(detail.resolution)} ({plain(detail.row.closed_by)})", icon=":material/task_alt:")


def document(detail: CaseDetail) -> None:
    """The three sides and the facts of the document; without one, what the exception was told."""
    found = detail.document
    if found is None:
        listed(list(detail.evidence), ["Fact", "Value"], "Nothing else is known.")
        if detail.source_address is not None:
            st.link_button("Open at its source", detail.source_address, icon=":material/open_in_new:")
        return
    side_by_side(detail.comparison)
    is_credit = found.kind == "credit_memo"
    with st.grid(2, min_column_width=220, gap="small"):
        st.metric("Total", money.with_currency(found.total_minor, found.currency))
        st.metric("Still open", money.with_currency(found.open_minor, found.currency))
    due = "" if is_credit else f", due {dates.day(found.due_date)}"
    title = f"{'Credit memo' if is_credit else 'Invoice'} {found.number}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Issued {dates.day(found.issue_date)}{due}", width="content")
        links.link("invoice", title, {"id": str(found.id)}, icon=":material/receipt_long:")
        if found.customer_id is not None:
            name = detail.row.customer_name or found.customer_name
            links.link("customer", name, {"id": str(found.customer_id)}, icon=":material/domain:")


def related(detail: CaseDetail) -> None:
    siblings, history = st.tabs([f"Same cause ({len(detail.siblings)})", "History"])
    currency = runtime().settings.reporting_currency
    with siblings:
        listed(
            [
                (
                    row.document_number,
                    row.customer_name,
                    row.sentence,
                    money.amount(row.stake_minor, currency),
                    row.queue,
                )
                for row in detail.siblings
            ],
            ["Invoice", "Customer", "What failed", "At stake", "Queue"],
            "No other open exception has the same cause.",
            {"At stake": badges.amount_column(f"At stake ({currency})", 120)},
        )
    with history:
        listed(
            [(dates.instant(step.at), step.who, step.sentence) for step in detail.history],
            ["When", "Who", "What"],
            "Nothing has happened yet.",
        )
