"""Legal entities, customers, products, exchange rates, and links to records of other systems."""

from __future__ import annotations

from sqlalchemy import ARRAY, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Rate, Table


class LegalEntity(Table):
    __tablename__ = "legal_entities"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str]
    currency: Mapped[Currency]
    region: Mapped[str | None]
    # What its letterhead says.
    address: Mapped[str | None]
    tax_id: Mapped[str | None]
    email: Mapped[str | None]
    payment_instructions: Mapped[str | None]
    tax_engine: Mapped[str] = mapped_column(server_default="table")  # table | avatax
    # Facts above that a person wrote: what a source says of them is not taken any more.
    written: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    revision: Mapped[int] = mapped_column(server_default=text("1"))


class Customer(Table):
    __tablename__ = "customers"
    __table_args__ = (Index("ix_customers_name_id", "name", "id"), Index("ix_customers_number", "number"))

    id: Mapped[Id]
    number: Mapped[str]
    name: Mapped[str]
    entity: Mapped[str | None] = mapped_column(index=True)
    segment: Mapped[str | None]
    currency: Mapped[Currency]
    country: Mapped[str | None]
    address: Mapped[str | None]
    email: Mapped[str | None]
    tax_id: Mapped[str | None]
    is_po_required: Mapped[bool] = mapped_column(default=False)
    terms_days: Mapped[int | None]
    is_on_hold: Mapped[bool] = mapped_column(default=False)
    owner: Mapped[str | None]
    # State or province, and postal code: what tax on sales asks for.
    region: Mapped[str | None]
    postal_code: Mapped[str | None]
    is_tax_exempt: Mapped[bool] = mapped_column(server_default=text("false"))
    pays_by: Mapped[str] = mapped_column(server_default="transfer")  # transfer (e-mail with PDF) | card (Stripe)
    release_mode: Mapped[str] = mapped_column(server_default="auto")  # auto | manual
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[Instant]


class Product(Table):
    __tablename__ = "products"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Link(Table):
    """Our object beside the record of another system; looked up before every create."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("system", "kind", "external_id"),
        Index("ix_links_kind_our_id", "kind", "our_id"),
    )

    id: Mapped[Id]
    # customer, contract, product, document, payment, credit_memo, dispute, ...
    kind: Mapped[str]
    # UUID of our row as text, or the code of a product or legal entity.
    our_id: Mapped[str]
    system: Mapped[str]
    external_id: Mapped[str]
    seen_at: Mapped[Instant]


class FxRate(Table):
    """`rate` units of the reporting currency for one unit of `currency`, stated for `day`."""

    __tablename__ = "fx_rates"

    currency: Mapped[Currency] = mapped_column(primary_key=True)
    day: Mapped[Day] = mapped_column(primary_key=True)
    rate: Mapped[Rate]
