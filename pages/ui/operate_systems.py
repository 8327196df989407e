"""One card per outside system: how it does, what waits, and the switch to pause it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting.integrations import StreamLine, SystemCard, system_cards
from core.workflow.actors import Actor
from core.workflow.commands import SetConnectionState
from core.workflow.permissions import may
from pages.ui import badges, dates, money
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid

_STREAM_COLUMNS = ("System", "Stream", "Records", "Expected", "Progress", "Left", "Read up to", "Last batch")
_ASKED = "integrations.asked"
_STATES = {"connected": "Connected", "failing": "Failing", "paused": "Paused", "unknown": "Not contacted yet"}


@st.fragment(run_every="5s")
def cards(person: Actor) -> None:
    """All systems; drawn again every few seconds."""
    found = system_cards(runtime(), person)
    with st.grid(len(found), min_column_width=250, gap="small"):
        for card in found:
            with st.container(border=True, height="stretch", gap="xsmall"):
                _card(card, can_switch=may(person, SetConnectionState))


def _card(card: SystemCard, *, can_switch: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{card.title}** {badges.inline(card.state, _STATES.get(card.state))}", width="stretch")
        if can_switch and card.state != "unknown":
            verb = "Pause" if card.can_pause else "Resume"
            icon = ":material/pause:" if card.can_pause else ":material/play_arrow:"
            if st.button(verb, key=f"switch_{card.system}", icon=icon, type="tertiary"):
                st.session_state[_ASKED] = (card.system, card.title, "paused" if card.can_pause else "connected")
                st.rerun()
    _health(card)
    _numbers(card)


def _health(card: SystemCard) -> None:
    now = runtime().now()
    if card.state in ("failing", "paused") and card.sentence:
        tone = "red" if card.state == "failing" else "orange"
        st.markdown(f":{tone}[{plain(card.sentence)}{_again(card, now)}]")
    is_told = card.succeeded_at is not None or card.state in ("failing", "paused")
    said = [f"Last success {dates.ago(card.succeeded_at, now)}"] if is_told else []
    if card.inbox.oldest_new_at is not None:
        said.append(f"oldest record waits {dates.span(now - card.inbox.oldest_new_at)}")
    if card.outbox is not None and card.outbox.oldest_at is not None:
        said.append(f"oldest delivery waits {dates.span(now - card.outbox.oldest_at)}")
    if said:
        st.caption(" · ".join(said))
    if card.health is not None and card.health.is_first_sync:
        left = f", about {dates.span(card.health.remaining)} left" if card.health.remaining else ""
        st.progress(
            card.health.share or 0.0, text=f"First synchronisation: {counted(card.health.records, 'record')}{left}"
        )


def _again(card: SystemCard, now: datetime) -> str:
    """When the house tries again by itself."""
    if card.tries_again_at is None or card.tries_again_at <= now:
        return ""
    return f" Tries again in {dates.span(card.tries_again_at - now)}."


def _numbers(card: SystemCard) -> None:
    inbox = card.inbox
    st.markdown(f"Inbox: {inbox.new:,} new · {inbox.today} received today")
    _jump(inbox.failed, "could not be read", "Inbox", f"failed_{card.system}", {"record_state": "Failed"})
    _jump(inbox.set_aside, "set aside", "Inbox", f"aside_{card.system}", {"record_state": "Set aside"})
    if card.outbox is None:
        return
    waiting = [f"{n:,} {badges.words(state).lower()}" for state, n in sorted(card.outbox.open_states.items())]
    st.markdown(" · ".join(["Deliveries: " + (waiting[0] if waiting else "none open"), *waiting[1:]]))
    st.caption(f"{card.outbox.delivered} delivered")
    _jump(
        card.outbox.refused,
        "refused by the ledger",
        "Deliveries",
        f"refused_{card.system}",
        {"posting_state": "Refused"},
    )


def _jump(count: int, words: str, view: str, key: str, state: dict[str, str]) -> None:
    """A count of errors that opens them; the list below follows."""
    if count and st.button(
        f"{count:,} {words}",
        key=key,
        icon=":material/error:",
        type="tertiary",
        on_click=st.session_state.update,
        args=({"view": view, **state},),
    ):
        st.rerun()


@st.fragment(run_every="5s")
def streams(person: Actor) -> None:
    """Every stream with its place; drawn again every few seconds."""
    lines = [(card.title, line) for card in system_cards(runtime(), person) for line in card.streams]
    if not lines:
        st.caption("Nothing was read yet.")
        return
    config = {
        "Records": badges.count_column("Records", explain="Each time that a record was read; it is when it changes."),
        "Expected": badges.count_column("Expected", explain="While a stream is read for the first time"),
        "Progress": st.column_config.ProgressColumn("Progress", format="percent", min_value=0, max_value=1, width=110),
    }
    ids = [(title, line.progress.stream) for title, line in lines]
    frame = pd.DataFrame([_stream(title, line) for title, line in lines], columns=list(_STREAM_COLUMNS))
    alt = "Streams and how far they were read"
    id_grid(frame, ids, key="streams_grid", selection="none", column_config=config, alt=alt)


def _stream(title: str, line: StreamLine) -> tuple[Any, ...]:
    seen = line.progress
    left = dates.span(seen.remaining) if seen.remaining else money.NOTHING
    when = dates.ago(seen.advanced_at, runtime().now())
    # What the source had at the start of the first synchronisation; records that changed since were read again.
    expected = None if seen.is_complete or seen.expected is None else max(seen.expected, seen.records)
    return (title, seen.stream.capitalize(), seen.records, expected, seen.share, left, _position(line), when)


def _position(line: StreamLine) -> str:
    if line.read_up_to is not None:
        return dates.instant(line.read_up_to)
    if line.progress.is_complete:
        return "the end"
    return "part way" if line.progress.records else "not begun"


def switch_if_asked() -> None:
    """Opens the question that a card's button asked for; call it last."""
    asked = st.session_state.pop(_ASKED, None)
    if asked is not None:
        _switch(*asked)


@st.dialog("Connection", icon=":material/hub:")
def _switch(system: str, title: str, state: Literal["connected", "paused"]) -> None:
    is_pause = state == "paused"
    st.write(
        f"Nothing will be read from {title} or sent to it until you resume; what is due waits."
        if is_pause
        else f"Traffic with {title} starts again, and what waited is sent."
    )
    with st.form("switch", border=False):
        reason = st.text_input("Reason", placeholder="Shown to everybody and kept in the trail")
        is_sent = st.form_submit_button(f"{'Pause' if is_pause else 'Resume'} {title}", type="primary")
    if not is_sent:
        return
    if not reason.strip():
        st.error("Say why.", icon=":material/error:")
        return
    command = SetConnectionState(command_id=form_id("switch"), system=system, state=state, reason=reason.strip())
    if act(command, f"{title} is {'paused' if is_pause else 'connected again'}"):
        st.rerun()
