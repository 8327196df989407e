"""States and provinces by which a country taxes, as addresses name them: by code (as in ISO 3166-2) or in words."""

from __future__ import annotations

from functools import cache

_STATES = (
    "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware, "
    "DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, "
    "KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, "
    "MS Mississippi, MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, "
    "NM New Mexico, NY New York, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, "
    "PA Pennsylvania, RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, "
    "VT Vermont, VA Virginia, WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming, AS American Samoa, "
    "GU Guam, MP Northern Mariana Islands, PR Puerto Rico, VI U.S. Virgin Islands, AA Armed Forces Americas, "
    "AE Armed Forces Europe, AP Armed Forces Pacific"
)
_PROVINCES = (
    "AB Alberta, BC British Columbia, MB Manitoba, NB New Brunswick, NL Newfoundland and Labrador, NS Nova Scotia, "
    "NT Northwest Territories, NU Nunavut, ON Ontario, PE Prince Edward Island, QC Quebec, SK Saskatchewan, YT Yukon"
)
# What a region is called, per country that taxes by region.
REGIONS = {"US": "state of the United States", "CA": "province of Canada"}


@cache
def _codes(country: str) -> dict[str, str]:
    told = {"US": _STATES, "CA": _PROVINCES}.get(country, "")
    pairs = (each.split(" ", 1) for each in told.split(", ") if each)
    return {spelling.upper(): code for code, name in pairs for spelling in (code, f"{country}-{code}", name)}


def region_code(country: str, region: str | None) -> str | None:
    """The code of the state or province that is meant; None when nothing is given, or nothing that we know."""
    return _codes(country).get(" ".join((region or "").upper().split()).replace("QUÉBEC", "QUEBEC"))
