"""Rows of parties; every write takes a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import any_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from core.canonical import CustomerRecord, EntityRecord, ExchangeRate, ProductRecord
from core.db.bulk import insert_rows, is_one_of, upsert_changed
from core.db.tables import Customer, FxRate, LegalEntity, Link, Product
from core.kit.ids import id_from, new_id
from core.parties.model import LETTERHEAD

CRM = "salesforce"
_TOLD = ("region", *LETTERHEAD)


def save_entities(session: Session, records: Sequence[EntityRecord], now: datetime) -> None:
    """A source that does not know an entity's letterhead leaves the one that another has told; no source changes what
    a person wrote."""
    columns = ("code", "name", "country", "currency", *_TOLD)
    rows = {record.code: {name: getattr(record, name) for name in columns} for record in records}
    if rows:
        statement = insert_rows(LegalEntity, [rows[code] for code in sorted(rows)])
        updates: dict[str, Any] = {name: statement.excluded[name] for name in ("name", "country", "currency")}
        updates |= {name: _unless_written(name, statement.excluded[name]) for name in _TOLD}
        is_news = or_(*[getattr(LegalEntity, name).is_distinct_from(value) for name, value in updates.items()])
        updates["revision"] = LegalEntity.revision + 1
        session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=updates, where=is_news))
    save_links(session, [("entity", r.code, r.source, r.source_ref) for r in records], now)


def _unless_written(name: str, told: Any) -> Any:
    column = getattr(LegalEntity, name)
    return case((literal(name) == any_(LegalEntity.written), column), else_=func.coalesce(told, column))


def entities(session: Session) -> dict[str, LegalEntity]:
    """Every legal entity by its code."""
    return {row.code: row for row in session.scalars(select(LegalEntity))}


def entity_countries(session: Session) -> dict[str, str]:
    """ISO country per code of a legal entity."""
    return {row.code: row.country for row in session.execute(select(LegalEntity.code, LegalEntity.country))}


def save_rates(session: Session, rates: Iterable[ExchangeRate]) -> None:
    rows = {
        (rate.currency, rate.day): {"currency": rate.currency, "day": rate.day, "rate": rate.rate} for rate in rates
    }
    _upsert(session, FxRate, list(rows.values()), ["currency", "day"], ["rate"])


def save_products(session: Session, products: Sequence[ProductRecord], now: datetime) -> None:
    rows = {product.code: {"code": product.code, "name": product.name} for product in products}
    _upsert(session, Product, list(rows.values()), ["code"], ["name"])
    save_links(session, [("product", p.code, p.source, p.source_ref) for p in products], now)


def product_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Names by code, of the products that are known."""
    statement = select(Product.code, Product.name).where(is_one_of(Product.code, set(codes)))
    return {row.code: row.name for row in session.execute(statement)}


def save_links(session: Session, links: Iterable[tuple[str, str, str, str]], now: datetime) -> None:
    """Upserts (kind, our id, system, external id): a record of another system belongs to one of ours."""
    rows = {
        (system, kind, external): {
            "id": new_id(),
            "kind": kind,
            "our_id": our_id,
            "system": system,
            "external_id": external,
            "seen_at": now,
        }
        for kind, our_id, system, external in links
    }
    _upsert(session, Link, list(rows.values()), ["system", "kind", "external_id"], ["our_id", "seen_at"])


def linked(session: Session, kind: str, system: str, refs: Iterable[str]) -> dict[str, str]:
    """Our id per external id, for those that are linked."""
    wanted = list(set(refs))
    if not wanted:
        return {}
    statement = select(Link.external_id, Link.our_id).where(
        Link.kind == kind, Link.system == system, is_one_of(Link.external_id, wanted)
    )
    return {row.external_id: row.our_id for row in session.execute(statement)}


def external_refs(session: Session, kind: str, system: str, our_ids: Iterable[str]) -> dict[str, str]:
    """External id per id of ours, for those that are linked."""
    statement = select(Link.our_id, Link.external_id).where(
        Link.kind == kind, Link.system == system, is_one_of(Link.our_id, set(our_ids))
    )
    return {row.our_id: row.external_id for row in session.execute(statement)}


def save_customers(session: Session, records: Sequence[CustomerRecord], now: datetime) -> set[UUID]:
    """Records customers of one source and links them. Answers the ids of customers whose master data changed.

    The CRM owns master data; a record of another system that names its CRM id only adds its link, and one that
    names none becomes a customer of its own only when it comes from a file (source "import").
    """
    links = [("customer", str(_house_id(r)), r.source, r.source_ref) for r in records if _has_house_id(r)]
    save_links(session, links, now)
    owned = {_house_id(r): r for r in records if r.source in (CRM, "import")}
    rows = [_master_of(record) | {"id": id, "updated_at": now} for id, record in owned.items()]
    if not rows:
        return set()
    statement = upsert_changed(Customer, rows, "id", _MASTER, ("updated_at",))
    return set(session.scalars(statement.returning(Customer.id)))


def _has_house_id(record: CustomerRecord) -> bool:
    return record.crm_ref is not None or record.source in (CRM, "import")


def _house_id(record: CustomerRecord) -> UUID:
    if record.crm_ref is not None or record.source == CRM:
        return id_from("customer", CRM, record.crm_ref or record.source_ref)
    return id_from("customer", record.source, record.source_ref)


_MASTER = [
    "number",
    "name",
    "entity",
    "segment",
    "currency",
    "country",
    "address",
    "email",
    "tax_id",
    "is_po_required",
    "terms_days",
    "is_on_hold",
    "owner",
    "region",
    "postal_code",
    "is_tax_exempt",
    "pays_by",
    "release_mode",
]


def _master_of(record: CustomerRecord) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(record, name) for name in _MASTER}
    row["number"] = record.number or record.source_ref
    row["currency"] = record.currency or "USD"
    return row


def customers(session: Session, ids: Iterable[UUID]) -> dict[UUID, Customer]:
    wanted = list({id for id in ids if id is not None})
    return (
        {row.id: row for row in session.scalars(select(Customer).where(is_one_of(Customer.id, wanted)))}
        if wanted
        else {}
    )


def known_ids(session: Session, ids: Collection[UUID]) -> dict[str, UUID]:
    """Those of the ids, by their text, under which there is a customer."""
    found = session.scalars(select(Customer.id).where(is_one_of(Customer.id, ids)))
    return {str(id): id for id in found}


def rate_on(session: Session, currency: str, base: str, day: date) -> Decimal | None:
    """Units of `base` for one of `currency` by the latest rate stated on or before `day`; None when none is known."""
    return Decimal(1) if currency == base else rates_on(session, day).get(currency)


def rates_on(session: Session, day: date) -> dict[str, Decimal]:
    """The latest rate of each currency stated on or before `day`."""
    latest = select(FxRate.currency, func.max(FxRate.day)).where(FxRate.day <= day).group_by(FxRate.currency).subquery()
    statement = select(FxRate.currency, FxRate.rate).where(
        tuple_(FxRate.currency, FxRate.day).in_(select(latest.c[0], latest.c[1]))
    )
    return {row.currency: row.rate for row in session.execute(statement)}


def _upsert(session: Session, table: Any, rows: list[dict[str, Any]], keys: list[str], columns: list[str]) -> None:
    """In the order of their keys, so that two systems that bring the same rows cannot deadlock."""
    if not rows:
        return
    statement = insert_rows(table, sorted(rows, key=lambda row: [row[name] for name in keys]))
    updates = {name: statement.excluded[name] for name in columns}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=updates))
