"""Usage on drafts that are rated again before they go out follows what is agreed now, as open items do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from core.agreements.model import Item, ItemState
from core.documents import drafts as draft_rows
from core.workflow.context import Context
from core.workflow.planning import Subject


def follow(ctx: Context, subjects: Mapping[UUID, Subject]) -> dict[UUID, Subject]:
    """The subjects, with usage on drafts in their grace under today's terms: so nothing of it is left to correct."""
    wanted = {
        item.id: subject.terms_id for subject in subjects.values() for item in subject.items if _is_old(subject, item)
    }
    moved = draft_rows.take_terms(ctx.session, wanted) if wanted else set()
    if not moved:
        return dict(subjects)
    return {
        id: replace(subject, items=[_moved(subject, item) if item.id in moved else item for item in subject.items])
        for id, subject in subjects.items()
    }


def _is_old(subject: Subject, item: Item) -> bool:
    """Billed under other terms than today's, by which it could be rated too."""
    if item.kind != "usage" or item.state != ItemState.BILLED or item.terms_id == subject.terms_id:
        return False
    return any(charge.key == item.charge_key and charge.terms.kind == "usage" for charge in subject.agreement.charges)


def _moved(subject: Subject, item: Item) -> Item:
    return replace(item, terms_id=subject.terms_id)
