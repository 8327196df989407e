"""What goes from one process to another is the same on the other side."""

from __future__ import annotations

from core.canonical import CanonicalRecord
from core.intake.arriving import new_rows
from core.intake.model import Arrival
from jobs.handing_over import packed, unpacked
from jobs.readings import Readable, Readings
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
    rows = new_rows(
        [raw("invoice", "in_1", total=1), raw("customer", "cus_1", name="ü \ud83d"), raw("invoice", "in_3")]
    )
    ids = [row.id for row in rows]
    readable = [Readable(ids[0], _FACTS), Readable(ids[1], (b.customer(name="half \ud83d"),)), Readable(ids[2], ())]
    batch = Arrival("all", {"after": "in_3"}, rows), Readings(readable, [(ids[2], "It has no total.")])
    assert unpacked(packed(batch)) == batch
