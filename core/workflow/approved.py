"""What has been agreed to goes out as far as it still says what was agreed to, and the rules still have nothing
against it: between asking and the answer a customer, a contract or the law may have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from core.db.tables import Document
from core.workflow.context import Context
from core.workflow.deciding import judge, let_go, route, settle
from core.workflow.rejecting import content_of
from core.workflow.releasing import release
from core.workflow.retaxing import redetermine


def release_agreed(ctx: Context, rows: Mapping[UUID, Document]) -> None:
    """Releases what is as it was; the rest is held with its cases, or asked about anew."""
    if not rows:
        return
    before = {id: content_of(row) for id, row in rows.items()}
    redetermine(ctx, rows)
    judged = judge(ctx, rows)
    held = {row.id for row in route(ctx, judged).held}
    same = {id: row for id, row in rows.items() if id not in held and content_of(row) == before[id]}
    others = {id: row for id, row in rows.items() if id not in same}
    release(ctx, list(same.values()), judged.facts)
    let_go(ctx, same.values())
    if others:
        settle(ctx, replace(judged, rows=others))
