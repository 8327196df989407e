"""Deadlines, snapshots, people and policies."""

from __future__ import annotations

from sqlalchemy import select

from core.access import store as access
from core.audit.model import Note
from core.cases import store as cases
from core.collections import store as collections
from core.db.tables import User
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.kit.words import counted
from core.policies import store as policies
from core.workflow.actors import Role
from core.workflow.commands import EscalateOverdue, ReleasePolicy, SaveUser, TakeSnapshot
from core.workflow.context import Context, Outcome
from core.workflow.snapshots import store_ageing


def escalate_overdue(command: EscalateOverdue, ctx: Context) -> Outcome:
    overdue = cases.mark_overdue(ctx.session, ctx.now)
    promises = collections.settle_promises(ctx.session, ctx.now.date())
    counts = {"overdue_cases": overdue} | {f"promises_{name}": n for name, n in promises.items()}
    if not any(counts.values()):
        return Outcome(counts)
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n)
    return Outcome(counts, (Note(f"Deadlines checked: {told}.", None, dict(counts)),))


def take_snapshot(command: TakeSnapshot, ctx: Context) -> Outcome:
    n = store_ageing(ctx.session, command.day)
    return Outcome(
        {"rows": n}, (Note(f"Ageing at the close of {command.day:%d %b %Y} was kept ({counted(n, 'row')})."),)
    )


def save_user(command: SaveUser, ctx: Context) -> Outcome:
    if command.role not in set(Role) - {Role.JOB}:
        raise Refused("role.unknown", f"There is no role “{command.role}”.")
    email = command.email.strip().lower()
    row = ctx.session.scalar(select(User).where(User.email == email).with_for_update())
    if row is None and command.password_hash is None:
        raise Refused("password.missing", "A new person needs a password.")
    if row is not None and row.id == ctx.actor.user_id and not command.is_active:
        raise Refused("user.self", "You cannot deactivate yourself.")
    if row is not None and row.id == ctx.actor.user_id and _raises(row, command):
        raise Refused(
            "user.own_rights", "Policy “four eyes”: your own role, entities and limit are changed by someone else."
        )
    before = _visible(row) if row else {}
    if row is None:
        row = User(id=new_id(), email=email, created_at=ctx.now, password_hash=command.password_hash or "")
        ctx.session.add(row)
    row.name, row.role, row.is_active = command.name, command.role, command.is_active
    row.entities = None if command.entities is None else sorted(command.entities)
    row.approval_limit_minor = command.approval_limit_minor
    row.password_hash = command.password_hash or row.password_hash
    if before and command.password_hash is not None:
        access.revoke_sessions_of(ctx.session, row.id, ctx.now)
    detail = {"before": before, "after": _visible(row), "password_changed": command.password_hash is not None}
    verb = "Changed" if before else "Added"
    return Outcome({"id": str(row.id)}, (Note(f"{verb} {row.name} ({row.role}).", f"user:{row.id}", detail),))


def _raises(row: User, command: SaveUser) -> bool:
    entities = None if command.entities is None else sorted(command.entities)
    wished = (command.role, entities, command.approval_limit_minor)
    return wished != (row.role, row.entities, row.approval_limit_minor)


def _visible(row: User) -> dict[str, object]:
    return {
        "name": row.name,
        "role": row.role,
        "entities": row.entities,
        "approval_limit_minor": row.approval_limit_minor,
        "is_active": row.is_active,
    }


def release_policy(command: ReleasePolicy, ctx: Context) -> Outcome:
    by = ctx.actor.label
    version = policies.release(ctx.session, command.name, command.model, command.effective_from, by, ctx.now)
    sentence = (
        f"Released version {version} of the {command.name} policy, in effect from {command.effective_from:%d %b %Y}."
    )
    return Outcome({"version": version}, (Note(sentence, f"policy:{command.name}", {"version": version}),))
