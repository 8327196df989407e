"""How many planted discrepancies are found, and how many exceptions are not about one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from benchmarks.figure import Measured
from benchmarks.stage import house, sandbox, store
from core.db.tables import Case, Document
from core.policies.rules import decision_table
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import ReleasePolicy
from jobs.once import deliver_due
from jobs.pull_all import pull_all

SCALE, PORT = "0.25", 8710

# Which finding is the right one for a planted kind.
EXPECTED: dict[str, frozenset[str]] = {
    "price_outdated": frozenset({"price.outdated"}),
    "seats_outdated": frozenset({"seats.outdated"}),
    "discount_wrong": frozenset({"discount.wrong"}),
    "discount_expired": frozenset({"discount.expired"}),
    "po_missing": frozenset({"po.missing"}),
    "tax_id_missing": frozenset({"tax_id.missing"}),
    "tax_mismatch": frozenset({"tax.mismatch"}),
    "duplicate_invoice": frozenset({"document.duplicate"}),
    "terms_drift": frozenset({"terms.drift"}),
    "currency_mismatch": frozenset({"currency.mismatch"}),
    "charge_missing": frozenset({"charge.missing"}),
    "charge_extra": frozenset({"charge.extra"}),
    "contract_expired": frozenset({"contract.not_active"}),
    "contract_unknown": frozenset({"contract.missing"}),
    "customer_unknown": frozenset({"customer.unknown"}),
    "address_missing": frozenset({"address.missing"}),
    "customer_on_hold": frozenset({"customer.on_hold"}),
    "posting_period_locked": frozenset({"posting.rejected"}),
    "item_unmapped": frozenset({"mapping.item_missing"}),
    "amount_spike": frozenset({"amount.variance", "usage.spike"}),
}


@dataclass(frozen=True, slots=True)
class Score:
    """Planted and found documents; `strays` are documents with an exception and nothing planted, by code."""

    planted: int
    found: int
    missed: Counter[str]
    with_case: int
    strays: Counter[str]


def score(runtime: Runtime, truth: list[dict[str, object]]) -> Score:
    """Holds the cases against the ground truth; only what a deterministic rule can see must be found."""
    codes = _codes_by_ref(runtime)
    planted = {str(row["external_id"]): str(row["kind"]) for row in truth}
    sure = {str(row["external_id"]): str(row["kind"]) for row in truth if row["deterministic"]}
    missed = Counter(kind for ref, kind in sure.items() if not EXPECTED[kind] & codes.get(ref, frozenset()))
    strays = Counter(code for ref, found in codes.items() if ref not in planted for code in found)
    hits = sum(1 for ref in codes if ref in planted)
    return Score(
        len(sure), len(sure) - missed.total(), missed, hits + sum(1 for r in codes if r not in planted), strays
    )


def _codes_by_ref(runtime: Runtime) -> dict[str, frozenset[str]]:
    statement = select(Document.source_ref, Case.code).join(Case, Case.document_id == Document.id)
    found: dict[str, set[str]] = {}
    with runtime.reading() as session:
        for ref, code in session.execute(statement.where(Document.kind == "invoice")):
            found.setdefault(ref, set()).add(code)
    return {ref: frozenset(codes) for ref, codes in found.items()}


def _let_everything_through(runtime: Runtime) -> None:
    """What waits for a person's approval never reaches the ledger, whose own objections are to be scored too."""
    rows: list[tuple[str, ...]] = [("B1", "", "[]", "0", "'Measured without approvals'")]
    model = decision_table("approval", ["kind"], ["roles", "due_hours", "reason"], rows)
    execute(runtime, ReleasePolicy(name="approval", model=model, effective_from=runtime.today()), job("benchmark"))


def run() -> list[Measured]:
    """Recall over deterministic plants, precision over documents with an exception."""
    with sandbox(SCALE, PORT) as outside, store() as runtime:
        _let_everything_through(runtime)
        connected = house(runtime, outside.systems)
        pull_all(runtime, connected.sources)
        deliver_due(connected)
        result = score(runtime, outside.admin("stripe", "truth"))
    recall = result.found / result.planted
    wrong = result.strays.total()
    precision = 1 - wrong / result.with_case
    return [
        Measured("detection_planted", result.planted, "documents", "> 0", result.planted > 0),
        Measured("detection_recall", recall, "share", "= 1", recall == 1.0),
        Measured("detection_precision", precision, "share", ">= 0.95", precision >= 0.95),
    ]
