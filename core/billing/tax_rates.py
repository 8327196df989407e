"""Standard rates of tax on software as a service, per country or region, with the days from which they hold.

Sources: the rates that tax authorities publish (European Commission "Taxes in Europe", HMRC, CRA, ATO, the state
departments of revenue). Only the general rate of a state: local sales taxes are the business of a tax engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TaxRate:
    """`percent` of `taxable_percent` of the net amount, from `valid_from` until the next rate of the same place."""

    name: str
    percent: Decimal
    valid_from: date = date(2000, 1, 1)
    taxable_percent: Decimal = Decimal(100)


def _vat(*steps: tuple[str, str]) -> tuple[TaxRate, ...]:
    return tuple(TaxRate("VAT", Decimal(percent), date.fromisoformat(since)) for percent, since in steps)


EU_VAT: dict[str, tuple[TaxRate, ...]] = {
    "AT": _vat(("20", "2000-01-01")),
    "BE": _vat(("21", "2000-01-01")),
    "BG": _vat(("20", "2000-01-01")),
    "CY": _vat(("19", "2014-01-13")),
    "CZ": _vat(("21", "2013-01-01")),
    "DE": _vat(("19", "2007-01-01"), ("16", "2020-07-01"), ("19", "2021-01-01")),
    "DK": _vat(("25", "2000-01-01")),
    "EE": _vat(("20", "2009-07-01"), ("22", "2024-01-01"), ("24", "2025-07-01")),
    "ES": _vat(("21", "2012-09-01")),
    "FI": _vat(("24", "2013-01-01"), ("25.5", "2024-09-01")),
    "FR": _vat(("20", "2014-01-01")),
    "GR": _vat(("24", "2016-06-01")),
    "HR": _vat(("25", "2012-03-01")),
    "HU": _vat(("27", "2012-01-01")),
    "IE": _vat(("23", "2012-01-01")),
    "IT": _vat(("22", "2013-10-01")),
    "LT": _vat(("21", "2009-09-01")),
    "LU": _vat(("17", "2015-01-01"), ("16", "2023-01-01"), ("17", "2024-01-01")),
    "LV": _vat(("21", "2012-07-01")),
    "MT": _vat(("18", "2004-01-01")),
    "NL": _vat(("21", "2012-10-01")),
    "PL": _vat(("23", "2011-01-01")),
    "PT": _vat(("23", "2011-01-01")),
    "RO": _vat(("19", "2017-01-01"), ("21", "2025-08-01")),
    "SE": _vat(("25", "2000-01-01")),
    "SI": _vat(("22", "2013-07-01")),
    "SK": _vat(("20", "2011-01-01"), ("23", "2025-01-01")),
}

NATIONAL: dict[str, tuple[TaxRate, ...]] = EU_VAT | {
    "GB": _vat(("20", "2011-01-04")),
    "AU": (TaxRate("GST", Decimal(10)),),
}

# Harmonised sales tax where a province has joined it, the federal goods and services tax elsewhere.
_CA_GST = (TaxRate("GST", Decimal(5), date(2008, 1, 1)),)
CANADA: dict[str, tuple[TaxRate, ...]] = {
    "ON": (TaxRate("HST", Decimal(13), date(2010, 7, 1)),),
    "NB": (TaxRate("HST", Decimal(15), date(2016, 7, 1)),),
    "NL": (TaxRate("HST", Decimal(15), date(2016, 7, 1)),),
    "PE": (TaxRate("HST", Decimal(15), date(2016, 10, 1)),),
    "NS": (TaxRate("HST", Decimal(15), date(2010, 7, 1)), TaxRate("HST", Decimal(14), date(2025, 4, 1))),
    **dict.fromkeys(("AB", "BC", "MB", "NT", "NU", "QC", "SK", "YT"), _CA_GST),
}


def _sales(percent: str, since: str = "2000-01-01", taxable: str = "100") -> TaxRate:
    return TaxRate("Sales tax", Decimal(percent), date.fromisoformat(since), Decimal(taxable))


# States that tax software as a service sold to businesses; in the others it is not taxable.
UNITED_STATES: dict[str, tuple[TaxRate, ...]] = {
    "AZ": (_sales("5.6"),),
    "CT": (_sales("1"),),
    "DC": (_sales("6"),),
    "HI": (_sales("4"),),
    "KY": (_sales("6", "2023-01-01"),),
    "LA": (_sales("5", "2025-01-01"),),
    "MA": (_sales("6.25"),),
    "MD": (_sales("3", "2025-07-01"),),
    "NM": (_sales("5", "2022-07-01"), _sales("4.875", "2023-07-01")),
    "NY": (_sales("4"),),
    "OH": (_sales("5.75"),),
    "PA": (_sales("6"),),
    "RI": (_sales("7", "2018-10-01"),),
    "SC": (_sales("6"),),
    "SD": (_sales("4.5"), _sales("4.2", "2023-07-01")),
    "TN": (_sales("7"),),
    "TX": (_sales("6.25", taxable="80"),),
    "UT": (_sales("4.85"),),
    "WA": (_sales("6.5"),),
    "WV": (_sales("6"),),
}


def rate_on(rates: tuple[TaxRate, ...], day: date) -> TaxRate | None:
    """The rate in force on the day; None before the first."""
    return next((rate for rate in reversed(rates) if rate.valid_from <= day), None)
