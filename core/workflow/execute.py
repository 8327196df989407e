"""The one door: permission, duplicate check, one transaction, trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.audit import store as audit
from core.audit.model import Deed
from core.db.tables import ExecutedCommand
from core.runtime import Runtime
from core.workflow.actors import Actor
from core.workflow.commands import AnyCommand
from core.workflow.context import Context
from core.workflow.dispatch import handle
from core.workflow.permissions import check


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a command; `is_repeat` when it had been carried out before and nothing was done now."""

    result: dict[str, Any]
    is_repeat: bool = False


def execute(runtime: Runtime, command: AnyCommand, actor: Actor) -> Receipt:
    """Carries out one command in one transaction, once per command id. Raises Refused (nothing is kept then)."""
    check(actor, command)
    name = type(command).__name__
    with runtime.transaction() as session:
        now = runtime.now()
        if not _is_first(session, command, name, actor, runtime):
            return Receipt(_result_of(session, command), is_repeat=True)
        outcome = handle(command, Context(session, now, actor, runtime.settings.reporting_currency))
        session.flush()
        session.execute(
            update(ExecutedCommand)
            .where(ExecutedCommand.command_id == command.command_id)
            .values(result=outcome.result)
        )
        audit.append(session, Deed(now, actor.label, name, command.command_id), outcome.notes)
        return Receipt(outcome.result)


def _is_first(session: Session, command: AnyCommand, name: str, actor: Actor, runtime: Runtime) -> bool:
    """Claims the command id; a second claimant waits here for the first and then finds the id taken."""
    row = {"command_id": command.command_id, "name": name, "actor": actor.label, "at": runtime.now(), "result": {}}
    claimed = pg_insert(ExecutedCommand).values(row).on_conflict_do_nothing().returning(ExecutedCommand.command_id)
    return session.scalar(claimed) is not None


def _result_of(session: Session, command: AnyCommand) -> dict[str, Any]:
    statement = select(ExecutedCommand.result).where(ExecutedCommand.command_id == command.command_id)
    return session.scalars(statement).one()
