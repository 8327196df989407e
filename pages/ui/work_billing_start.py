"""A new billing run: what is due by a day, previewed before it is generated."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.kit.words import counted
from core.reporting.cases import FINDING_TITLES, TYPE_TITLES, TYPES
from core.reporting.overview import legal_entities
from core.workflow.actors import Actor
from core.workflow.billing_commands import StartBillingRun
from core.workflow.billing_runs import Preview, preview
from pages.ui import badges, dates, filters, money
from pages.ui.act import act, form_id
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid

_SEEN = "br.preview"
_MOST_FAILURES = 20


def new_run(person: Actor) -> None:
    """The form; a run can be started once its preview has been seen."""
    with st.expander("New billing run", icon=":material/play_circle:", expanded=_SEEN in st.session_state):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            through = filters.day("Due on or before", "br_through", default=runtime().today())
            entities = filters.choices("Legal entities", legal_entities(runtime(), person), "br_entities")
            is_asked = st.button("Preview", key="br_preview", icon=":material/visibility:")
        asked = (through, entities)
        # Its place stays after the preview: what follows would else be drawn anew, and lose a click or the focus.
        progress = st.empty()
        if is_asked:
            st.session_state[_SEEN] = (asked, _previewed(person, *asked, progress))
        seen = st.session_state.get(_SEEN)
        if seen is None or seen[0] != asked:
            st.caption("A preview rates, taxes and checks everything that is due, and writes nothing.")
            return
        _show(seen[1])
        if seen[1].contracts:
            if seen[1].asked:
                st.caption("Who starts the run, or releases it, cannot give these approvals.")
            _start(*asked)


def _previewed(person: Actor, through: date, entities: tuple[str, ...], progress: DeltaGenerator) -> Preview:
    told = Preview(through)
    for told in preview(runtime(), person, through, entities or None):
        progress.caption(f"{counted(told.contracts, 'contract')} looked at …")
    progress.empty()
    return told


def _show(told: Preview) -> None:
    if not told.contracts:
        st.info(f"Nothing is to be billed on or before {dates.day(told.through)}.")
        return
    shown = {
        "Invoices": told.invoices,
        "Credit memos": told.credit_memos,
        "Clean": told.clean,
        "Exceptions": told.held,
        "Approvals": told.asked,
        "Released by hand": told.by_hand,
        "Waiting for usage": told.in_grace,
        "Failing": len(told.failures),
    }
    with st.container(horizontal=True):
        for words, count in shown.items():
            st.metric(words, f"{count:,}", border=True)
    _totals(told)
    _findings(told)
    _failures(told)


def _totals(told: Preview) -> None:
    groups = sorted(told.totals.keys() | told.credited.keys())
    rows = [
        (
            entity,
            currency,
            told.counts[entity, currency],
            money.amount(told.totals[entity, currency], currency),
            money.amount(told.credited[entity, currency] or None, currency),
        )
        for entity, currency in groups
    ]
    if not rows:
        return
    frame = pd.DataFrame(rows, columns=["Entity", "Currency", "Invoices", "Total with tax", "Given back"])
    config = {
        "Total with tax": badges.amount_column("Total with tax", 150),
        "Given back": badges.amount_column("Given back", 150, "By credit memos, with tax"),
    }
    id_grid(frame, groups, key="br_money", selection="none", column_config=config, alt="Money of the preview")


def _findings(told: Preview) -> None:
    """What the rules found, in words, the most frequent first."""
    if not told.findings:
        return
    codes = [code for code, _ in told.findings.most_common()]
    rows = [
        (FINDING_TITLES.get(code, badges.words(code)), TYPE_TITLES.get(TYPES.get(code, ""), ""), told.findings[code])
        for code in codes
    ]
    frame = pd.DataFrame(rows, columns=["What the rules found", "Type", "Findings"])
    config = {"Findings": badges.count_column("Findings", 100)}
    id_grid(frame, codes, key="br_findings", selection="none", column_config=config, alt="Findings of the preview")


def _failures(told: Preview) -> None:
    if not told.failures:
        return
    shown = told.failures[:_MOST_FAILURES]
    frame = pd.DataFrame(shown, columns=["Cannot be billed", "Reason"])
    config = {"Cannot be billed": badges.text_column("Cannot be billed", 150)}
    id_grid(frame, shown, key="br_unbillable", selection="none", column_config=config, alt="What cannot be billed")
    if more := len(told.failures) - len(shown):
        st.caption(f"And {counted(more, 'more contract')}; the run lists them all.")


def _start(through: date, entities: tuple[str, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", key="br_name", placeholder=f"Due {dates.day(through)}")
        is_straight = st.toggle("Release what is clean without review", key="br_straight")
        is_sure = st.button("Generate", key="br_start", icon=":material/play_arrow:", type="primary")
    if not is_sure:
        return
    command = StartBillingRun(
        command_id=form_id("br_start"),
        name=name or "",
        through=through,
        mode="straight" if is_straight else "review",
        entities=entities or None,
    )
    if act(command, "The run has started"):
        st.session_state.pop(_SEEN, None)
        st.rerun()
