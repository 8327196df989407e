"""Operate › Import: a ledger from a CSV file, with a dry run before anything is kept."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import Refused
from core.workflow.actors import Actor, Role
from core.workflow.commands import ImportLedger
from core.workflow.imports import (
    COLUMNS,
    DATE_FORMATS,
    LedgerFile,
    ParsedLedger,
    Reading,
    check_ledger,
    import_command,
    limits_for,
    open_ledger,
)
from pages.operate.ledger_preview import bad_rows, date_format, done, news, preview
from pages.ui import access, badges
from pages.ui.act import act, form_id, show_flash
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_NONE = "Not in the file"


def _mapping(file: LedgerFile, upload: str) -> dict[str, str]:
    """One box per column of ours, filled with what we recognised; another upload has boxes of its own."""
    chosen = {}
    st.markdown("**Columns**")
    with st.grid(4, min_column_width=170, gap="small"):
        for column in COLUMNS:
            options = [_NONE, *file.sheet.header]
            guess = file.mapping.get(column.name, _NONE)
            label = badges.words(column.name) + (" *" if column.is_required else "")
            chosen[column.name] = st.selectbox(
                label, options, index=options.index(guess), key=f"import_{column.name}_{upload}", help=column.meaning
            )
    return {name: theirs for name, theirs in chosen.items() if theirs != _NONE}


def _reading(file: LedgerFile, person: Actor, upload: str) -> Reading:
    fitting = [*file.date_formats, *(form for form in DATE_FORMATS if form not in file.date_formats)]
    with st.container(horizontal=True):
        form = date_format(fitting, f"import_date_format_{upload}")
        currency = st.text_input(
            "Currency where none is stated",
            runtime().settings.reporting_currency,
            key="import_default_currency",
            max_chars=3,
            width=220,
        )
    if len(file.date_formats) > 1:
        st.caption("Days and months cannot be told apart in this file: make sure that the date format is right.")
    return Reading(currency.upper(), form, _mapping(file, upload), limits_for(runtime(), person))


def _command(name: str, parsed: ParsedLedger, form: str) -> ImportLedger | None:
    """None when the file has bad rows, which are shown then."""
    if parsed.is_clean:
        return import_command(name, parsed, form_id(form))
    bad_rows(parsed)
    return None


person = access.require(Role.ANALYST, Role.CONTROLLER)
show_flash()
st.title("Import a ledger")
st.caption("Customers, invoices, payments and disputes from one CSV file: one row per invoice, all or nothing.")
upload = st.file_uploader("Ledger as CSV", type=["csv", "txt"], key="import_file")
if upload is None:
    st.stop()
try:
    file = open_ledger(upload.name, upload.getvalue())
    parsed = check_ledger(file, _reading(file, person, upload.file_id))
except Refused as refusal:
    st.error(plain(refusal.sentence), icon=":material/block:")
    st.stop()
command = _command(upload.name, parsed, f"import-{upload.file_id}")
found = None
if command is not None:
    preview(parsed)
    found = news(command, person)
is_news = found is not None and any(found.counts.values())
if (
    st.button("Import", type="primary", icon=":material/upload:", disabled=not is_news, key="import_go")
    and command is not None
    and found is not None
    and act(command, done(found))
):
    st.rerun()
