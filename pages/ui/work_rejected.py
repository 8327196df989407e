"""What the person has rejected and may have asked again: below what waits for them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.reporting.rejections import Rejection, rejections_of
from core.workflow.actors import Actor
from core.workflow.commands import AskAgain
from core.workflow.permissions import may
from pages.ui import badges, dates, money
from pages.ui.act import act, as_shown, form_id
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid
from pages.ui.work_drawer import finish, targets

_GRID, _BUTTON = "ap_rejected", "ap_ask_again"


def rejected(person: Actor) -> None:
    """Nothing for whoever has rejected nothing that still stands."""
    rows = rejections_of(runtime(), person, person.user_id) if person.user_id and may(person, AskAgain) else ()
    if not rows:
        return
    st.subheader("You rejected")
    st.caption("These stay on hold until somebody puts them right, or until you have them asked again as they are.")
    ids = [(row.id, row.revision) for row in rows]
    config = {
        "Amount": badges.amount_column("Amount", 140),
        "Your reason": badges.text_column("Your reason", 320),
    }
    found = id_grid(_frame(rows), ids, key=_GRID, column_config=config, alt="Rejected by you")
    ticked = as_shown(_GRID, tuple(found), lambda _: (_BUTTON,))
    label = f"Ask again about {len(ticked):,}" if ticked else "Ask again"
    if st.button(label, key=_BUTTON, icon=":material/replay:", disabled=not ticked):
        command = AskAgain(command_id=form_id(_BUTTON), cases=targets(ticked))
        if act(command, "{n} checked again", looks_again=True):
            finish(_GRID)


def _frame(rows: tuple[Rejection, ...]) -> pd.DataFrame:
    table = [
        (
            row.number,
            row.customer_name,
            row.entity or money.NOTHING,
            money.with_currency(row.total_minor, row.currency),
            row.note,
            dates.ago(row.rejected_at, runtime().now()),
        )
        for row in rows
    ]
    return pd.DataFrame(table, columns=["Invoice", "Customer", "Entity", "Amount", "Your reason", "When"])
