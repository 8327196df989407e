"""How each line of an invoice came about: clause, rate, usage, line, tax and account, each with its source record.

Stations are green when their record is there and agrees, orange when it is not known or waits, red when it disagrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import (
    Contract,
    ContractLine,
    Customer,
    Delivery,
    Document,
    DocumentLine,
    DocumentTax,
    ScheduleItem,
)
from core.documents.model import HOUSE
from core.kit.errors import NotFound
from core.kit.money import format_minor
from core.parties import store as parties
from core.posting.model import LEDGER
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

GREEN, ORANGE, RED, NONE = "green", "orange", "red", "gray"


@dataclass(frozen=True, slots=True)
class Station:
    """`page` and `params` lead to the source record; None where there is none to open."""

    name: str
    light: str
    says: str
    page: str | None = None
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PassLine:
    position: int
    description: str
    stations: tuple[Station, ...]

    @property
    def light(self) -> str:
        """The worst of its stations."""
        lights = {station.light for station in self.stations}
        return RED if RED in lights else ORANGE if ORANGE in lights else GREEN


@dataclass(frozen=True, slots=True)
class _Around:
    document: Document
    contract: Contract | None
    customer: Customer | None
    clauses: Sequence[ContractLine]
    items: Mapping[UUID, ScheduleItem]
    billed: Mapping[UUID, int]
    taxes: Sequence[DocumentTax]
    posting: Delivery | None
    ledger_items: Mapping[str, str]
    findings: frozenset[str]


def boarding_pass(runtime: Runtime, viewer: Viewer | None, id: UUID) -> tuple[PassLine, ...]:
    """Raises NotFound as the invoice itself does."""
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        document = session.scalar(select(Document).where(Document.id == id, scope.holds(Document.entity)))
        if document is None:
            raise NotFound("This invoice")
        rows = session.scalars(
            select(DocumentLine).where(DocumentLine.document_id == id).order_by(DocumentLine.position)
        ).all()
        around = _around(session, document, rows)
        return tuple(PassLine(row.position, row.description, tuple(_stations(row, around))) for row in rows)


def _around(session: Session, document: Document, rows: Sequence[DocumentLine]) -> _Around:
    number = document.contract_number
    contract = session.scalar(select(Contract).where(Contract.number == number)) if number else None
    clauses = session.scalars(select(ContractLine).where(ContractLine.contract_id == contract.id)) if contract else ()
    ids = [row.schedule_item_id for row in rows if row.schedule_item_id]
    items = {item.id: item for item in session.scalars(select(ScheduleItem).where(ScheduleItem.id.in_(ids)))}
    billed: dict[UUID, int] = {}
    for row in rows:
        if row.schedule_item_id:
            net = row.amount_minor - row.discount_minor
            billed[row.schedule_item_id] = billed.get(row.schedule_item_id, 0) + net
    posting = select(Delivery).where(Delivery.document_id == document.id, Delivery.system == LEDGER)
    codes = {row.product_code for row in rows if row.product_code}
    return _Around(
        document=document,
        contract=contract,
        customer=session.get(Customer, document.customer_id) if document.customer_id else None,
        clauses=sorted(clauses, key=lambda line: (line.starts_on, line.source_ref)),
        items=items,
        billed=billed,
        taxes=session.scalars(select(DocumentTax).where(DocumentTax.document_id == document.id)).all(),
        posting=session.scalar(posting.order_by(Delivery.enqueued_at.desc()).limit(1)),
        ledger_items=parties.external_refs(session, "product", LEDGER, codes),
        findings=frozenset(str(each.get("code")) for each in document.findings if not each.get("is_waived")),
    )


def _stations(line: DocumentLine, around: _Around) -> Iterable[Station]:
    yield _clause(line, around)
    yield _rate(line, around)
    yield _usage(line, around)
    yield _line(line, around)
    yield _tax(line, around)
    yield _account(line, around)


def _money(minor: int, around: _Around) -> str:
    return f"{around.document.currency} {format_minor(minor, around.document.currency)}"


def _clause(line: DocumentLine, around: _Around) -> Station:
    name, contract = "Contract clause", around.contract
    if contract is None:
        number = around.document.contract_number
        says = f"Contract {number} is not known here" if number else "No contract is named"
        return Station(name, RED if number else ORANGE, says)
    link = (("id", str(contract.id)),)
    own = [each for each in around.clauses if line.charge_key and line.charge_key in (each.root_ref, each.source_ref)]
    found = own or [each for each in around.clauses if each.product_code == line.product_code]
    if not found:
        return Station(name, RED, f"{contract.number} does not sell {line.product_code or 'this'}", "contract", link)
    first = found[0]
    says = f"{contract.number}: {first.description or first.product_code} from {first.starts_on:%d %b %Y}"
    changes = len(found) - 1
    told = f"{says}, amended {changes} time{'s' if changes > 1 else ''}" if changes else says
    return Station(name, GREEN if own or not line.charge_key else ORANGE, told, "contract", link)


_RATE_CODES = frozenset({"price.outdated", "seats.outdated", "discount.wrong", "discount.expired"})


def _rate(line: DocumentLine, around: _Around) -> Station:
    light = RED if around.findings & _RATE_CODES else GREEN
    if line.arithmetic:
        return Station("Rate", light, line.arithmetic)
    says = f"{line.quantity.normalize():,f} at {line.unit_price.normalize():,f}, as it came"
    return Station("Rate", light if light == RED else ORANGE, f"{says}: the arithmetic is not known")


def _usage(line: DocumentLine, around: _Around) -> Station:
    item = around.items.get(line.schedule_item_id) if line.schedule_item_id else None
    if item is None or item.kind != "usage":
        return Station("Usage", NONE, "Not measured")
    clause = next((each for each in around.clauses if line.charge_key == each.source_ref), None)
    meter = str((clause.charge if clause else {}).get("meter") or "")
    last = (line.period_end or item.period_end) - timedelta(days=1)
    params = {
        "meter": meter,
        "who": around.customer.name if around.customer else "",
        "since": (line.period_start or item.period_start).isoformat(),
        "until": last.isoformat(),
    }
    link = tuple((key, value) for key, value in params.items() if value)
    return Station("Usage", GREEN, f"{line.quantity.normalize():,f} {meter or 'units'} measured", "usage", link)


def _line(line: DocumentLine, around: _Around) -> Station:
    net = line.amount_minor - line.discount_minor
    less = f", less {_money(line.discount_minor, around)} discount" if line.discount_minor else ""
    says = f"{_money(net, around)} net{less}"
    item = around.items.get(line.schedule_item_id) if line.schedule_item_id else None
    if item is None:
        is_unplanned = around.document.source == HOUSE and line.corrects_position is None
        return Station("Line", RED if is_unplanned else GREEN, f"{says}{'; no schedule item' if is_unplanned else ''}")
    expected, billed = item.expected_minor, around.billed[item.id]
    link = (("id", str(item.contract_id)),)
    if expected is not None and expected != billed and item.document_id == around.document.id:
        return Station("Line", RED, f"{says}; the schedule says {_money(expected, around)}", "contract", link)
    return Station("Line", GREEN, f"{says}, as scheduled", "contract", link)


def _tax(line: DocumentLine, around: _Around) -> Station:
    name, amount = "Tax", _money(line.tax_minor, around)
    if around.findings & {"tax.mismatch", "tax.undetermined", "tax_id.missing"}:
        return Station(name, RED, f"{amount}; an exception about the tax is open")
    if around.document.source != HOUSE:
        return Station(name, GREEN, f"{amount}, as {around.document.source.capitalize()} stated it")
    if not around.taxes and around.document.tax_engine:
        return Station(name, ORANGE, "Not determined yet")
    rows = [each for each in around.taxes if each.percent == line.tax_percent] or list(around.taxes)
    where = ", ".join(dict.fromkeys(f"{each.name} {each.jurisdiction}, {_reason(each.reason)}" for each in rows))
    percent = f"{line.tax_percent.normalize():f} %" if line.tax_percent is not None else ""
    return Station(name, GREEN, f"{amount} {percent} {where}".strip())


def _reason(reason: str) -> str:
    return reason.replace("_", " ")


def _account(line: DocumentLine, around: _Around) -> Station:
    name, document, posting = "Account", around.document, around.posting
    item = around.ledger_items.get(line.product_code or "")
    told = f"ledger item {item}" if item else f"no ledger item for {line.product_code or 'this line'}"
    if item is None:
        return Station(name, RED, f"There is {told}", "integrations")
    if document.state == "posted":
        number = f" as {posting.external_number or posting.external_id}" if posting and posting.external_id else ""
        return Station(name, GREEN, f"Posted{number}, {told}")
    if posting is not None and posting.state == "refused":
        return Station(name, RED, posting.error or "The ledger refused it", "integrations")
    return Station(name, ORANGE, f"Not posted yet; {told}")
