"""The queue of exceptions as people see it: its figures, the matrix, the filters in the URL, the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st

from core.reporting.cases import AGES, QUEUES, TYPE_TITLES, CaseFilters, CaseRow, CaseSummary
from core.reporting.colleagues import colleagues
from core.reporting.overview import exception_rows, exceptions_by_age, legal_entities
from core.workflow import Actor
from pages.ui import badges, dates, filters, links, money
from pages.ui.runtime import runtime
from pages.ui.tables import ROW_HEIGHT, clicked, fitting_height

GRID, PAGER = "ex_grid", "page"
# More than these scroll, so that the queue itself stays in sight.
_TYPES_SHOWN = 5
_SORTS = {"deadline": "Deadline", "money": "Money", "age": "Age"}
_VIEWS = {"open": "Open", "closed": "Closed"}
_OPEN = "ex.open"
# Filters are bound to the URL under one name here and carried along under another: a bound name cannot be set.
_PREFIX, _LINKED = "ex_", "in_"


def strip(found: CaseSummary) -> None:
    with st.grid(4, min_column_width=170, gap="small"):
        st.metric("Open", f"{found.open_count:,}", border=True, height="stretch")
        st.metric("Past their deadline", f"{found.overdue_count:,}", border=True, height="stretch")
        st.metric(
            "Money at stake",
            f"{found.currency} {money.short(found.stake_minor, found.currency)}",
            border=True,
            height="stretch",
        )
        st.metric("Closed today", f"{found.closed_today:,}", border=True, height="stretch")


def matrix(person: Actor, currency: str) -> None:
    """Open exceptions by type and age; the button in a cell filters the queue to it.

    Buttons, not a selection: a selected cell follows the keyboard, and whoever only passes through would filter.
    """
    cells = {(cell.type, cell.age): cell for cell in exceptions_by_age(runtime(), person)}
    order = exception_rows(cells.values())
    if not order:
        return
    shown: dict[str, list[Any]] = {"Type": [TYPE_TITLES.get(row.type, row.type) for row in order]}
    for age in AGES:
        found = [cells.get((row.type, age)) for row in order]
        shown[age] = [f"{cell.count:,} · {money.short(cell.stake_minor, currency)}" if cell else "" for cell in found]
    shown["At stake"] = [money.amount(row.stake_minor, currency) for row in order]
    buttons = {
        name: _matrix_button(name, f"ex_matrix_{place}", shown["Type"]) for place, name in enumerate(("Type", *AGES))
    }
    st.dataframe(
        pd.DataFrame(shown),
        hide_index=True,
        height=fitting_height(len(order), _TYPES_SHOWN),
        row_height=ROW_HEIGHT,
        column_config={**buttons, "At stake": badges.amount_column(f"At stake ({currency})", 140)},
        alt="Open exceptions by type and age: count and money at stake",
    )


def _matrix_button(name: str, key: str, titles: Sequence[str]) -> Any:
    is_age = name in AGES
    return st.column_config.ButtonColumn(
        name,
        key=key,
        type="tertiary",
        alignment="right" if is_age else "left",
        width=105 if is_age else 150,
        on_click=lambda: filter_by(st.session_state[key]["row"], name, titles, st.session_state),
    )


def filter_by(row: int, column: str, titles: Sequence[str], state: Any) -> None:
    """Turns the button in this cell of the matrix into the filters of type and age; `state` is the session's."""
    state["ex_type"] = titles[row]
    state["ex_age"] = column if column in AGES else None


def controls(person: Actor) -> CaseFilters:
    """The filters above the queue; all of them are in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        filters.one_of("Show", _VIEWS, "ex_view")
        filters.one_of("Sort by", _SORTS, "ex_sort")
        filters.toggle("Overdue only", "ex_overdue")
    with st.grid(6, min_column_width=130, gap="small"):
        filters.choice("Type", TYPE_TITLES, "ex_type")
        filters.choice("Queue", QUEUES, "ex_queue")
        filters.choice("Owner", _owners(person), "ex_owner", everything="Anyone")
        filters.choice("Age", AGES, "ex_age", everything="Any")
        filters.choice("Entity", legal_entities(runtime(), person), "ex_entity")
        filters.search("Search", "ex_search", placeholder="Invoice, customer or rule")
    return chosen(person, st.session_state.get)


def from_link(person: Actor) -> CaseFilters:
    """The same filters, as the link of the detail page carries them."""
    return chosen(person, carried().get)


def chosen(person: Actor, get: Callable[[str], Any]) -> CaseFilters:
    owner = _value(_owners(person), get("ex_owner"))
    sort = _value(_SORTS, get("ex_sort")) or "deadline"
    return CaseFilters(
        is_open=get("ex_view") != _VIEWS["closed"],
        type=_value(TYPE_TITLES, get("ex_type")),
        queue=get("ex_queue") or None,
        owner_id=person.user_id if owner == "me" else UUID(owner) if owner not in (None, "nobody") else None,
        is_unowned=owner == "nobody",
        is_overdue_only=str(get("ex_overdue")).lower() == "true",
        age=get("ex_age") or None,
        entity=get("ex_entity") or None,
        search=(get("ex_search") or "").strip() or None,
        sort=sort,  # type: ignore[arg-type]
    )


def _owners(person: Actor) -> dict[str, str]:
    others = {str(each.id): each.name for each in colleagues(runtime()) if each.id != person.user_id}
    return {"me": "Me", "nobody": "Nobody yet", **others}


def _value(named: dict[str, str], words: str | None) -> str | None:
    return next((value for value, each in named.items() if each == words), None)


def frame(rows: Sequence[CaseRow], *, is_open: bool) -> pd.DataFrame:
    """What is closed has no deadline any more, but somebody who closed it."""
    now, currency = runtime().now(), runtime().settings.reporting_currency
    return pd.DataFrame(
        [
            (
                "Open",
                row.sentence,
                money.amount(row.stake_minor, currency),
                dates.in_words(row.due_at, now) if is_open else _closed(row, now),
                row.document_number or money.NOTHING,
                row.customer_name or money.NOTHING,
                badges.cell(TYPE_TITLES.get(row.type, row.type)),
                row.queue,
                row.owner or money.NOTHING,
                dates.ago(row.opened_at, now),
                row.entity or money.NOTHING,
                row.code,
            )
            for row in rows
        ],
        columns=[
            *(
                " ",
                "What failed",
                "At stake",
                "Due" if is_open else "Closed",
                "Invoice",
                "Customer",
                "Type",
                "Queue",
                "Owner",
                "Opened",
            ),
            *("Entity", "Rule"),
        ],
    )


def _closed(row: CaseRow, now: datetime) -> str:
    """ "Waived by Ana Ribeiro, 6 min ago"."""
    return f"{badges.words(row.state)} by {row.closed_by or 'nobody'}, {dates.ago(row.closed_at, now)}"


def columns() -> dict[str, Any]:
    currency = runtime().settings.reporting_currency
    return {
        " ": st.column_config.ButtonColumn(
            " ", key="ex_row", on_click=_open_row, type="tertiary", width=62, pinned=True
        ),
        "What failed": badges.text_column("What failed", 310),
        "Type": badges.state_column("Type", TYPE_TITLES.values(), width=120),
        "Invoice": badges.text_column("Invoice", 100),
        "At stake": badges.amount_column(f"At stake ({currency})", 120),
        "Due": badges.text_column("Due", 100),
        "Closed": badges.text_column("Closed", 250),
    }


def _open_row() -> None:
    found = clicked(GRID, "ex_row")
    if found is not None:
        st.session_state[_OPEN] = found[0][0]


def open_pending() -> None:
    """Opens the exception whose row was pressed."""
    wanted = st.session_state.pop(_OPEN, None)
    if wanted is not None:
        open_case(wanted)


def open_case(id: UUID) -> None:
    """The detail page, with the filters of the queue in its link, so that it knows what comes next."""
    found = {_LINKED + name.removeprefix(_PREFIX): value for name, value in _params(_PREFIX).items()}
    links.go("exception", {"id": str(id), **found})


def carried() -> dict[str, str]:
    """The filters that the detail page's link carries, as the queue names them."""
    return {_PREFIX + name.removeprefix(_LINKED): value for name, value in _params(_LINKED).items()}


def _params(prefix: str) -> dict[str, str]:
    return {name: value for name, value in st.query_params.items() if name.startswith(prefix)}
