"""What may be done with an exception, and which facts of its document can be put right. Roles are the door's matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from core.cases.model import NEVER_WAIVED
from core.documents.model import UNDECIDED

Action = Literal["assign", "waive", "correct", "check_again", "resolve"]

# Facts of the invoice that a correction may settle, by finding code.
_CORRECTABLE: dict[str, tuple[str, ...]] = {
    "po.missing": ("po_number",),
    "tax_id.missing": ("tax_id",),
    "address.missing": ("bill_to",),
    "terms.drift": ("due_date", "contract_number"),
    "due_date.early": ("due_date",),
    "contract.missing": ("contract_number",),
    "contract.not_active": ("contract_number",),
    "currency.mismatch": ("contract_number",),
    "price.outdated": ("contract_number",),
    "seats.outdated": ("contract_number",),
    "discount.wrong": ("contract_number",),
    "discount.expired": ("contract_number",),
    "charge.missing": ("contract_number",),
    "charge.extra": ("contract_number",),
    "document.duplicate": ("contract_number",),
    "approval.rejected": ("po_number", "tax_id", "due_date", "contract_number", "bill_to"),
}
# What the watch finds and a person may accept as it is: it is not told again at the same amount.
_ACCEPTABLE = frozenset({"sale.uncontracted", "drift.sold"})
FIELD_WORDS = {
    "po_number": "Purchase order",
    "tax_id": "Tax id",
    "due_date": "Due date",
    "contract_number": "Contract",
    "bill_to": "Billing address",
}


@dataclass(frozen=True, slots=True)
class CorrectableField:
    """A fact that may be corrected: as it is, and what the contract or the CRM suggests."""

    name: str
    words: str
    present: str | date | None
    proposal: str | date | None
    is_date: bool


def available_actions(state: str, document_state: str | None, *, code: str, is_blocking: bool) -> frozenset[Action]:
    """By the states of the exception and its document; a document that is decided is not corrected any more."""
    if state != "open":
        return frozenset()
    if document_state in UNDECIDED:
        found: set[Action] = {"assign", "check_again"}
        found |= set() if code in NEVER_WAIVED else {"waive"}
        found |= {"correct"} if code in _CORRECTABLE else set()
        found |= set() if is_blocking else {"resolve"}
        return frozenset(found)
    if code in _ACCEPTABLE:
        return frozenset({"assign", "resolve", "waive"})
    return frozenset({"assign", "resolve"})


def correctable_fields(code: str, document: Any, evidence: Mapping[str, Any]) -> tuple[CorrectableField, ...]:
    """The fields of `document` that a correction of `code` is about."""
    proposals = _proposals(document, evidence)
    return tuple(
        CorrectableField(
            name, FIELD_WORDS[name], getattr(document, name), proposals.get(name), is_date=name == "due_date"
        )
        for name in _CORRECTABLE.get(code, ())
    )


def _proposals(document: Any, evidence: Mapping[str, Any]) -> dict[str, str | date | None]:
    days = evidence.get("contract_terms_days")
    return {
        "po_number": evidence.get("contract_po"),
        "tax_id": evidence.get("crm_tax_id"),
        "due_date": document.issue_date + timedelta(days=int(days)) if days is not None else None,
    }
