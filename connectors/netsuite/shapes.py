"""What NetSuite sends. By SuiteQL come the columns we ask for, every value as text and nulls left out; the record
service sends JSON with numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from connectors.shapes import Day, Number, Shape

_INTERNAL_ID = re.compile(r"-?[0-9]{1,18}")


def _moment(text: object) -> object:
    """Stamps are asked for as text without a zone; the integration user's zone is UTC."""
    if not isinstance(text, str):
        return text
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _text(number: object) -> object:
    """Where one service sends a number, the other sends text."""
    return str(number) if type(number) is int else number


def _is_stamp(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _is_internal_id(text: str) -> str:
    if not _INTERNAL_ID.fullmatch(text):
        raise ValueError("should be an internal id")
    return text


Stamp = Annotated[datetime, BeforeValidator(_moment)]
StampText = Annotated[str, AfterValidator(_is_stamp)]
InternalId = Annotated[str, BeforeValidator(_text), AfterValidator(_is_internal_id)]
Words = Annotated[str, BeforeValidator(_text)]


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


class Row(Shape):
    """What every row has. A number that is sent as text is kept as it came."""

    id: InternalId


class StampedRow(Row):
    lastmodifieddate: StampText


class Counted(Shape):
    n: Annotated[int, Field(ge=0, strict=False)]


class SubsidiaryName(Row):
    name: str
    country: str | None = None
    externalid: str | None = None


class CurrencySymbol(Row):
    symbol: str


class ItemName(Row):
    itemid: str


class TaxCode(Row):
    itemid: str
    rate: Words | None = None


class Reference(Shape):
    """A record that another one points at."""

    id: InternalId


class Held(Shape):
    """An invoice or credit memo as the record service shows it; amounts in major units."""

    id: InternalId
    currency: Reference
    total: Number | None = None
    # Given out by NetSuite's numbering, or ours.
    tran_id: Words | None = Field(None, alias="tranId")
    tax_total: Number | None = Field(None, alias="taxTotal")


class Given(Shape):
    """A token, good for so many seconds; live systems send the number as text."""

    access_token: str
    expires_in: Number = Field(Decimal(3600), ge=0, le=10_000_000)
