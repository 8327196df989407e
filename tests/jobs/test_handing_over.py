"""What goes from one process to another is the same on the other side."""

from __future__ import annotations

from core.canonical import CanonicalRecord
from core.intake.arriving import lines_of, new_rows
from core.intake.model import Arrival
from jobs.facts_by_kind import by_kind
from jobs.handing_over import packed, unpacked
from jobs.readings import Batch
from tests import builders as b
from tests.fakes import raw

_FACTS: tuple[CanonicalRecord, ...] = (
    b.customer(),
    b.entity(),
    b.product(),
    b.contract(),
    b.order_line(),
    b.opportunity(),
    b.quote(),
    b.invoice(source_ref="first"),
    b.credit_memo(),
    b.payment(),
    b.dispute(),
    b.ledger_record(),
    b.rate(),
    b.invoice(source_ref="second"),
)


def test_facts_of_all_kinds_rows_and_problems_arrive_as_they_were() -> None:
    rows = new_rows([raw("invoice", "in_1", total=1), raw("customer", "cus_1", name="ü \ud83d")])
    arrival = Arrival("all", {"after": "in_3"}, lines_of(rows), 2, frozenset({rows[1].id}))
    batch = Batch(arrival, by_kind(_FACTS), [(rows[1].id, "It has no total.")])
    assert unpacked(packed(batch)) == batch


def test_a_fact_that_json_cannot_hold_arrives_too() -> None:
    batch = Batch(Arrival("all", {}, b"", 0), by_kind([b.customer(name="half \ud83d")]), [])
    assert unpacked(packed(batch)) == batch
