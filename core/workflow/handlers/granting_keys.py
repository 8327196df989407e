"""Keys for machines that send usage: made and revoked by an administrator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from core.audit.model import Note
from core.db.tables import ApiKey
from core.kit.errors import NotFound, Refused
from core.kit.ids import new_id
from core.usage.placing import customers_of
from core.workflow.billing_commands import CreateApiKey, RevokeApiKey
from core.workflow.context import Context, Outcome


def create_api_key(command: CreateApiKey, ctx: Context) -> Outcome:
    name = command.name.strip()
    if not name:
        raise Refused("api_key.name", "Say in a word or two who will send with this key.")
    customers = _customers(ctx, _stated(command.customers))
    row = ApiKey(
        id=new_id(),
        name=name,
        prefix=command.prefix,
        key_hash=command.key_hash,
        sources=_stated(command.sources),
        customer_ids=sorted(set(customers.values())),
        created_by=ctx.actor.label,
        created_at=ctx.now,
    )
    ctx.session.add(row)
    of = f" of {', '.join(customers)}" if customers else ""
    begun = f" from sources that begin with {', '.join(row.sources)}" if row.sources else ""
    sentence = f"Made an API key for {name}, which begins with {row.prefix}; it may send usage{of}{begun}."
    return Outcome({"id": str(row.id)}, (Note(sentence, f"api_key:{row.id}"),))


def _stated(words: Iterable[str]) -> list[str]:
    """Without blanks, each once."""
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


def _customers(ctx: Context, numbers: Sequence[str]) -> dict[str, UUID]:
    found = customers_of(ctx.session, numbers)
    if unknown := [number for number in numbers if number not in found]:
        raise Refused("api_key.customer", f"No customer is called {' or '.join(f'“{each}”' for each in unknown)}.")
    return found


def revoke_api_key(command: RevokeApiKey, ctx: Context) -> Outcome:
    """Takes effect with the next request."""
    row = ctx.session.get(ApiKey, command.key_id, with_for_update=True)
    if row is None:
        raise NotFound("This API key")
    if row.revoked_at is not None:
        raise Refused("api_key.revoked", f"The key of {row.name} is revoked already.")
    row.revoked_at = ctx.now
    return Outcome({"id": str(row.id)}, (Note(f"Revoked the API key of {row.name}.", f"api_key:{row.id}"),))
