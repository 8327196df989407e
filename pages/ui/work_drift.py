"""Parts of Work › Drift: kinds by money, and one difference with its sides and its fix."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from core.reporting.drift import KINDS, SIDES, DriftDetail, KindSum
from core.workflow.actors import Actor
from core.workflow.billing_commands import ApplyDriftFix
from core.workflow.command import Target
from core.workflow.permissions import may
from pages.ui import badges, links, money
from pages.ui.act import act, as_shown, form_id, show_outdated
from pages.ui.plain import plain

_BUTTON = "drift.fix"


def matrix(sums: Sequence[KindSum], currency: str) -> None:
    """How many of each kind, and the money both ways."""
    rows = [
        (
            KINDS[each.kind],
            each.count,
            money.amount(each.under_minor, currency),
            money.amount(each.over_minor, currency),
        )
        for each in sums
    ]
    names = ["Kind", "Open", f"Too little, {currency}", f"Too much, {currency}"]
    config = {name: badges.amount_column(name, 130) for name in names[2:]}
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, column_config=config, alt="Differences by kind")


def show(found: DriftDetail, person: Actor, following: Sequence[UUID]) -> None:
    """The compared sides and what can be done; after a fix the next difference opens."""
    row = found.row
    st.subheader(plain(row.sentence))
    with st.container(horizontal=True):
        links.link("contract", f"Contract {row.contract}", {"id": str(row.contract_id)}, icon=":material/contract:")
        if found.document_id is not None:
            links.link("invoice", "Open the document", {"id": str(found.document_id)}, icon=":material/receipt_long:")
        links.link("exception", "Assign, accept or resolve", {"id": str(row.id)}, icon=":material/rule:")
    sides = [(side, plain(found.sides.get(side, money.NOTHING))) for side in SIDES]
    st.table(pd.DataFrame(sides, columns=["Side", "What it says"]).set_index("Side"))
    st.markdown(f"**Effect** {money.with_currency(row.effect_minor, row.currency)}")
    st.markdown(f"**{'Proposed fix' if row.has_fix else 'To be done by hand'}** {plain(found.fix_words)}")
    with st.container():
        show_outdated()
    seen = as_shown("drift", found, lambda _: (_BUTTON,))
    if seen.state != "open":
        badges.badge(seen.state)
    elif seen.row.has_fix and may(person, ApplyDriftFix):
        _fix(seen, following)


def _fix(found: DriftDetail, following: Sequence[UUID]) -> None:
    row = found.row
    is_sure = st.checkbox("I have compared the sides", key=f"drift.sure.{row.id}")
    if not st.button("Apply fix", type="primary", icon=":material/build:", key=_BUTTON, disabled=not is_sure):
        return
    wish = ApplyDriftFix(command_id=form_id(f"drift:{row.id}:{row.revision}"), case=Target(row.id, row.revision))
    if act(wish, f"Fixed: {found.fix_words}", looks_again=True):
        if following:
            st.query_params["id"] = str(following[0])
        else:
            del st.query_params["id"]
        st.rerun()
