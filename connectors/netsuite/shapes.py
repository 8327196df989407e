"""What SuiteQL sends, with the columns we ask for: every value is text, and nulls are left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator

from connectors.shapes import Day, Number, Shape


def _moment(text: object) -> object:
    """Stamps are asked for as text without a zone; the integration user's zone is UTC."""
    if not isinstance(text, str):
        return text
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


Stamp = Annotated[datetime, BeforeValidator(_moment)]


class Subsidiary(Shape):
    """`externalid` holds our code of the legal entity where it differs from the country; its main address is joined."""

    id: str
    name: str
    country: str
    currency: str
    externalid: str | None = None
    email: str | None = None
    # The number of the tax office: in Europe the VAT id.
    federalidnumber: str | None = None
    addr1: str | None = None
    addr2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None


class Item(Shape):
    id: str
    itemid: str
    displayname: str | None = None


class Customer(Shape):
    id: str
    entityid: str
    companyname: str | None = None
    email: str | None = None
    externalid: str | None = None
    currency: str | None = None


class CurrencyRate(Shape):
    id: str
    base: str
    currency: str
    exchangerate: Number
    effectivedate: Day


class Transaction(Shape):
    id: str
    type: Literal["CustInvc", "CustCred", "CustPymt"]
    tranid: str | None = None
    externalid: str | None = None
    currency: str
    foreigntotal: Number
    # Left out by NetSuite where nothing is open.
    foreignamountunpaid: Number | None = None
    trandate: Day
    lastmodifieddate: Stamp
