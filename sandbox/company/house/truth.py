"""The labels of the planted billing errors, in a file of their own beside those of the invoices."""

import json
from pathlib import Path
from typing import Any

from .model import Label

FILE = "billing_truth.json"


def billing_truth(folder: Path) -> list[dict[str, Any]]:
    path = folder / FILE
    return list(json.loads(path.read_text())) if path.exists() else []


def entry(label: Label, currency: str | None, references: list[str]) -> dict[str, Any]:
    """`codes`: the exceptions of which one has to be there; none for what no rule must find. `leak_minor`: what is
    billed too little (negative: too much), net of tax, in `currency`; `sold_minor`: what was sold and is in no
    contract."""
    return {
        "kind": label.kind,
        "contract": label.number or None,
        "subject": label.subject,
        "references": references,
        "detail": label.detail,
        "codes": list(label.codes),
        "deterministic": bool(label.codes),
        "leak_minor": label.leak,
        "sold_minor": label.sold,
        "currency": currency,
    }
