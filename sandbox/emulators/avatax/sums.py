"""What a transaction bears: addresses checked, then every line under every jurisdiction, then the totals."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.emulators.avatax.answers import Refused, required
from sandbox.emulators.avatax.rates import BY_POSTAL_CODE, STATES, Jurisdiction, jurisdictions

Doc = dict[str, Any]
CENT = Decimal("0.01")
NOTHING = Decimal(0)
# Currencies that have no cents.
WHOLE = ("JPY", "KRW", "VND", "CLP")


def checked(model: Doc) -> Doc:
    """The model with what AvaTax fills in; Refused says what is missing or wrong."""
    for field in ("companyCode", "customerCode", "date", "lines"):
        if not model.get(field):
            raise required(field)
    for field in ("code", "customerCode"):
        if len(str(model.get(field) or "")) > 50:
            raise Refused(400, "StringLengthError", f"Field {field} must be at most 50 characters.", field)
    try:
        date.fromisoformat(str(model["date"])[:10])
    except ValueError:
        raise Refused(400, "DateFormatError", "The date is not in the format YYYY-MM-DD.", "date") from None
    for line in model["lines"]:
        if not isinstance(line.get("amount"), int | Decimal):
            raise required("lines.amount")
    return model | {"type": model.get("type") or "SalesOrder", "currencyCode": model.get("currencyCode") or "USD"}


def destination(model: Doc) -> Doc:
    """Where it is sold, its state found by the postal code where that is all that is said."""
    addresses = model.get("addresses") or {}
    single = addresses.get("singleLocation")
    if single and len(addresses) > 1:
        raise Refused(400, "AddressConflictException", "A single location excludes other addresses.", "addresses")
    found = single or addresses.get("shipTo")
    if not found or not found.get("country"):
        raise Refused(400, "MissingAddress", "An address is incomplete: there is no country.", "addresses")
    return {**found, "region": _region(found)} if found["country"] == "US" else dict(found)


def _region(address: Mapping[str, Any]) -> str:
    said, code = str(address.get("region") or "").upper(), str(address.get("postalCode") or "")
    by_code = BY_POSTAL_CODE.get(code[:3])
    if said and said not in STATES and by_code is None:
        raise Refused(400, "InvalidAddress", f"The address is not valid: region {said} is unknown.", "region")
    if said in STATES and by_code not in (None, said):
        told = f"The address is not valid: postal code {code} does not lie in {said}."
        raise Refused(400, "InvalidAddress", told, "postalCode")
    region = said if said in STATES else by_code
    if region is None:
        told = "The address value was incomplete: give a region or a postal code."
        raise Refused(400, "InvalidAddress", told, "addresses")
    return region


def worked_out(model: Doc, nexus: frozenset[str]) -> Doc:
    """Lines, summary and totals of a checked model."""
    place = destination(model)
    where = jurisdictions(place["region"], str(place.get("postalCode") or "")) if _collects(place, nexus) else ()
    digits = Decimal(1) if model["currencyCode"] in WHOLE else CENT
    is_exempt = bool(model.get("exemptionNo"))
    lines = [
        _line(number, line, where, (place, digits, is_exempt)) for number, line in enumerate(model["lines"], start=1)
    ]
    return {
        "totalAmount": _sum(line["lineAmount"] for line in lines),
        "totalExempt": _sum(line["exemptAmount"] for line in lines),
        "totalDiscount": NOTHING,
        "totalTax": _sum(line["tax"] for line in lines),
        "totalTaxable": _sum(line["taxableAmount"] for line in lines),
        "totalTaxCalculated": _sum(line["tax"] for line in lines),
        "lines": lines,
        "summary": _summary(lines),
    }


def _collects(place: Mapping[str, Any], nexus: frozenset[str]) -> bool:
    """Without nexus the tax is 0, and nothing says so."""
    return place["country"] == "US" and place["region"] in nexus


def _line(
    number: int, line: Doc, where: tuple[Jurisdiction, ...], around: tuple[Mapping[str, Any], Decimal, bool]
) -> Doc:
    place, digits, is_exempt = around
    amount = Decimal(line["amount"])
    share = STATES[place["region"]].taxable if where and not is_exempt else NOTHING
    taxable = (amount * share).quantize(digits, ROUND_HALF_UP)
    details = _overridden([_detail(each, place["region"], amount, taxable) for each in where], line, digits)
    tax = _sum(detail["tax"] for detail in details)
    return {
        "id": number,
        "lineNumber": str(line.get("number") or number),
        "lineAmount": amount,
        "quantity": Decimal(line.get("quantity") or 1),
        "taxableAmount": taxable,
        "exemptAmount": amount - taxable,
        "tax": tax,
        "taxCalculated": tax,
        "taxCode": line.get("taxCode") or "P0000000",
        "itemCode": line.get("itemCode"),
        "description": line.get("description"),
        "taxIncluded": False,
        "details": details,
    }


def _overridden(details: list[Doc], line: Doc, digits: Decimal) -> list[Doc]:
    """Tax that was charged elsewhere is recorded as it was, shared out in proportion of what would be due."""
    override = line.get("taxOverride") or {}
    if override.get("type") != "TaxAmount" or not details:
        return details
    rest, due = Decimal(override["taxAmount"]), _sum(detail["tax"] for detail in details)
    for detail in details[:-1]:
        share = detail["tax"] / due if due else NOTHING
        detail["tax"] = (Decimal(override["taxAmount"]) * share).quantize(digits, ROUND_HALF_UP)
        rest -= detail["tax"]
    details[-1]["tax"] = rest
    return details


def _detail(where: Jurisdiction, region: str, amount: Decimal, taxable: Decimal) -> Doc:
    digits = Decimal(1).scaleb(taxable.as_tuple().exponent)  # type: ignore[arg-type]
    tax = (taxable * where.rate).quantize(digits, ROUND_HALF_UP)
    return {
        "country": "US",
        "region": region,
        "jurisType": where.kind,
        "jurisCode": where.code,
        "jurisName": where.name,
        "rate": where.rate,
        "taxableAmount": taxable,
        "nonTaxableAmount": amount - taxable,
        "tax": tax,
        "taxCalculated": tax,
        "taxName": where.tax_name,
        "taxType": "Sales",
    }


def _summary(lines: list[Doc]) -> list[Doc]:
    """Per jurisdiction over all lines."""
    found: dict[tuple[str, str], Doc] = {}
    for detail in (each for line in lines for each in line["details"]):
        key = (detail["jurisType"], detail["jurisCode"])
        names = ("country", "region", "jurisType", "jurisCode", "jurisName", "rate", "taxName", "taxType")
        zeros = dict.fromkeys(("taxable", "nonTaxable", "tax", "taxCalculated", "exemption"), NOTHING)
        row = found.setdefault(key, {name: detail[name] for name in names} | zeros)
        row["taxable"] += detail["taxableAmount"]
        row["nonTaxable"] += detail["nonTaxableAmount"]
        row["tax"] += detail["tax"]
        row["taxCalculated"] += detail["tax"]
    return list(found.values())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)
