"""How outside systems are called on screen and in the trail."""

from __future__ import annotations

TITLES = {
    "salesforce": "Salesforce",
    "stripe": "Stripe",
    "netsuite": "NetSuite",
    "mail": "E-mail",
    "avatax": "AvaTax",
    "import": "Import",
    "house": "Quittance",
}


def title_of(system: str) -> str:
    """'netsuite' becomes 'NetSuite'; an unknown system keeps its name with a capital."""
    return TITLES.get(system, system[:1].upper() + system[1:])
