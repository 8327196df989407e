"""Run one command from a page: say what was done, or show why not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import streamlit as st

from core.kit.errors import Refused
from core.kit.ids import new_id
from core.workflow import execute
from core.workflow.commands import AnyCommand
from pages.ui.access import current
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_FLASH = "ui.flash"
_FORMS = "ui.forms"


def act(command: AnyCommand, done: str) -> bool:
    """Executes `command`. Queues `done` (may hold {n}) for `show_flash`; when refused, shows why and answers False."""
    actor = current()
    if actor is None:
        return _refuse("Your session has ended. Sign in again and repeat.")
    try:
        receipt = execute(runtime(), command, actor)
    except Refused as refusal:
        return _refuse(refusal.sentence)
    _renew(command.command_id)
    flash(done.replace("{n}", f"{_count(receipt.result, command):,}"))
    return True


def form_id(key: str) -> UUID:
    """The command id of the form `key`: the same on each run until it succeeded, so that a second click repeats it."""
    forms: dict[str, UUID] = st.session_state.setdefault(_FORMS, {})
    return forms.setdefault(key, new_id())


def flash(sentence: str) -> None:
    """Queues what was done; `show_flash` tells it at the top of the next run."""
    st.session_state.setdefault(_FLASH, []).append((sentence, ":material/check_circle:", "short"))


def flash_refusal(sentence: str) -> None:
    """Queues why what was asked for is not shown; it stays long enough to be read after a page was opened."""
    st.session_state.setdefault(_FLASH, []).append((sentence, ":material/block:", "long"))


def show_flash() -> None:
    """Shows what was queued; call it first thing on a page."""
    for sentence, icon, duration in st.session_state.pop(_FLASH, []):
        st.toast(plain(sentence), icon=icon, duration=duration)


def _refuse(sentence: str) -> bool:
    st.error(plain(sentence), icon=":material/block:")
    return False


def _renew(command_id: UUID) -> None:
    forms: dict[str, UUID] = st.session_state.get(_FORMS, {})
    st.session_state[_FORMS] = {key: value for key, value in forms.items() if value != command_id}


def _count(result: dict[str, Any], command: AnyCommand) -> int:
    """How many things were done: the receipt's count, or else how many rows the command named."""
    count = result.get("count", result.get("n"))
    return int(count) if count is not None else len(getattr(command, "targets", ())) or 1
