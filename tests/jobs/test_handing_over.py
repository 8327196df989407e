"""What goes from one process to another is the same on the other side."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.canonical import (
    CanonicalRecord,
    DeliveryNotice,
    MeterRecord,
    SubscriptionItemRecord,
    SubscriptionRecord,
    Tier,
)
from core.intake.arriving import lines_of, new_rows
from core.intake.model import Arrival
from jobs.facts_by_kind import FIELDS, by_kind
from jobs.handing_over import packed, unpacked
from jobs.readings import Batch
from tests import builders as b
from tests.fakes import raw

_AT = datetime(2026, 11, 2, 10, tzinfo=UTC)
_ITEM = SubscriptionItemRecord(
    product_code="HC-CORE",
    quantity=Decimal(2),
    unit_price=Decimal("9.50"),
    interval_months=1,
    tiers=(Tier(up_to=None, unit_price=Decimal("0.01")),),
)
_FACTS: tuple[CanonicalRecord, ...] = (
    b.customer(),
    b.entity(),
    b.product(),
    b.contract(),
    b.order_line(),
    b.opportunity(),
    b.quote(),
    b.invoice(source_ref="first"),
    b.invoice(source_ref="dated", told_at=_AT),
    b.credit_memo(told_at=_AT),
    b.payment(),
    b.dispute(told_at=_AT),
    SubscriptionRecord(
        source="stripe",
        source_ref="sub_1",
        contract_number=None,
        customer_ref="cus_1",
        status="active",
        currency="EUR",
        items=(_ITEM,),
    ),
    MeterRecord(source="stripe", source_ref="mtr_1", code="calls", name="Calls", aggregation="sum"),
    DeliveryNotice(
        source="mail", source_ref="1", key="k", outcome="bounced", address="a@b.example", sentence=None, at=_AT
    ),
    b.ledger_record(),
    b.rate(),
    b.invoice(source_ref="second"),
)


def test_facts_of_all_kinds_rows_and_problems_arrive_as_they_were() -> None:
    rows = new_rows([raw("invoice", "in_1", total=1), raw("customer", "cus_1", name="ü \ud83d")])
    arrival = Arrival("all", {"after": "in_3"}, lines_of(rows), 2, frozenset({rows[1].id}))
    batch = Batch(arrival, by_kind(_FACTS), [(rows[1].id, "It has no total.")])
    assert unpacked(packed(batch)) == batch


@pytest.mark.parametrize("kind", FIELDS, ids=FIELDS.values())
def test_no_field_of_a_fact_stays_behind(kind: type[CanonicalRecord]) -> None:
    tried = [fact for fact in _FACTS if isinstance(fact, kind)]
    assert tried, "every kind is among those that are handed over above"
    assert set(tried[0].model_dump()) == set(kind.model_fields)


def test_a_fact_that_json_cannot_hold_arrives_too() -> None:
    batch = Batch(Arrival("all", {}, b"", 0), by_kind([b.customer(name="half \ud83d")]), [])
    assert unpacked(packed(batch)) == batch
