"""Contract, invoice and ledger side by side, with the field that an exception is about marked. Pure.

Red (`must_fix`) is what a rule forbids; orange (`confirm`) is what looks wrong and a person has to judge.
What a person has waived stays marked as such (`waived`): whoever decides next must see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.kit.money import format_minor

Mark = Literal["must_fix", "confirm", "waived"]
Evidence = Mapping[str, Any]

# Exceptions where the facts may be right after all.
_JUDGED = frozenset({"amount.variance", "document.duplicate", "approval.rejected"})


@dataclass(frozen=True, slots=True)
class Compared:
    """One field in the three places; None = nothing there."""

    field: str
    agreed: str | None
    invoiced: str | None
    ledger: str | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What an exception's evidence says of one field."""

    field: str
    agreed: str | None
    invoiced: str | None
    ledger: str | None = None


def compare(
    code: str, evidence: Evidence, currency: str, known: tuple[Compared, ...], *, is_waived: bool = False
) -> tuple[Compared, ...]:
    """`known` with the fields of the evidence put in and marked; those come first."""
    mark: Mark = "waived" if is_waived else "confirm" if code in _JUDGED else "must_fix"
    told = _TELLERS[code](evidence, currency) if code in _TELLERS else ()
    by_field = {row.field: row for row in known}
    marked = tuple(_marked(by_field.get(each.field), each, mark) for each in told)
    named = {row.field for row in marked}
    return (*marked, *(row for row in known if row.field not in named))


def _marked(row: Compared | None, told: Told, mark: Mark) -> Compared:
    if row is None:
        return Compared(told.field, told.agreed, told.invoiced, told.ledger, mark)
    return Compared(
        row.field, told.agreed or row.agreed, told.invoiced or row.invoiced, told.ledger or row.ledger, mark
    )


def _text(value: Any) -> str | None:
    """A value of the evidence as people read it; decimals without trailing zeros."""
    if value is None or value == "":
        return None
    text = str(value)
    is_decimal = text.replace(".", "", 1).isdigit() and "." in text
    return text.rstrip("0").rstrip(".") if is_decimal else text


def _money(evidence: Evidence, key: str, currency: str) -> str | None:
    value = evidence.get(key)
    return None if value is None else f"{currency} {format_minor(int(value), currency)}"


def _plain(field: str, agreed: str, invoiced: str) -> Callable[[Evidence, str], tuple[Told, ...]]:
    """A teller for two keys of the evidence."""

    def tell(evidence: Evidence, _: str) -> tuple[Told, ...]:
        return (Told(field, _text(evidence.get(agreed)), _text(evidence.get(invoiced))),)

    return tell


def _of_product(words: str, agreed: str, invoiced: str) -> Callable[[Evidence, str], tuple[Told, ...]]:
    def tell(evidence: Evidence, _: str) -> tuple[Told, ...]:
        field = f"{words} · {evidence.get('product') or 'no product code'}"
        return (Told(field, _text(evidence.get(agreed)), _text(evidence.get(invoiced))),)

    return tell


def _of_money(field: str, agreed: str | None, invoiced: str, ledger: str | None = None) -> Callable[..., Any]:
    def tell(evidence: Evidence, currency: str) -> tuple[Told, ...]:
        return (
            Told(
                field,
                _money(evidence, agreed, currency) if agreed else None,
                _money(evidence, invoiced, currency),
                _money(evidence, ledger, currency) if ledger else None,
            ),
        )

    return tell


def _term(evidence: Evidence, _: str) -> tuple[Told, ...]:
    until = evidence.get("ends_on") or "open"
    agreed = f"{evidence.get('starts_on')} – {until} ({evidence.get('status')})"
    return (Told("Period", agreed, f"from {evidence.get('billed_from')}"),)


def _hold(_: Evidence, __: str) -> tuple[Told, ...]:
    return (Told("Customer", "On credit hold", None),)


def _stranger(_: Evidence, __: str) -> tuple[Told, ...]:
    return (Told("Customer", "Not linked to an account", None),)


def _entity(evidence: Evidence, _: str) -> tuple[Told, ...]:
    return (Told("Legal entity", "Not one of ours", _text(evidence.get("entity")) or "None given"),)


def _item(evidence: Evidence, _: str) -> tuple[Told, ...]:
    product = _text(evidence.get("product")) or "no code"
    return (Told("Product", None, product, "No such item"),)


def _twin(evidence: Evidence, currency: str) -> tuple[Told, ...]:
    return (
        Told("Same as", None, f"Invoice {evidence.get('twin')}"),
        Told("Total", _money(evidence, "twin_total_minor", currency), _money(evidence, "total_minor", currency)),
    )


def _early(evidence: Evidence, _: str) -> tuple[Told, ...]:
    return (Told("Due date", f"Not before {evidence.get('issue_date')}", _text(evidence.get("due_date"))),)


def _refused(evidence: Evidence, _: str) -> tuple[Told, ...]:
    return (Told("Posting", None, f"Dated {evidence.get('dated')}", "Refused"),)


def _rejected(evidence: Evidence, _: str) -> tuple[Told, ...]:
    return (Told("Approval", _text(evidence.get("asked_because")), f"Rejected: {evidence.get('note')}"),)


_TELLERS: dict[str, Callable[[Evidence, str], tuple[Told, ...]]] = {
    "customer.unknown": _stranger,
    "customer.on_hold": _hold,
    "address.missing": _plain("Billing address", "crm_address", "invoice_address"),
    "entity.unknown": _entity,
    "mapping.item_missing": _item,
    "contract.missing": _plain("Contract", "contract_in_crm", "contract_on_invoice"),
    "contract.not_active": _term,
    "currency.mismatch": _plain("Currency", "contract", "invoice"),
    "terms.drift": _plain("Terms in days", "contract_terms_days", "invoice_terms_days"),
    "price.outdated": _of_product("Price per unit and month", "contract_price", "billed_price"),
    "seats.outdated": _of_product("Quantity", "contract_quantity", "billed_quantity"),
    "charge.missing": _of_product("Quantity", "contract_quantity", "billed_quantity"),
    "charge.extra": _of_product("Quantity", "contract_quantity", "billed_quantity"),
    "discount.wrong": _of_money("Discount", "agreed_minor", "given_minor"),
    "discount.expired": _of_money("Discount", "agreed_minor", "given_minor"),
    "amount.variance": _of_money("Before tax", "usual_minor", "subtotal_minor"),
    "po.missing": _plain("Purchase order", "contract_po", "invoice_po"),
    "tax_id.missing": _plain("Tax id", "crm_tax_id", "invoice_tax_id"),
    "tax_id.invalid": _plain("Tax id", "crm_tax_id", "invoice_tax_id"),
    "tax.mismatch": _of_money("Tax", "expected_tax_minor", "billed_tax_minor"),
    "document.duplicate": _twin,
    "total.broken": _of_money("Total", "lines_minor", "total_minor"),
    "due_date.early": _early,
    "credit.no_reason": _plain("Reason", "-", "reason"),
    "credit.unknown_invoice": _plain("Corrects", "-", "-"),
    "posting.rejected": _refused,
    "posting.total_mismatch": _of_money("Total", None, "ours_minor", "ledger_minor"),
    "approval.rejected": _rejected,
}
