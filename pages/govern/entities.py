"""Govern › Legal entities: what their invoices say at the head and how they are paid."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.kit.words import counted
from core.reporting.entities import EntityRow, legal_entities
from core.workflow.actors import Actor, Role
from core.workflow.sample_papers import sample_paper
from pages.govern.entity_form import entries, frame_of, save
from pages.ui import access, badges
from pages.ui.act import show_flash
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid, untick

_DRAWER_WIDTH = 520
_OPEN = "entities.open"


def _open(code: str | None) -> None:
    st.session_state[_OPEN] = code


@st.dialog(
    "Letterhead", width=_DRAWER_WIDTH, position="right", icon=":material/domain:", on_dismiss=lambda: _open(None)
)
def _edit(row: EntityRow) -> None:
    with st.form(f"entity:{row.code}", border=False):
        typed = entries(row)
        is_sent = st.form_submit_button("Save", type="primary", icon=":material/check:", key="entity_save")
    if is_sent and save(row, typed):
        untick("entities")
        _open(None)
        st.rerun()


def _sample(person: Actor, code: str) -> bytes:
    return sample_paper(runtime(), person, code).content


person = access.require(Role.CONTROLLER, Role.ADMINISTRATOR)
show_flash()
st.title("Legal entities")
st.caption("What stands at the head of an invoice and how it is to be paid. Invoices that went out stay as they were.")
rows = legal_entities(runtime(), person)
bar = st.container(horizontal=True, vertical_alignment="center")
ticked = id_grid(
    frame_of(rows),
    [each.code for each in rows],
    key="entities",
    selection="single",
    alt="Legal entities",
    column_config={
        "Letterhead": badges.state_column(
            "Letterhead", ("complete", "incomplete"), {"complete": "green", "incomplete": "orange"}, 110
        )
    },
)
chosen = next((each for each in rows if each.code in ticked), None)
with bar:
    st.button(
        "Change",
        icon=":material/edit:",
        disabled=chosen is None,
        key="entity_change",
        on_click=_open,
        args=(chosen.code if chosen else None,),
    )
    if chosen is not None:
        st.download_button(
            "Sample invoice",
            partial(_sample, person, chosen.code),
            file_name=f"Sample-invoice-{chosen.code}.pdf",
            mime="application/pdf",
            icon=":material/picture_as_pdf:",
            key="entity_sample",
        )
    short = sum(bool(each.missing) for each in rows)
    st.caption(f"{counted(short, 'letterhead')} incomplete" if short else "All letterheads are complete")
if (opened := next((each for each in rows if each.code == st.session_state.get(_OPEN)), None)) is not None:
    _edit(opened)
