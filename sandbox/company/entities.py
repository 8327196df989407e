"""Legal entities, currencies and the tax rule of Halden Cloud."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegalEntity:
    code: str
    name: str
    subsidiary: int
    country: str
    currency: str
    weight: int
    """Share of the customers, in percent."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a legal entity resides, and the number under which its tax office knows it."""

    street: str
    city: str
    state: str | None
    zip: str
    tax_number: str


ENTITIES = (
    LegalEntity("US", "Halden Cloud Inc", 1, "US", "USD", 44),
    LegalEntity("CA", "Halden Cloud Canada Ltd", 2, "CA", "CAD", 10),
    LegalEntity("UK", "Halden Cloud UK Ltd", 3, "GB", "GBP", 14),
    LegalEntity("DE", "Halden Cloud GmbH", 4, "DE", "EUR", 13),
    LegalEntity("FR", "Halden Cloud SAS", 5, "FR", "EUR", 11),
    LegalEntity("AU", "Halden Cloud Pty Ltd", 6, "AU", "AUD", 8),
)
ENTITY = {entity.code: entity for entity in ENTITIES}
SEATS = {
    "US": Seat("548 Market Street", "San Francisco", "CA", "94104", "94-3214567"),
    "CA": Seat("320 Bay Street", "Toronto", "ON", "M5H 4A6", "834512600RT0001"),
    "UK": Seat("20 Farringdon Street", "London", None, "EC4A 4AB", "GB347100040"),
    "DE": Seat("Speicherstraße 12", "Hamburg", None, "20457", "DE314159262"),
    "FR": Seat("14 rue de la Bourse", "Paris", None, "75002", "FR71842915308"),
    "AU": Seat("88 Pitt Street", "Sydney", "NSW", "2000", "60 123 450 380"),
}
"""By code. The numbers have the right check digits and belong to nobody."""
CURRENCIES = ("USD", "CAD", "GBP", "EUR", "AUD")
CURRENCY_NAMES = {
    "USD": "US Dollar",
    "CAD": "Canadian Dollar",
    "GBP": "British Pound",
    "EUR": "Euro",
    "AUD": "Australian Dollar",
}
PRICE_PERCENT = {"USD": 100, "CAD": 135, "GBP": 80, "EUR": 92, "AUD": 150}
"""A list price in another currency, in percent of the price in dollars."""
USD_RATE = {"USD": 1_000_000, "CAD": 731_000, "GBP": 1_292_000, "EUR": 1_094_000, "AUD": 662_000}
"""One unit of the currency in millionths of a dollar, at the start of the window."""


@dataclass(frozen=True, slots=True)
class TaxRate:
    code: str
    basis_points: int
    name: str
    reason: str
    """Stripe's taxability_reason."""


NO_TAX = TaxRate("US-0", 0, "No sales tax", "not_collecting")
REVERSE = TaxRate("EU-RC", 0, "EU reverse charge", "reverse_charge")
TAX_RATES = (
    NO_TAX,
    TaxRate("CA-HST13", 1300, "HST Ontario 13%", "standard_rated"),
    TaxRate("CA-GST5", 500, "GST 5%", "standard_rated"),
    TaxRate("UK-VAT20", 2000, "VAT 20%", "standard_rated"),
    TaxRate("DE-VAT19", 1900, "USt 19%", "standard_rated"),
    TaxRate("FR-VAT20", 2000, "TVA 20%", "standard_rated"),
    TaxRate("AU-GST10", 1000, "GST 10%", "standard_rated"),
    REVERSE,
)
TAX_RATE = {rate.code: rate for rate in TAX_RATES}


def tax_rate(entity: str, country: str, state: str | None) -> TaxRate:
    """What the seller charges: domestic rate, reverse charge inside the EU, nothing in the US."""
    match entity:
        case "CA":
            return TAX_RATE["CA-HST13" if state == "ON" else "CA-GST5"]
        case "UK":
            return TAX_RATE["UK-VAT20"]
        case "DE":
            return TAX_RATE["DE-VAT19"] if country == "DE" else REVERSE
        case "FR":
            return TAX_RATE["FR-VAT20"] if country == "FR" else REVERSE
        case "AU":
            return TAX_RATE["AU-GST10"]
        case _:
            return NO_TAX
