"""The list of contracts."""

from __future__ import annotations

from uuid import UUID

import pandas as pd

from core.reporting.contracts import STATES, ContractRow
from pages.ui import badges, money
from pages.ui.tables import id_grid, untick

_GRID = "contracts_grid"
BILLERS = {"house": "Quittance", "stripe": "Stripe"}


def contract_grid(rows: tuple[ContractRow, ...]) -> UUID | None:
    """The contracts of one page; answers the one that was picked, once."""
    config = {
        "State": badges.state_column("State", (*STATES, "cannot_be_billed"), {"cannot_be_billed": "red"}, width=115),
        "From": badges.date_column("From"),
        "To": badges.date_column("To"),
        "Next bill": badges.date_column("Next bill"),
        "Expected": badges.amount_column("Expected", 100, "Of the next bill, before tax and usage"),
        "Renews": badges.text_column("Renews", 65),
    }
    ids = [row.id for row in rows]
    picked = id_grid(_frame(rows), ids, key=_GRID, column_config=config, selection="single", alt="Contracts")
    if not picked:
        return None
    untick(_GRID)
    return picked[0]


def _frame(rows: tuple[ContractRow, ...]) -> pd.DataFrame:
    table = [
        (
            row.number,
            row.customer_name,
            badges.cell("cannot_be_billed" if row.problem else row.status),
            row.starts_on,
            row.ends_on,
            "Yes" if row.auto_renews else "",
            badges.words(row.frequency or ""),
            BILLERS[row.billed_by],
            row.next_on,
            money.NOTHING if row.next_minor is None else money.amount(row.next_minor, row.currency),
            row.currency,
            row.entity,
        )
        for row in rows
    ]
    columns = ["Contract", "Customer", "State", "From", "To", "Renews", "Billed", "By", "Next bill", "Expected"]
    return pd.DataFrame(table, columns=[*columns, "Currency", "Entity"])
