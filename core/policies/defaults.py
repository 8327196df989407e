"""The policies a new house starts with; each becomes version 1 and can be replaced by a later version."""

from __future__ import annotations

from typing import Any

from core.policies.rules import decision_table


def default_policies() -> dict[str, dict[str, Any]]:
    return {"approval": _approval(), "routing": _routing(), "tolerance": _tolerance()}


def _approval() -> dict[str, Any]:
    """Amounts in major units of the reporting currency. No role = straight through."""
    return decision_table(
        "approval",
        ["kind", "amount", "discount_percent", "terms_days"],
        ["roles", "due_hours", "reason"],
        [
            ("A1", "'credit_memo'", ">= 10000", "", "", "['controller']", "24", "'Credit of 10,000 or more'"),
            (
                "A2",
                "'credit_memo'",
                "",
                "",
                "",
                "['approver']",
                "24",
                "'Every credit memo is agreed by a second person'",
            ),
            ("A3", "", ">= 100000", "", "", "['approver', 'controller']", "24", "'Amount of 100,000 or more'"),
            ("A4", "", ">= 20000", "", "", "['approver']", "24", "'Amount of 20,000 or more'"),
            ("A5", "", ">= 5000", ">= 25", "", "['approver']", "24", "'Discount of 25 % or more on 5,000 or more'"),
            ("A6", "", ">= 5000", "", "> 60", "['approver']", "48", "'Terms over 60 days on 5,000 or more'"),
            ("A9", "", "", "", "", "[]", "0", "'Within policy'"),
        ],
    )


def _routing() -> dict[str, Any]:
    """Which queue an exception goes to, and within how many hours it should be settled."""
    return decision_table(
        "routing",
        ["type", "stake"],
        ["queue", "due_hours"],
        [
            ("R1", "'integration'", "", "'Integrations'", "8"),
            ("R2", "'posting'", "", "'Ledger'", "8"),
            ("R3", "'tax'", ">= 10000", "'Tax'", "8"),
            ("R4", "'tax'", "", "'Tax'", "24"),
            ("R5", "'master_data'", "", "'Master data'", "24"),
            ("R6", "'purchase_order'", "", "'Order desk'", "48"),
            ("R7", "'pricing'", ">= 10000", "'Billing'", "8"),
            ("R8", "'approval'", "", "'Billing'", "24"),
            ("R9", "", "", "'Billing'", "24"),
        ],
    )


def _tolerance() -> dict[str, Any]:
    """Differences up to `minor` minor units, or up to `percent` of the expected amount, are not reported."""
    return decision_table(
        "tolerance",
        ["code"],
        ["minor", "percent"],
        [
            ("T1", "'price.outdated'", "1", "0"),
            ("T2", "'tax.mismatch'", "2", "0"),
            ("T3", "'amount.variance'", "5000", "75"),
            ("T4", "'terms.drift'", "0", "0"),
            ("T5", "'drift.sold'", "100", "1"),
            ("T9", "", "0", "0"),
        ],
    )
