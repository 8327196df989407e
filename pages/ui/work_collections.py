"""The collector's list as people see it: figures, filters in the URL, ranked rows, and one customer beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.reporting.collections import CollectionFilters, CollectionRow, CollectionSummary, CustomerWork
from core.reporting.overview import legal_entities
from core.workflow import Actor
from pages.ui import badges, charts, dates, filters, links, money
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.work_evidence import listed

GRID, PAGER = "co_grid", "page"
_SHOW = {"now": "Work now", "later": "Leave alone today"}
_MOST_POINTS = 100


def strip(found: CollectionSummary) -> None:
    with st.grid(5, min_column_width=150, gap="small"):
        st.metric(
            "To chase",
            f"{found.currency} {money.short(found.chase_minor, found.currency)}",
            border=True,
            height="stretch",
        )
        st.metric("Customers to work on", f"{found.now_count:,}", border=True, height="stretch")
        alone = f"{found.currency} {money.short(found.left_alone_minor, found.currency)}"
        st.metric(
            "Leave alone today",
            f"{found.left_alone_count:,}",
            alone,
            border=True,
            height="stretch",
            delta_arrow="off",
            delta_color="off",
        )
        st.metric("Promises due today", f"{found.promises_due_today:,}", border=True, height="stretch")
        st.metric("Contacted today", f"{found.contacted_today:,}", border=True, height="stretch")
    if found.left_out:
        st.caption(f":material/info: Without a stated rate, left out: {', '.join(found.left_out)}")


def controls(person: Actor, owners: Sequence[str]) -> CollectionFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show = filters.one_of("List", _SHOW, "co_show")
        with st.container(width=150):
            entity = filters.choice("Entity", legal_entities(runtime(), person), "co_entity")
        with st.container(width=200):
            owner = filters.choice("Account owner", owners, "co_owner", everything="Anyone")
        with st.container(width=230):
            search = filters.search("Search", "co_search", placeholder="Customer")
    return CollectionFilters(is_left_alone=show == "later", entity=entity, owner=owner, search=search)


def frame(rows: Sequence[CollectionRow]) -> pd.DataFrame:
    now = runtime().now()
    return pd.DataFrame(
        [
            (
                row.name,
                row.score,
                row.leave_alone or _why(row),
                money.amount(row.chase_minor, row.currency),
                money.amount(row.overdue_minor, row.currency),
                row.days_late,
                dates.ago(row.contacted_at, now),
                row.owner or money.NOTHING,
                row.entity or money.NOTHING,
            )
            for row in rows
        ],
        columns=["Customer", "Score", "Why", "To chase", "Overdue", "Days late", "Last contact", "Owner", "Entity"],
    )


def _why(row: CollectionRow) -> str:
    return ", ".join(f"{each.reason} ({each.points:+})" for each in row.points)


def columns(currency: str) -> dict[str, Any]:
    return {
        "Customer": badges.text_column("Customer", 210, is_pinned=True),
        "Score": st.column_config.ProgressColumn(
            "Score",
            format="%d",
            min_value=0,
            max_value=_MOST_POINTS,
            width=110,
            help="Points stand for the expected benefit of a contact: 20 points are ten times the benefit.",
        ),
        "Why": badges.text_column("Why", 330),
        "To chase": badges.amount_column(
            f"To chase ({currency})", 130, "Overdue, without what is disputed, held, promised, retried or paid"
        ),
        "Overdue": badges.amount_column(f"Overdue ({currency})", 130),
        "Days late": badges.count_column("Days late", 80),
    }


def customer(found: CustomerWork) -> None:
    """What is owed and how old it is, and what was said about it."""
    row, now = found.row, runtime().now()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(row.name))
        links.link("customer", "Customer page", {"id": str(row.customer_id)}, icon=":material/domain:")
    chase = money.with_currency(row.chase_minor, row.currency)
    overdue = money.with_currency(row.overdue_minor, row.currency)
    st.markdown(f"**{chase}** to chase of {overdue} overdue · last contact {dates.ago(row.contacted_at, now)}")
    if row.leave_alone:
        st.info(f"Leave alone today: {plain(row.leave_alone)}", icon=":material/do_not_disturb_on:")
    for each in row.points:
        st.markdown(f":gray-badge[{each.points:+}] {plain(each.reason)}")
    for balance in found.detail.balances:
        charts.ageing_bar(balance.buckets, balance.currency, key=f"co_ageing_{balance.currency}", on_click="ignore")


def related(found: CustomerWork) -> None:
    detail = found.detail
    items, contacts, promises, disputes = st.tabs(
        [
            f"Open items ({len(found.open_items)})",
            f"Contacts ({len(detail.contacts)})",
            f"Promises ({len(detail.promises)})",
            f"Disputes ({len(detail.disputes)})",
        ]
    )
    with items:
        rows: list[tuple[object, ...]] = [
            (
                r.number,
                dates.day(r.due_date),
                r.days_late,
                money.amount(r.open_minor, r.currency),
                r.currency,
                _state(r),
            )
            for r in found.open_items
        ]
        config = {"Open": badges.amount_column("Open"), "Days late": badges.count_column("Days late")}
        listed(rows, ["Invoice", "Due", "Days late", "Open", "Currency", "State"], "Nothing is open.", config)
    with contacts:
        said = [(dates.instant(c.at), badges.words(c.kind), c.outcome, c.note or "", c.by) for c in detail.contacts]
        listed(said, ["When", "How", "Outcome", "Note", "By"], "Nobody has been in touch yet.")
    with promises:
        given = [
            (
                dates.day(p.promised_on),
                money.with_currency(p.amount_minor, p.currency),
                badges.words(p.state),
                p.made_by,
            )
            for p in detail.promises
        ]
        listed(given, ["Promised for", "Amount", "State", "Recorded by"], "No promises to pay.")
    with disputes:
        open_ones = [
            (badges.words(d.reason), money.with_currency(d.amount_minor, d.currency), badges.words(d.state), d.sentence)
            for d in detail.disputes
        ]
        listed(open_ones, ["Reason", "Amount", "State", "Said"], "No disputes.")


def _state(row: Any) -> str:
    return "Disputed" if row.is_disputed else badges.words(row.state)
