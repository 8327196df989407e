"""The backlog of approvals as people see it: figures, filters in the URL, rows, and the evidence beside one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting.approval_evidence import ApprovalEvidence
from core.reporting.approvals import ApprovalFilters, ApprovalRow, ApprovalSummary
from core.reporting.overview import legal_entities
from core.workflow import Actor
from pages.ui import badges, dates, filters, links, money
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.work_evidence import lines, listed, side_by_side

GRID, PAGER = "ap_grid", "page"
_SHOW = {"mine": "Mine", "all": "All"}
_SORTS = {"deadline": "Deadline", "money": "Amount", "waiting": "Waiting since"}
_YOU = ("You can decide", "Not you")


def strip(found: ApprovalSummary) -> None:
    with st.grid(4, min_column_width=170, gap="small"):
        mine = f"{found.currency} {money.short(found.mine_minor, found.currency)}"
        st.metric(
            "Waiting for you",
            f"{found.mine_count:,}",
            border=True,
            height="stretch",
            delta=mine,
            delta_arrow="off",
            delta_color="off",
        )
        everybody = f"{found.currency} {money.short(found.all_minor, found.currency)}"
        st.metric(
            "Waiting in all",
            f"{found.all_count:,}",
            border=True,
            height="stretch",
            delta=everybody,
            delta_arrow="off",
            delta_color="off",
        )
        st.metric("Past their deadline", f"{found.overdue_count:,}", border=True, height="stretch")
        st.metric("You decided today", f"{found.decided_today:,}", border=True, height="stretch")


def controls(person: Actor) -> ApprovalFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show = filters.one_of("Show", _SHOW, "ap_show")
        sort: Any = filters.one_of("Sort by", _SORTS, "ap_sort")
        with st.container(width=150):
            entity = filters.choice("Entity", legal_entities(runtime(), person), "ap_entity")
        with st.container(width=230):
            search = filters.search("Search", "ap_search", placeholder="Invoice or customer")
        is_overdue = filters.toggle("Overdue only", "ap_overdue")
    return ApprovalFilters(is_mine=show == "mine", is_overdue_only=is_overdue, entity=entity, search=search, sort=sort)


def frame(rows: Sequence[ApprovalRow]) -> pd.DataFrame:
    now, currency = runtime().now(), runtime().settings.reporting_currency
    return pd.DataFrame(
        [
            (
                row.number,
                [_YOU[0] if row.can_approve else _YOU[1]],
                money.amount(row.total_minor, row.currency),
                row.currency,
                dates.in_words(row.due_at, now),
                dates.ago(row.requested_at, now),
                row.assignee or "Nobody yet",
                row.customer_name,
                row.reason,
                money.amount(row.amount_minor, currency),
                row.entity or money.NOTHING,
                _policy(row),
            )
            for row in rows
        ],
        columns=[
            *("Invoice", "You", "Amount", "Currency", "Due", "Waiting", "Assignee", "Customer", "Why asked"),
            *("Reporting", "Entity", "Policy"),
        ],
    )


def columns() -> dict[str, Any]:
    """Whose it is, until when and whether the reader may decide it stand within a laptop's width."""
    currency = runtime().settings.reporting_currency
    return {
        "Invoice": badges.text_column("Invoice", 145, is_pinned=True),
        "You": st.column_config.MultiselectColumn("You", options=list(_YOU), color=["green", "gray"], width=115),
        "Amount": badges.amount_column("Amount", 105),
        "Currency": badges.text_column("", 45),
        "Due": badges.text_column("Due", 90),
        "Waiting": badges.text_column("Waiting", 75),
        "Assignee": badges.text_column("Assignee", 105),
        "Customer": badges.text_column("Customer", 190),
        "Why asked": badges.text_column("Why asked", 200),
        "Reporting": badges.amount_column(f"In {currency}", 110),
    }


def _policy(row: ApprovalRow) -> str:
    return f"{row.policy_row}, version {row.policy_version}" if row.policy_row else money.NOTHING


def evidence(found: ApprovalEvidence) -> None:
    """What the decision rests on: what was waived, the three sides, the lines, findings, earlier invoices."""
    row, invoice = found.row, found.invoice.document
    is_credit = row.kind == "credit_memo"
    title = f"{'Credit memo' if is_credit else 'Invoice'} {row.number}"
    due = "" if is_credit else f", due {dates.day(invoice.due_date)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        links.link("invoice", title, {"id": str(row.document_id)}, icon=":material/receipt_long:")
        st.markdown(
            f"{plain(row.customer_name)} · **{money.with_currency(row.total_minor, row.currency)}** · "
            f"issued {dates.day(invoice.issue_date)}{due}"
        )
    step = f" · step {row.step} of {row.steps}" if row.steps > 1 else ""
    st.caption(f"Asked because: {plain(row.reason)} (approval policy {_policy(row)}){step}")
    for each in found.waived:
        st.warning(
            f"Waived by {plain(each.by)}: {plain(each.sentence)} Reason: {plain(each.reason)}",
            icon=":material/done_all:",
        )
    side_by_side(found.sides)
    judged = len(found.invoice.findings) + len(found.agreed)
    billed, checked, earlier = st.tabs(
        [f"Lines ({len(found.invoice.lines)})", f"Findings and earlier steps ({judged})", "Earlier invoices"]
    )
    with billed:
        lines(found.invoice.lines, row.currency)
        _terms(found)
    with checked:
        _checked(found)
    with earlier:
        _earlier(found)


def _terms(found: ApprovalEvidence) -> None:
    contract = found.contract
    if contract is None:
        st.caption("There is no contract on file.")
        return
    until = dates.day(contract.ends_on) if contract.ends_on else "open"
    st.caption(
        f"Contract {plain(contract.number)}: {dates.day(contract.starts_on)} – {until}, {contract.status}, "
        f"{contract.discount_percent.normalize():f} % discount, terms "
        f"{counted(contract.terms_days, 'day') if contract.terms_days is not None else money.NOTHING}."
    )


def _checked(found: ApprovalEvidence) -> None:
    for finding in found.invoice.findings:
        st.markdown(f"{badges.inline(finding.level)} {plain(finding.sentence)}")
    for agreed in found.agreed:
        st.markdown(f":green-badge[Step {agreed.step}] approved by {plain(agreed.by)} {plain(agreed.note or '')}")
    if found.changed_by:
        st.caption(f"Created or changed by {', '.join(map(plain, found.changed_by))}, who cannot approve it.")
    if not (found.waived or found.invoice.findings or found.agreed):
        st.caption("Every rule passed; nothing was waived.")


def _earlier(found: ApprovalEvidence) -> None:
    rows = [
        (
            each.number,
            dates.day(each.issue_date),
            money.amount(each.total_minor, each.currency),
            money.amount(each.open_minor, each.currency),
            each.currency,
            badges.words(each.state),
        )
        for each in found.earlier
    ]
    config = {"Total": badges.amount_column("Total"), "Open": badges.amount_column("Open")}
    listed(rows, ["Invoice", "Issued", "Total", "Open", "Currency", "State"], "This is the first one.", config)
