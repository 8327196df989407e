"""Run one command from a page: say what was done, or show why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

import streamlit as st

from core.kit.errors import Refused, Stale
from core.kit.ids import new_id
from core.workflow import execute
from core.workflow.commands import AnyCommand
from pages.ui.access import current
from pages.ui.plain import plain
from pages.ui.runtime import runtime

Shown = TypeVar("Shown")

_FLASH = "ui.flash"
_FORMS = "ui.forms"
_OUTDATED = "ui.outdated"


def act(command: AnyCommand, done: str, *, looks_again: bool = False) -> bool:
    """Executes `command`. Queues `done` (may hold {n}) for `show_flash`; when refused, shows why and answers False.

    `looks_again`: where somebody was quicker, the page is drawn anew as it is now, and `show_outdated` says why on it.
    """
    actor = current()
    if actor is None:
        return _refuse("Your session has ended. Sign in again and repeat.")
    try:
        receipt = execute(runtime(), command, actor)
    except Stale as refusal:
        if looks_again:
            st.session_state[_OUTDATED] = refusal.sentence
            st.rerun()
        return _refuse(refusal.sentence)
    except Refused as refusal:
        return _refuse(refusal.sentence)
    _renew(command.command_id)
    flash(done.replace("{n}", f"{_count(receipt.result, command):,}"))
    return True


def form_id(key: str) -> UUID:
    """The command id of the form `key`: the same on each run until it succeeded, so that a second click repeats it."""
    forms: dict[str, UUID] = st.session_state.setdefault(_FORMS, {})
    return forms.setdefault(key, new_id())


def as_shown(place: str, now: Shown, buttons: Callable[[Shown], Iterable[str]]) -> Shown:
    """What stood beside the button that was pressed; `now` when none of its `buttons` was.

    The run of a click reads everything anew, with what others did meanwhile: nobody has seen that yet, so no command
    may be made of it. `place` is one spot of one page, which shows one such thing at a time.
    """
    slot = f"{place}.shown"
    before: Shown = st.session_state.get(slot, now)
    st.session_state[slot] = now
    return before if any(st.session_state.get(button) for button in buttons(before)) else now


def show_outdated(otherwise: str | None = None) -> None:
    """Says once why nothing was done: beside the buttons, where the newer state is shown by now."""
    if sentence := st.session_state.pop(_OUTDATED, otherwise):
        st.error(plain(sentence), icon=":material/update:")


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
