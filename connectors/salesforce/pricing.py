"""How an order line is priced, from Salesforce's words to ours. Pure; what cannot be read is told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from connectors.salesforce.shapes import OrderItem
from connectors.shapes import faults_of, whole
from core.canonical import ChargeTerms, EntityShare, RampStep, Tier
from core.canonical.charges import flaw_of

KINDS = {
    "Recurring": "recurring",
    "Usage": "usage",
    "One-Time": "one_off",
    "Milestone": "milestone",
    "Credit": "credit",
}
MODELS = {
    "Flat": "flat",
    "Per Unit": "per_unit",
    "Package": "package",
    "Volume": "volume",
    "Graduated": "graduated",
}
TIMINGS = {"Advance": "advance", "Arrears": "arrears"}
PRORATIONS = {"Daily": "daily", "None": "none"}
Part = TypeVar("Part", bound=BaseModel)


def charge_of(found: OrderItem) -> ChargeTerms:
    """The terms of a line; what is left empty has the house's defaults. Raises ValueError with a readable sentence."""
    stated: dict[str, Any] = {
        "kind": word(found.Charge_Type__c, KINDS, "kind of charge"),
        "pricing": word(found.Pricing_Model__c, MODELS, "pricing model"),
        "timing": word(found.Billing_Timing__c, TIMINGS, "billing timing"),
        "proration": word(found.Proration__c, PRORATIONS, "way of proration"),
        "frequency_months": whole(found.Billing_Frequency_Months__c, "Billing_Frequency_Months__c"),
        "tiers": _parts(found.Price_Tiers__c, Tier, "price tiers"),
        "package_size": found.Package_Size__c,
        "ramp": _parts(found.Ramp__c, RampStep, "ramp"),
        "meter": found.Meter__c,
        "included_quantity": found.Included_Quantity__c,
        "minimum_amount": found.Minimum_Amount__c,
        "commit_amount": found.Commit_Amount__c,
        "free_until": found.Free_Until__c,
        "discount_percent": found.Discount_Percent__c,
        "discount_ends_on": found.Discount_End_Date__c,
        "milestone_on": found.Milestone_Date__c,
        "shares": _parts(found.Entity_Shares__c, EntityShare, "entity shares"),
    }
    terms = ChargeTerms(**{name: value for name, value in stated.items() if value is not None})
    flaw = flaw_of(terms) or next((sentence for is_wrong, sentence in _FLAWS if is_wrong(terms)), None)
    if flaw:
        raise ValueError(f"The line for {found.Product_Code__c} {flaw}")
    return terms


def word(given: str | None, known: Mapping[str, str], what: str) -> str | None:
    """Ours for one of theirs; None when nothing is stated."""
    if given is None:
        return None
    if given not in known:
        raise ValueError(f"“{given}” is not a {what} that we know ({', '.join(known)})")
    return known[given]


def _parts(text: str | None, shape: type[Part], what: str) -> tuple[Part, ...] | None:
    """A list kept as JSON text in one field."""
    if not text:
        return None
    try:
        content = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        raise ValueError(f"The {what} are not readable as JSON") from None
    if not isinstance(content, list):
        raise ValueError(f"The {what} should be a list")
    try:
        return tuple(shape.model_validate(each) for each in content)
    except ValidationError as problem:
        raise ValueError(f"The {what} do not fit: {faults_of(problem)}") from None


def _is_out_of_order(terms: ChargeTerms) -> bool:
    """Tiers go up, and only the last may be without an end."""
    ends = [tier.up_to for tier in terms.tiers]
    bounded = [end for end in ends[:-1] if end is not None]
    if len(bounded) < len(ends) - 1:
        return True
    rising = bounded if not ends or ends[-1] is None else [*bounded, ends[-1]]
    return any(later <= earlier for earlier, later in pairwise(rising))


_FLAWS: tuple[tuple[Callable[[ChargeTerms], bool], str], ...] = (
    (lambda t: t.pricing in ("volume", "graduated") and not t.tiers, "is priced by tiers but states none"),
    (_is_out_of_order, "has price tiers that do not go up one by one"),
    (lambda t: t.pricing == "package" and not (t.package_size or 0) > 0, "is sold in packages of no stated size"),
    (lambda t: t.kind == "usage" and not t.meter, "is for usage but names no meter"),
    (lambda t: t.kind == "milestone" and t.milestone_on is None, "is due at a milestone without a date"),
)
