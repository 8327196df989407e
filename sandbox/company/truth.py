"""The labels of the planted discrepancies, kept in one file beside the emulators."""

import json
from pathlib import Path
from typing import Any

from .model import Flaw, Invoice, World
from .stripe_ids import invoice_id

FILE = "truth.json"


def truth(folder: Path) -> list[dict[str, Any]]:
    """All labels so far; empty before the company was generated."""
    path = folder / FILE
    return list(json.loads(path.read_text())) if path.exists() else []


def label(seed: int, flaw: Flaw, invoice: Invoice) -> dict[str, Any]:
    return {
        "kind": flaw.kind,
        "system": "stripe",
        "external_id": invoice_id(seed, invoice),
        "number": invoice.number,
        "detail": flaw.detail,
        "money_minor": flaw.money_minor,
        "currency": invoice.currency,
        "deterministic": flaw.deterministic,
    }


def write_truth(folder: Path, made: World) -> None:
    keep(folder / FILE, [label(made.seed, flaw, made.invoices[flaw.invoice]) for flaw in made.flaws])


def add_truth(folder: Path, entry: dict[str, Any]) -> None:
    keep(folder / FILE, [*truth(folder), entry])


def keep(path: Path, content: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    fresh.replace(path)
