"""The list of deliveries, the drawer of one, and what people do with those that stopped."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import Refused
from core.kit.words import counted
from core.reporting import deliveries as read
from core.reporting.deliveries import DeliveryDetail, DeliveryFilters, DeliveryRow, Preview, Verb
from core.reporting.paging import row_id
from core.workflow.actors import Actor
from core.workflow.command import Target
from core.workflow.commands import RetryDeliveries, SetAsideDeliveries
from pages.ui import badges, dates, filters, money, operate_drawer
from pages.ui.act import act, form_id
from pages.ui.links import link
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager, untick

_COLUMNS = (
    "Document",
    "Customer",
    "Entity",
    "Amount",
    "Currency",
    "State",
    "Released",
    "Tries",
    "Next try",
    "What the ledger said",
)
_GRID, _PAGER, _LOOKED_AT = "deliveries_grid", "posting_page", "delivery"
_COLOURS: dict[str, badges.Colour] = {"retrying": "orange", "set_aside": "gray"}
_SHOW = {**{state: badges.words(state) for state in read.STATES}, "all": "All"}
_VERBS: dict[Verb, str] = {"retry": "Send again", "set_aside": "Set aside"}


def deliveries(person: Actor) -> None:
    """Filters, one page of rows, actions."""
    chosen = _filters()
    bar = st.container(horizontal=True, vertical_alignment="center")
    page = read.list_deliveries(runtime(), person, chosen, cursor(_PAGER, chosen))
    ticked = id_grid(
        _frame(page.rows),
        [(row.id, row.revision) for row in page.rows],
        key=_GRID,
        alt="Deliveries",
        column_config={
            "Amount": badges.amount_column("Amount"),
            "State": badges.state_column("State", read.STATES, _COLOURS, width=100),
            "Tries": badges.count_column("Tries", 60),
        },
    )
    pager(page.info, _PAGER, "delivery")
    picked = {id for id, _ in ticked}
    with bar:
        _actions(person, chosen, tuple(row for row in page.rows if row.id in picked))
    looked_at = operate_drawer.looked_at(_LOOKED_AT)
    if looked_at:
        _drawer(person, looked_at)


def _filters() -> DeliveryFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = filters.search("Invoice", "posting", placeholder="Exact number")
        state = filters.choice("State", _SHOW, "posting_state", everything="All open")
        is_newest_first = filters.toggle("Newest first", "posting_newest")
    chosen = {None: "open", "all": None}.get(state, state)
    return DeliveryFilters(state=chosen, search=search, is_oldest_first=not is_newest_first)


def _frame(rows: tuple[DeliveryRow, ...]) -> pd.DataFrame:
    now = runtime().now()
    table = [
        (
            row.number,
            row.customer_name,
            row.entity or money.NOTHING,
            money.amount(row.total_minor, row.currency),
            row.currency,
            badges.cell(row.state),
            dates.ago(row.enqueued_at, now),
            row.attempts,
            dates.in_words(row.next_at, now).removeprefix("due ") if row.next_at else money.NOTHING,
            row.error or (f"As {row.external_number}" if row.external_number else ""),
        )
        for row in rows
    ]
    return pd.DataFrame(table, columns=list(_COLUMNS))


def _actions(person: Actor, chosen: DeliveryFilters, picked: tuple[DeliveryRow, ...]) -> None:
    if st.button("Open", key="delivery_open", icon=":material/open_in_new:", disabled=len(picked) != 1):
        operate_drawer.look_at(_LOOKED_AT, picked[0].id)
    takes_all = st.toggle("All that match", key="deliveries_all", help=f"At most {read.MOST_AT_ONCE} at once")
    for verb, words in _VERBS.items():
        asked = st.button(words, key=f"deliveries_{verb}", disabled=not (picked or takes_all))
        if asked:
            rows = read.matching(runtime(), person, chosen, verb) if takes_all else picked
            operate_drawer.close(_LOOKED_AT)
            _confirm(read.preview(rows, verb), verb)


@st.dialog("Deliveries", icon=":material/outbox:")
def _confirm(seen: Preview, verb: Verb) -> None:
    _preview(seen, verb)
    if seen.rows and _form(seen.rows, verb):
        untick(_GRID)
        st.rerun()


def _preview(seen: Preview, verb: Verb) -> None:
    sums = ", ".join(money.with_currency(minor, currency) for currency, minor in seen.totals)
    st.write(f"**{_VERBS[verb]}: {counted(len(seen.rows), 'delivery')}**" + (f", {sums}" if sums else ""))
    if seen.left_out:
        why = "neither refused nor set aside" if verb == "retry" else "delivered, in doubt or set aside already"
        st.caption(f"{seen.left_out:,} of those chosen stay as they are: they are {why}.")


def _form(rows: tuple[DeliveryRow, ...], verb: Verb) -> bool:
    """The last question before it is done; says whether it was."""
    targets = tuple(Target(row.id, row.revision) for row in rows)
    reason = operate_drawer.stopped_form("deliveries", verb, _VERBS[verb])
    if reason is None:
        return False
    if verb == "retry":
        return act(RetryDeliveries(command_id=form_id("retry_deliveries"), targets=targets), "{n} sent again")
    command = SetAsideDeliveries(command_id=form_id("set_aside_deliveries"), targets=targets, reason=reason)
    return act(command, "{n} set aside")


@st.dialog(
    "Delivery", width=operate_drawer.WIDTH, position="right", on_dismiss=lambda: operate_drawer.close(_LOOKED_AT)
)
def _drawer(person: Actor, id: str) -> None:
    try:
        detail = read.delivery_detail(runtime(), person, row_id(id, "This delivery"))
    except Refused as refusal:
        st.warning(plain(refusal.sentence), icon=":material/info:")
        return
    row = detail.row
    st.markdown(f"**{plain(row.number)}** {badges.inline(row.state)}")
    if row.error:
        st.error(plain(row.error), icon=":material/error:")
    _facts(detail)
    link("invoice", "Open the document", {"id": str(row.document_id)}, icon=":material/receipt_long:")
    _offer(row)
    st.markdown("**Tries**")
    operate_drawer.attempts(detail.attempts)
    with st.expander("What is sent, as decided at release", icon=":material/data_object:"):
        st.json(detail.payload, expanded=2)


def _facts(detail: DeliveryDetail) -> None:
    row = detail.row
    operate_drawer.facts(
        [
            ("To", row.system + (f", as {row.external_number}" if row.external_number else "")),
            ("Customer", row.customer_name),
            ("Amount", money.with_currency(row.total_minor, row.currency)),
            ("Released", dates.instant(row.enqueued_at)),
            ("Arrived", dates.instant(detail.delivered_at)),
            ("Next try", dates.instant(row.next_at)),
            ("Key that makes a repetition harmless", detail.key),
        ]
    )


def _offer(row: DeliveryRow) -> None:
    verbs: list[Verb] = [verb for verb in _VERBS if row.takes(verb)]
    for verb in verbs:
        if _form((row,), verb):
            operate_drawer.close(_LOOKED_AT)
            st.rerun()
