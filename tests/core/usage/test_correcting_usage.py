"""Corrections archive and add; they never delete, and they never touch an invoice."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete

from core.db.tables import AuditEntry, Case, UsageCorrection, UsageDay, UsageEvent
from core.kit.errors import Forbidden, NotFound, Refused
from core.runtime import Runtime
from core.workflow import Receipt, execute
from core.workflow.billing_commands import CorrectUsage, SummariseUsage
from tests.core.usage.house import CUSTOMER, JOB, charged_house, codes, many, on, send, total, usage
from tests.fakes import NOON
from tests.stores import Furniture, people
from tests.work import all_rows, only, person

DAY = (on(1), on(2))


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def charged(runtime: Runtime) -> Runtime:
    """10, 20 and 30 calls in three hours of 1 November, 5 on the second."""
    charged_house(runtime)
    send(runtime, *[usage(f"h{n}", n * 10, on(1, n)) for n in (1, 2, 3)], usage("later", 5, on(2, 1)))
    return runtime


def correct(runtime: Runtime, kind: str, amount: object = None, who: str = "Ana", **facts: Any) -> Receipt:
    stated: dict[str, Any] = {"customer_id": CUSTOMER, "meter": "api_calls", "since": DAY[0], "until": DAY[1]}
    stated |= {"quantity": None if amount is None else Decimal(str(amount)), "reason": "The counter ran twice"}
    return execute(runtime, CorrectUsage(kind=kind, **stated | facts), person(runtime, who))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "quantity", "after", "archived"),
    [("replace", 25, 25, 3), ("add", 25, 85, 0), ("take_out", None, 0, 3), ("replace", 0, 0, 3)],
)
def test_a_correction_changes_its_span_and_nothing_else(
    charged: Runtime, kind: str, quantity: object, after: int, archived: int
) -> None:
    result = correct(charged, kind, quantity).result
    assert (result["archived"], Decimal(result["before"]), Decimal(result["after"])) == (archived, 60, after)
    assert total(charged, *DAY) == after
    assert total(charged, on(2), on(3)) == 5


def test_what_is_corrected_is_archived_under_the_correction_and_still_there(charged: Runtime) -> None:
    correct(charged, "replace", 25)
    correction = only(charged, UsageCorrection)
    archived = [row for row in all_rows(charged, UsageEvent) if row.state == "archived"]
    assert {(row.event_id, row.value, row.correction_id) for row in archived} == {
        (f"h{n}", Decimal(n * 10), correction.id) for n in (1, 2, 3)
    }
    assert (correction.archived, correction.made_by, correction.reason) == (3, "Ana Ribeiro", "The counter ran twice")
    assert "The counter ran twice" in all_rows(charged, AuditEntry)[-1].sentence


def test_events_that_were_taken_out_stay_out_when_they_are_sent_again(charged: Runtime) -> None:
    correct(charged, "take_out")
    again = send(charged, usage("h1", 10, on(1, 1)), usage("new", 4, on(1, 5)))
    assert (again.result["accepted"], again.result["duplicates"]) == (1, 1)
    assert codes(again) == [("h1", "taken_out")]
    assert total(charged, *DAY) == 4


def test_a_correction_can_be_corrected(charged: Runtime) -> None:
    correct(charged, "replace", 25)
    correct(charged, "replace", 40)
    assert total(charged, *DAY) == 40


def test_days_show_a_correction_at_once(charged: Runtime) -> None:
    execute(charged, SummariseUsage(since=None), JOB)
    correct(charged, "take_out")
    assert [(row.day.day, row.quantity) for row in all_rows(charged, UsageDay)] == [(2, 5)]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"reason": "  "}, "reason.missing"),
        ({"quantity": None}, "usage.quantity"),
        ({"quantity": Decimal(-1)}, "usage.quantity"),
        ({"until": DAY[0]}, "usage.span"),
        ({"since": NOON + timedelta(days=1), "until": NOON + timedelta(days=2)}, "usage.span"),
        ({"meter": "nobody_knows_it"}, "row.missing"),
        ({"customer_id": UUID(int=1)}, "row.missing"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(charged: Runtime, facts: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        correct(charged, "replace", 1, **facts)
    assert refusal.value.code == code
    assert total(charged, *DAY) == 60


def test_a_meter_with_windows_is_corrected_by_whole_windows(charged: Runtime) -> None:
    with pytest.raises(Refused) as refusal:
        correct(charged, "replace", 1, meter="storage", since=on(1, 1))
    assert "by the day" in refusal.value.sentence


def test_who_may_not_see_the_customer_or_not_triage_corrects_nothing(charged: Runtime) -> None:
    with charged.transaction() as session:
        session.connection().exec_driver_sql("update customers set entity = 'US'")
    with pytest.raises(NotFound):
        correct(charged, "take_out", who="Dieter")
    with pytest.raises(Forbidden):
        correct(charged, "take_out", who="Vera")


def test_a_correction_after_billing_says_so_and_opens_an_exception(charged: Runtime) -> None:
    october = {"since": on(1, month=10), "until": on(2, month=10)}
    result = correct(charged, "add", 107, **october).result
    assert result["billed"] == ["CT-5001"]
    case = only(charged, Case)
    assert (case.code, case.evidence["before"], case.evidence["after"]) == (
        "usage.corrected_after_billing",
        "0",
        "107.000000",
    )
    # 7 beyond the 100 that are included, at 0.05 each.
    assert (case.amount_minor, case.currency) == (35, "EUR")
    assert correct(charged, "replace", 60).result["billed"] == []


def test_replaying_everything_in_any_order_gives_the_same_totals(charged: Runtime) -> None:
    moments = [on(1) + timedelta(minutes=37 * n) for n in range(60) if on(1) + timedelta(minutes=37 * n) < NOON]
    stream = [
        usage(f"{meter}{n}", n * 7 % 11, moment, meter=meter)
        for meter in ("api_calls", "storage", "logins")
        for n, moment in enumerate(moments)
    ]
    totals = replayed(charged, stream, size=len(stream))
    for seed in range(3):
        shuffled = stream + stream[::4]
        random.Random(seed).shuffle(shuffled)
        assert replayed(charged, shuffled, size=17) == totals


def replayed(runtime: Runtime, stream: list[Any], size: int) -> tuple[Decimal, ...]:
    """Totals of all meters after the stream came into an empty room."""
    with runtime.transaction() as session:
        session.execute(delete(UsageEvent))
    for batch in many(stream, size):
        send(runtime, *batch)
    until: datetime = on(30)
    return tuple(total(runtime, on(1), until, meter) for meter in ("api_calls", "storage", "logins"))
