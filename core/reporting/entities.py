"""Our legal entities with what their letterheads say."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.db.tables import LegalEntity
from core.kit.systems import title_of
from core.parties.model import LETTERHEAD
from core.reporting.paging import Viewer
from core.runtime import Runtime

_TABLE = "table"


@dataclass(frozen=True, slots=True)
class EntityRow:
    """`written`: what people wrote and no source changes; `missing`: what its letterhead lacks."""

    code: str
    name: str
    country: str
    currency: str
    address: str | None
    tax_id: str | None
    email: str | None
    payment_instructions: str | None
    written: frozenset[str]
    missing: tuple[str, ...]
    tax_engine: str
    revision: int


def legal_entities(runtime: Runtime, viewer: Viewer | None) -> tuple[EntityRow, ...]:
    """Those that the reader acts for, by code."""
    engines = runtime.settings.tax_engines
    with runtime.reading() as session:
        rows = session.scalars(select(LegalEntity).order_by(LegalEntity.code))
        return tuple(
            _row(row, engines.get(row.code, row.tax_engine))
            for row in rows
            if viewer is None or viewer.entities is None or row.code in viewer.entities
        )


def _row(row: LegalEntity, engine: str) -> EntityRow:
    return EntityRow(
        code=row.code,
        name=row.name,
        country=row.country,
        currency=row.currency,
        address=row.address,
        tax_id=row.tax_id,
        email=row.email,
        payment_instructions=row.payment_instructions,
        written=frozenset(row.written),
        missing=tuple(name for name in LETTERHEAD if not getattr(row, name)),
        tax_engine="Built-in rates" if engine == _TABLE else title_of(engine),
        revision=row.revision,
    )
