"""The letterheads of our legal entities, as people write them."""

from __future__ import annotations

from core.audit.model import Note
from core.cases import store as cases
from core.db.tables import LegalEntity
from core.kit.errors import NotFound, Refused, Stale
from core.kit.tax_ids import is_valid_tax_id
from core.parties.model import LETTERHEAD
from core.parties.rules import email_finding, instructions_finding
from core.workflow.billing_commands import SaveEntity
from core.workflow.context import Context, Outcome
from core.workflow.deciding import decide
from core.workflow.permissions import check_entities


def save_entity(command: SaveEntity, ctx: Context) -> Outcome:
    """Invoices that are released from now on carry it; those that went out stay as they were sent."""
    check_entities(ctx.actor, [command.code])
    row = ctx.session.get(LegalEntity, command.code, with_for_update=True)
    if row is None:
        raise NotFound("This legal entity")
    if row.revision != command.revision:
        raise Stale(row.name)
    wished = {name: _tidy(getattr(command, name)) for name in LETTERHEAD}
    changed = [name for name in LETTERHEAD if (getattr(row, name) or None) != wished[name]]
    if not changed:
        raise Refused("entity.unchanged", "Nothing was changed.")
    _check(row, {name: wished[name] for name in changed})
    before = {name: getattr(row, name) for name in changed}
    for name in changed:
        setattr(row, name, wished[name])
    row.written = sorted({*row.written, *changed})
    row.revision += 1
    ctx.session.flush()
    decide(ctx, cases.documents_of_cause(ctx.session, [f"seller.incomplete:{row.code}"]))
    detail = {"before": before, "after": {name: wished[name] for name in changed}}
    told = ", ".join(name.replace("_id", " number").replace("_", " ") for name in changed)
    return Outcome({"code": row.code}, (Note(f"Changed the letterhead of {row.name}: {told}.", _of(row), detail),))


def _of(row: LegalEntity) -> str:
    return f"entity:{row.code}"


def _tidy(text: str | None) -> str | None:
    """Without what is empty: lines are kept, and the spaces around them are not."""
    return "\n".join(line.strip() for line in (text or "").splitlines() if line.strip()) or None


def _check(row: LegalEntity, changed: dict[str, str | None]) -> None:
    """Raises Refused for what must not go on paper."""
    findings = [
        email_finding(changed.get("email")),
        instructions_finding(changed.get("payment_instructions")),
        _tax_id_finding(row, changed.get("tax_id")),
    ]
    if found := " ".join(filter(None, findings)):
        raise Refused("entity.invalid", found)


def _tax_id_finding(row: LegalEntity, tax_id: str | None) -> str | None:
    if tax_id is None or is_valid_tax_id(row.country, tax_id):
        return None
    return f"“{tax_id}” is not a tax number of {row.country}: its form or its check digits do not fit."
