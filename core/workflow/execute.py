"""The one door: permission, duplicate check, one transaction, trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.audit import store as audit
from core.audit.model import Deed
from core.billing.tax import TaxTable
from core.db.tables import ExecutedCommand
from core.runtime import Runtime
from core.settings import Settings
from core.workflow.actors import Actor
from core.workflow.commands import AnyCommand
from core.workflow.context import Context, TaxWays
from core.workflow.dispatch import handle
from core.workflow.permissions import check

# Deadlocks and failed serializations, by SQLSTATE: nothing was done, and the other transaction has gone on.
_LOST_RACES = frozenset({"40P01", "40001"})
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a command; `is_repeat` when it had been carried out before and nothing was done now."""

    result: dict[str, Any]
    is_repeat: bool = False


def execute(runtime: Runtime, command: AnyCommand, actor: Actor) -> Receipt:
    """Carries out one command in one transaction, once per command id. Raises Refused (nothing is kept then). Where the
    store ends one of two transactions that wait for each other, that one is carried out once more."""
    check(actor, command)
    for _ in range(_ATTEMPTS - 1):
        try:
            return _carry_out(runtime, command, actor)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOST_RACES:
                raise
    return _carry_out(runtime, command, actor)


def _carry_out(runtime: Runtime, command: AnyCommand, actor: Actor) -> Receipt:
    name = type(command).__name__
    with runtime.transaction() as session:
        ctx = open_context(runtime, session, actor)
        if not _is_first(ctx, command, name):
            return Receipt(_result_of(session, command), is_repeat=True)
        outcome = handle(command, ctx)
        session.flush()
        session.execute(
            update(ExecutedCommand)
            .where(ExecutedCommand.command_id == command.command_id)
            .values(result=outcome.result)
        )
        audit.append(session, Deed(ctx.now, actor.label, name, command.command_id), outcome.notes)
        return Receipt(outcome.result)


def open_context(runtime: Runtime, session: Session, actor: Actor) -> Context:
    settings = runtime.settings
    return Context(
        session,
        runtime.now(),
        actor,
        settings.reporting_currency,
        settings.usage_grace_hours,
        tax_ways(settings),
        timedelta(seconds=settings.document_patience_seconds),
    )


def tax_ways(settings: Settings) -> TaxWays:
    table = TaxTable({"US": settings.tax_registrations})
    return TaxWays(settings.tax_engines, table, timedelta(minutes=settings.tax_patience_minutes))


def _is_first(ctx: Context, command: AnyCommand, name: str) -> bool:
    """Claims the command id; a second claimant waits here for the first and then finds the id taken."""
    row = {"command_id": command.command_id, "name": name, "actor": ctx.actor.label, "at": ctx.now, "result": {}}
    claimed = pg_insert(ExecutedCommand).values(row).on_conflict_do_nothing().returning(ExecutedCommand.command_id)
    return ctx.session.scalar(claimed) is not None


def _result_of(session: Session, command: AnyCommand) -> dict[str, Any]:
    statement = select(ExecutedCommand.result).where(ExecutedCommand.command_id == command.command_id)
    return session.scalars(statement).one()
