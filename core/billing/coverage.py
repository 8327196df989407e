"""Which days are left when others are taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core.billing.model import Span


def uncovered(wanted: Iterable[Span], covering: Sequence[Span]) -> list[Span]:
    """The days that are wanted and not covered, in order; what touches is one span."""
    rest = sorted(set(wanted))
    for cover in covering:
        rest = [part for span in rest for part in _without(span, cover)]
    return _joined(sorted(rest))


def _without(span: Span, cover: Span) -> Iterator[Span]:
    both = span.overlap(cover)
    if both is None:
        yield span
        return
    if span.starts_on < both.starts_on:
        yield Span(span.starts_on, both.starts_on)
    if both.ends_on < span.ends_on:
        yield Span(both.ends_on, span.ends_on)


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        if found and span.starts_on <= found[-1].ends_on:
            found[-1] = Span(found[-1].starts_on, max(found[-1].ends_on, span.ends_on))
        else:
            found.append(span)
    return found
