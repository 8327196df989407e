"""Four eyes: whoever creates or changes a document is noted on it, and may not approve it.

These are the person whose command drafts, credits, corrects or draws it again; who started, resumed or released the
run that made it, or released it by hand; and who corrected usage that it bills, or that decides what it gives back or
charges otherwise. People only: jobs are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.db.tables import BillingRun, Document
from core.workflow.context import Context


def acting(ctx: Context) -> tuple[str, ...]:
    """The id of the person who acts; nothing for a job."""
    return () if ctx.actor.user_id is None else (str(ctx.actor.user_id),)


def touch(row: Document | BillingRun, people: Iterable[str]) -> None:
    """These people have had a hand in it."""
    new = [id for id in dict.fromkeys(people) if id not in row.changed_by]
    if new:
        row.changed_by = [*row.changed_by, *new]
