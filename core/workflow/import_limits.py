"""What somebody's ledger file may say, by what the house knows and whom they act for."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from core.intake.ledger_limits import Limits
from core.parties import store as parties
from core.workflow.actors import Actor


def limits_of(session: Session, actor: Actor, today: date) -> Limits:
    """Legal entities on file within those of the actor; while none is on file, any code is welcome."""
    on_file = frozenset(parties.entity_countries(session)) or None
    if actor.entities is None:
        return Limits(today, on_file)
    return Limits(today, actor.entities if on_file is None else actor.entities & on_file, needs_entity=True)
