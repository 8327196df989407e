"""Charts in the house's colours, light and dark. One accent; warm colours only for what is late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import pandas as pd
import plotly.express as px
import streamlit as st

from core.kit.money import to_decimal

AGEING_WORDS = {
    "current": "Not due",
    "d1_30": "1–30 days",
    "d31_60": "31–60 days",
    "d61_90": "61–90 days",
    "d90_plus": "Over 90 days",
}
_AGEING = {
    "light": ["#0F766E", "#F5C97B", "#EFA34B", "#DE7233", "#B93A2B"],
    "dark": ["#2DB5A5", "#D9B868", "#E0994A", "#DE7A45", "#E5635A"],
}
_ACCENT = {"light": "#0F766E", "dark": "#2DB5A5"}
# What a click on a mark does: the chart answers it, is told to nobody, or goes to a callback.
OnClick = Literal["answer", "ignore"] | Callable[[str], None]
_CONFIG = {"displayModeBar": False, "responsive": True}


def ageing_bar(
    buckets: Mapping[str, int],
    currency: str,
    *,
    key: str,
    counts: Mapping[str, int] | None = None,
    height: int = 260,
    on_click: OnClick = "answer",
) -> str | None:
    """Open money by age; answers the bucket that was clicked. `buckets`: minor units of `currency` by bucket key.

    `on_click`: a callback is told the bucket instead, before the next run: it may set what the page shows above.
    """
    names = [bucket for bucket in AGEING_WORDS if bucket in buckets]
    frame = pd.DataFrame(
        {
            "bucket": [AGEING_WORDS[name] for name in names],
            "amount": [float(to_decimal(buckets[name], currency)) for name in names],
            "count": [(counts or {}).get(name, 0) for name in names],
        }
    )
    items = "<br>%{customdata[0]:,d} invoices" if counts else ""
    hover = f"%{{x}}<br>{currency} %{{y:,.2f}}{items}<extra></extra>"
    figure = px.bar(
        frame,
        x="bucket",
        y="amount",
        color="bucket",
        color_discrete_sequence=_palette(_AGEING),
        custom_data=["count"],
    )
    figure.update_traces(hovertemplate=hover)
    figure.update_yaxes(rangemode="nonnegative")
    alt = f"Open receivables by age in {currency}"
    answer = on_click if isinstance(on_click, str) else partial(_tell_bucket, on_click)
    clicked = _show(figure, key, alt, height=height, y_title=currency, on_click=answer)
    return _bucket(clicked) if clicked else None


def _tell_bucket(on_click: Callable[[str], None], words: str) -> None:
    on_click(_bucket(words))


def _bucket(words: str) -> str:
    return next(name for name, each in AGEING_WORDS.items() if each == words)


def bars(
    frame: pd.DataFrame, *, category: str, value: str, key: str, value_title: str = "", alt: str, height: int = 260
) -> str | None:
    """Horizontal bars of one measure, longest on top; answers the category that was clicked."""
    ordered = frame.sort_values(value)
    figure = px.bar(ordered, x=value, y=category, orientation="h", color_discrete_sequence=[_palette(_ACCENT)])
    figure.update_traces(hovertemplate="%{y}<br>%{x:,.0f}<extra></extra>")
    figure.update_xaxes(title=value_title)
    return _show(figure, key, alt, height=height, clicked_axis="y")


def line(
    frame: pd.DataFrame, *, x: str, y: str | Sequence[str], key: str, y_title: str = "", alt: str, height: int = 260
) -> None:
    """One or several measures over time; the first has the accent colour, the others step back."""
    names = [y] if isinstance(y, str) else list(y)
    greys = ["#94A3B8", "#CBD5E1", "#64748B"]
    figure = px.line(frame, x=x, y=names, color_discrete_sequence=[_palette(_ACCENT), *greys])
    figure.update_traces(hovertemplate="%{x|%d %b %Y}<br>%{y:,.1f}<extra></extra>")
    _show(figure, key, alt, height=height, y_title=y_title, has_legend=len(names) > 1)


def daily(
    frame: pd.DataFrame, *, day: str, value: str, marked: str, key: str, y_title: str = "", alt: str, height: int = 280
) -> None:
    """One bar a day; the days for which the column `marked` is true stand out in a warm colour."""
    words = frame.assign(kind=["Spike" if is_marked else "Usual" for is_marked in frame[marked]])
    warm = _palette({theme: colours[3] for theme, colours in _AGEING.items()})
    figure = px.bar(words, x=day, y=value, color="kind", color_discrete_map={"Usual": _palette(_ACCENT), "Spike": warm})
    figure.update_traces(hovertemplate="%{x|%d %b %Y}<br>%{y:,.2f}<extra></extra>")
    _show(figure, key, alt, height=height, y_title=y_title, has_legend=bool(frame[marked].any()))


def _palette(colours: Mapping[str, Any]) -> Any:
    return colours["dark" if st.context.theme.type == "dark" else "light"]


def _show(
    figure: Any,
    key: str,
    alt: str,
    *,
    height: int = 260,
    y_title: str = "",
    has_legend: bool = False,
    clicked_axis: str = "x",
    on_click: OnClick = "answer",
) -> str | None:
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        showlegend=has_legend,
        legend={"orientation": "h", "title": "", "y": 1.12, "x": 0},
        bargap=0.35,
        dragmode=False,
        xaxis_title="",
        yaxis_title=y_title,
    )
    if on_click == "ignore":
        st.plotly_chart(figure, key=key, on_select="ignore", config=_CONFIG, alt=alt)
        return None
    if on_click == "answer":
        event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=_CONFIG, alt=alt)
        return _clicked(event, clicked_axis)
    turn = f"{key}.turn"
    drawn = f"{key}:{st.session_state.setdefault(turn, 0)}"
    picked = partial(_picked, drawn, turn, clicked_axis, on_click)
    st.plotly_chart(figure, key=drawn, on_select=picked, selection_mode="points", config=_CONFIG, alt=alt)
    return None


def _picked(drawn: str, turn: str, axis: str, on_click: Callable[[str], None]) -> None:
    """Tells what was clicked and draws the chart anew: it remembers no click that the page may have taken back."""
    if clicked := _clicked(st.session_state[drawn], axis):
        st.session_state[turn] += 1
        on_click(clicked)


def _clicked(event: Any, axis: str) -> str | None:
    points = event["selection"]["points"] if event else []
    return str(points[0].get(axis)) if points else None
