"""Keys for machines that send usage: made and revoked by an administrator."""

from __future__ import annotations

from core.audit.model import Note
from core.db.tables import ApiKey
from core.kit.errors import NotFound, Refused
from core.kit.ids import new_id
from core.workflow.billing_commands import CreateApiKey, RevokeApiKey
from core.workflow.context import Context, Outcome


def create_api_key(command: CreateApiKey, ctx: Context) -> Outcome:
    name = command.name.strip()
    if not name:
        raise Refused("api_key.name", "Say in a word or two who will send with this key.")
    row = ApiKey(
        id=new_id(),
        name=name,
        prefix=command.prefix,
        key_hash=command.key_hash,
        created_by=ctx.actor.label,
        created_at=ctx.now,
    )
    ctx.session.add(row)
    sentence = f"Made an API key for {name}, which begins with {row.prefix}."
    return Outcome({"id": str(row.id)}, (Note(sentence, f"api_key:{row.id}"),))


def revoke_api_key(command: RevokeApiKey, ctx: Context) -> Outcome:
    """Takes effect with the next request."""
    row = ctx.session.get(ApiKey, command.key_id, with_for_update=True)
    if row is None:
        raise NotFound("This API key")
    if row.revoked_at is not None:
        raise Refused("api_key.revoked", f"The key of {row.name} is revoked already.")
    row.revoked_at = ctx.now
    return Outcome({"id": str(row.id)}, (Note(f"Revoked the API key of {row.name}.", f"api_key:{row.id}"),))
