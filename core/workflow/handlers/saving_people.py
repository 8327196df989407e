"""Who may sign in, as what, for which legal entities, and up to which amount."""

from __future__ import annotations

from typing import Any

from core.access import store as access
from core.audit.model import Note
from core.db.tables import User
from core.kit.errors import NotFound, Refused, Stale
from core.kit.ids import new_id
from core.parties.rules import email_finding
from core.workflow.actors import Role
from core.workflow.command import Target
from core.workflow.commands import SaveUser
from core.workflow.context import Context, Outcome

_RIGHTS = ("role", "entities", "approval_limit_minor")
_WORDS = {
    "name": "name",
    "role": "role",
    "entities": "legal entities",
    "approval_limit_minor": "approval limit",
    "is_active": "may sign in",
}


def save_user(command: SaveUser, ctx: Context) -> Outcome:
    """A person without an account is added; one who has an account is changed only where the command names them."""
    _check(command)
    return _add(command, ctx) if command.person is None else _change(command, command.person, ctx)


def _check(command: SaveUser) -> None:
    """Raises Refused for what nobody can be given."""
    if command.role not in set(Role) - {Role.JOB}:
        raise Refused("role.unknown", f"There is no role “{command.role}”.")
    if not command.name.strip():
        raise Refused("name.missing", "A person needs a name.")
    if finding := email_finding(command.email.strip()):
        raise Refused("email.invalid", finding)
    if command.approval_limit_minor < 0:
        raise Refused("limit.negative", "An approval limit cannot be below zero; 0 approves nothing.")


def _add(command: SaveUser, ctx: Context) -> Outcome:
    if command.password_hash is None:
        raise Refused("password.missing", "A new person needs a password.")
    email = access.clean_email(command.email)
    facts = {"email": email, "password_hash": command.password_hash, "created_at": ctx.now}
    id = new_id()
    if not access.add_user(ctx.session, {"id": id, **facts, **_wished(command)}):
        raise Refused("user.exists", f"“{email}” is already a person of this house; change that person instead.")
    detail = {"before": {}, "after": _wished(command), "password_changed": True}
    sentence = f"Added {command.name} ({command.role}); a password was given."
    return Outcome({"id": str(id)}, (Note(sentence, f"user:{id}", detail),))


def _change(command: SaveUser, person: Target, ctx: Context) -> Outcome:
    row = _locked(command, person, ctx)
    before, wished = _visible(row), _wished(command)
    changed = [name for name in _WORDS if before[name] != wished[name]]
    if not changed and command.password_hash is None:
        raise Refused("user.unchanged", "Nothing was changed.")
    if row.id == ctx.actor.user_id:
        _check_own(changed)
    for name in changed:
        setattr(row, name, wished[name])
    row.revision += 1
    detail = {"before": before, "after": wished, "password_changed": command.password_hash is not None}
    told = [_WORDS[name] for name in changed]
    if command.password_hash is not None:
        row.password_hash = command.password_hash
        access.revoke_sessions_of(ctx.session, row.id, ctx.now)
        told.append("a new password was given")
    sentence = f"Changed {before['name']} ({row.role}): {', '.join(told)}."
    return Outcome({"id": str(row.id)}, (Note(sentence, f"user:{row.id}", detail),))


def _locked(command: SaveUser, person: Target, ctx: Context) -> User:
    row = ctx.session.get(User, person.id, with_for_update=True)
    if row is None:
        raise NotFound("This person")
    if row.revision != person.revision:
        raise Stale(row.name)
    if row.email != access.clean_email(command.email):
        raise Refused("user.email", "The e-mail address is what a person signs in by; it cannot be changed.")
    return row


def _check_own(changed: list[str]) -> None:
    if "is_active" in changed:
        raise Refused("user.self", "You cannot deactivate yourself.")
    if any(name in changed for name in _RIGHTS):
        raise Refused(
            "user.own_rights", "Policy “four eyes”: your own role, entities and limit are changed by someone else."
        )


def _wished(command: SaveUser) -> dict[str, Any]:
    return {
        "name": command.name.strip(),
        "role": command.role,
        "entities": None if command.entities is None else sorted(command.entities),
        "approval_limit_minor": command.approval_limit_minor,
        "is_active": command.is_active,
    }


def _visible(row: User) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _WORDS}
