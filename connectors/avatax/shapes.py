"""What AvaTax answers, with only the fields that are read. Amounts are in major units."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from connectors.shapes import Day, Number, Shape
from core.kit.errors import Refused
from core.kit.money import to_minor


class CamelShape(Shape):
    """Fields are named there as in `jurisType`."""

    model_config = ConfigDict(alias_generator=to_camel)


class Detail(CamelShape):
    """Tax of one line under one jurisdiction; `rate` as a fraction."""

    country: str
    region: str | None = None
    juris_type: str = ""
    juris_name: str = ""
    rate: Number
    taxable_amount: Number
    tax: Number
    tax_name: str = "Sales tax"


class Line(CamelShape):
    line_number: str
    line_amount: Number
    exempt_amount: Number = Decimal(0)
    tax: Number
    details: list[Detail] = Field(default_factory=list)


class Address(CamelShape):
    id: int | None = None
    line1: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    postal_code: str | None = None


class Message(CamelShape):
    summary: str = ""
    severity: str = ""


class Transaction(CamelShape):
    """`total_amount` is before tax."""

    id: int
    code: str
    date: Day
    status: str
    type: str
    currency_code: str
    customer_code: str = ""
    total_amount: Number
    total_tax: Number
    lines: list[Line] = Field(default_factory=list)
    addresses: list[Address] = Field(default_factory=list)
    messages: list[Message] = Field(default_factory=list)
    origin_address_id: int | None = None
    destination_address_id: int | None = None

    @model_validator(mode="after")
    def _is_money(self) -> Self:
        """A currency that we know, and no more of it than a sum can be."""
        parts = [
            amount for line in self.lines for detail in line.details for amount in (detail.taxable_amount, detail.tax)
        ]
        try:
            for amount in (self.total_amount, self.total_tax, *parts):
                to_minor(amount, self.currency_code)
        except Refused as problem:
            raise ValueError(problem.sentence) from problem
        return self


class Ping(CamelShape):
    authenticated: bool
    version: str = ""
