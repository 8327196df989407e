"""Where the company of the sandbox collects, and what software as a service bears there: state and local taxes.

Rates are of late 2026, shortened to a few places; what share of the amount is taxable differs by state.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Jurisdiction:
    """`kind`: STA, CIT or STJ (a special district)."""

    kind: str
    code: str
    name: str
    rate: Decimal
    tax_name: str


@dataclass(frozen=True)
class State:
    """`taxable`: share of the amount of software that is taxed; 0 where it is not taxable."""

    code: str
    name: str
    rate: Decimal
    taxable: Decimal


def _state(code: str, name: str, rate: str, taxable: str = "0") -> State:
    return State(code, name, Decimal(rate), Decimal(taxable))


STATES: dict[str, State] = {
    "AZ": _state("04", "ARIZONA", "0.056", "1"),
    "CA": _state("06", "CALIFORNIA", "0.06"),
    "CO": _state("08", "COLORADO", "0.029"),
    "CT": _state("09", "CONNECTICUT", "0.01", "1"),
    "FL": _state("12", "FLORIDA", "0.06"),
    "GA": _state("13", "GEORGIA", "0.04"),
    "IL": _state("17", "ILLINOIS", "0.0625"),
    "MA": _state("25", "MASSACHUSETTS", "0.0625", "1"),
    "MI": _state("26", "MICHIGAN", "0.06"),
    "NC": _state("37", "NORTH CAROLINA", "0.0475"),
    "NJ": _state("34", "NEW JERSEY", "0.06625"),
    "NY": _state("36", "NEW YORK", "0.04", "1"),
    "OH": _state("39", "OHIO", "0.0575", "1"),
    "OR": _state("41", "OREGON", "0"),
    "PA": _state("42", "PENNSYLVANIA", "0.06", "1"),
    "TN": _state("47", "TENNESSEE", "0.07", "1"),
    "TX": _state("48", "TEXAS", "0.0625", "0.8"),
    "UT": _state("49", "UTAH", "0.0485", "1"),
    "VA": _state("51", "VIRGINIA", "0.043"),
    "WA": _state("53", "WASHINGTON", "0.065", "1"),
}


def _local(kind: str, code: str, name: str, rate: str) -> Jurisdiction:
    words = {"CIT": "CITY TAX", "STJ": "SPECIAL TAX", "CTY": "COUNTY TAX"}
    return Jurisdiction(kind, code, name, Decimal(rate), words[kind])


# By state and the first three digits of the postal code.
LOCAL: dict[tuple[str, str], tuple[Jurisdiction, ...]] = {
    ("TX", "787"): (_local("CIT", "05000", "AUSTIN", "0.01"), _local("STJ", "6000814", "AUSTIN MTA", "0.01")),
    ("TX", "770"): (_local("CIT", "35000", "HOUSTON", "0.01"), _local("STJ", "6000803", "HOUSTON MTA", "0.01")),
    ("TX", "752"): (_local("CIT", "19000", "DALLAS", "0.01"), _local("STJ", "6000812", "DALLAS MTA", "0.01")),
    ("NY", "100"): (_local("CIT", "51000", "NEW YORK CITY", "0.045"), _local("STJ", "359071", "MCTD", "0.00375")),
    ("NY", "112"): (_local("CIT", "51000", "NEW YORK CITY", "0.045"), _local("STJ", "359071", "MCTD", "0.00375")),
    ("PA", "191"): (_local("CIT", "60000", "PHILADELPHIA", "0.02"),),
    ("WA", "981"): (_local("CIT", "63000", "SEATTLE", "0.0385"),),
}

# The state of a postal code, where the address does not say it.
BY_POSTAL_CODE: dict[str, str] = {
    "787": "TX", "770": "TX", "752": "TX", "100": "NY", "112": "NY", "191": "PA", "981": "WA",
    "021": "MA", "606": "IL", "331": "FL", "802": "CO", "900": "CA", "941": "CA", "972": "OR",
}  # fmt: skip


def jurisdictions(region: str, postal_code: str) -> tuple[Jurisdiction, ...]:
    """The state and what lies in it, the state first."""
    state = STATES[region]
    whole = Jurisdiction("STA", state.code, state.name, state.rate, f"{region} STATE TAX")
    local = tuple(
        Jurisdiction(each.kind, each.code, each.name, each.rate, f"{region} {each.tax_name}")
        for each in LOCAL.get((region, postal_code[:3]), ())
    )
    return (whole, *local)
