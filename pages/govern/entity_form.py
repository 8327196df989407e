"""Letterheads as a list, the fields of one, and the command that they make."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.reporting.entities import EntityRow
from core.workflow.billing_commands import SaveEntity
from pages.ui import badges, money
from pages.ui.act import act, form_id
from pages.ui.plain import plain


def frame_of(rows: tuple[EntityRow, ...]) -> pd.DataFrame:
    """What the list shows of each."""
    told = [
        (
            each.code,
            each.name,
            each.currency,
            each.address or money.NOTHING,
            each.tax_id or money.NOTHING,
            each.email or money.NOTHING,
            each.tax_engine,
            badges.cell("incomplete" if each.missing else "complete"),
        )
        for each in rows
    ]
    columns = ["Code", "Name", "Currency", "Address", "Tax number", "E-mail", "Tax by", "Letterhead"]
    return pd.DataFrame(told, columns=columns)


@dataclass(frozen=True, slots=True)
class Entries:
    """What was typed into the form."""

    address: str
    tax_id: str
    email: str
    payment_instructions: str


def entries(row: EntityRow) -> Entries:
    """The fields, filled with what stands there now."""
    st.caption(f"{plain(row.name)} · tax by {row.tax_engine}")
    return Entries(
        address=st.text_area(
            "Address", row.address or "", key="entity_address", height=90, help=_origin(row, "address")
        ),
        tax_id=st.text_input("Tax number", row.tax_id or "", key="entity_tax_id", help=_origin(row, "tax_id")),
        email=st.text_input("E-mail", row.email or "", key="entity_email", help=_origin(row, "email")),
        payment_instructions=st.text_area(
            "Payment instructions",
            row.payment_instructions or "",
            key="entity_payment",
            height=130,
            placeholder="Bank, city\nIBAN … · BIC …",
            help=_origin(row, "payment_instructions"),
        ),
    )


def save(row: EntityRow, typed: Entries) -> bool:
    command = SaveEntity(
        command_id=form_id(f"entity:{row.code}"),
        code=row.code,
        revision=row.revision,
        address=typed.address,
        tax_id=typed.tax_id,
        email=typed.email,
        payment_instructions=typed.payment_instructions,
    )
    return act(command, f"The letterhead of {plain(row.name)} was saved")


def _origin(row: EntityRow, name: str) -> str:
    if name in row.written:
        return "Written here: no other system changes it."
    return (
        "Not told yet." if name in row.missing else "Told by another system; what you write here replaces it for good."
    )
