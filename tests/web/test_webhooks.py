"""Stripe's webhooks: kept once, answered at once, refused without a good signature."""

from __future__ import annotations

import json

import pytest
import stripe
from httpx import Response
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from core.db.tables import InboxItem
from core.runtime import Runtime, share_runtime
from tests.fakes import FixedClock
from tests.web.conftest import WEBHOOK_SECRET

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "created": 1_793_600_000,
    "data": {"object": {"id": "in_1", "object": "invoice"}},
}


def _signed(body: str, clock: FixedClock, secret: str = WEBHOOK_SECRET) -> str:
    stamp = int(clock().timestamp())
    signature = stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", secret)
    return f"t={stamp},v1={signature}"


def _send(web: TestClient, body: str, signature: str) -> Response:
    return web.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})


def _kept(house: Runtime) -> tuple[int, int]:
    """(inbox rows, deferred jobs)."""
    with house.reading() as session:
        rows = session.scalar(select(func.count()).select_from(InboxItem)) or 0
        jobs = session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'handle_inbox'")) or 0
    return rows, jobs


def test_a_signed_event_is_kept_with_the_job_that_handles_it(
    web: TestClient, house: Runtime, clock: FixedClock
) -> None:
    body = json.dumps(EVENT)
    assert _send(web, body, _signed(body, clock)).status_code == 200
    assert _kept(house) == (1, 1)
    with house.reading() as session:
        row = session.scalars(select(InboxItem)).one()
    assert (row.source, row.kind, row.external_id, row.state) == ("stripe", "event:invoice.paid", "evt_1", "new")


def test_the_same_event_again_is_answered_and_changes_nothing(
    web: TestClient, house: Runtime, clock: FixedClock
) -> None:
    body = json.dumps(EVENT)
    assert [_send(web, body, _signed(body, clock)).status_code for _ in range(3)] == [200, 200, 200]
    assert _kept(house) == (1, 1)


@pytest.mark.parametrize("signature", ["", "t=1,v1=00", "nonsense"])
def test_a_bad_signature_is_refused(web: TestClient, house: Runtime, signature: str) -> None:
    assert _send(web, json.dumps(EVENT), signature).status_code == 400
    assert _kept(house) == (0, 0)


@pytest.mark.parametrize("change", [{"created": 10**18}, {"created": -(10**11)}, {"id": "evt\x00"}, {"id": "\ud800"}])
def test_a_signed_event_that_cannot_be_is_refused(
    web: TestClient, house: Runtime, clock: FixedClock, change: dict[str, object]
) -> None:
    body = json.dumps(EVENT | change)
    assert _send(web, body, _signed(body, clock)).status_code == 400
    assert _kept(house) == (0, 0)


def test_a_body_that_was_changed_is_refused(web: TestClient, house: Runtime, clock: FixedClock) -> None:
    body = json.dumps(EVENT)
    assert _send(web, body.replace("in_1", "in_2"), _signed(body, clock)).status_code == 400
    assert _kept(house) == (0, 0)


def test_the_secret_of_somebody_else_is_refused(web: TestClient, house: Runtime, clock: FixedClock) -> None:
    body = json.dumps(EVENT)
    assert _send(web, body, _signed(body, clock, "whsec_other")).status_code == 400
    assert _kept(house) == (0, 0)


def test_an_oversized_body_is_refused(web: TestClient) -> None:
    assert _send(web, "x" * 2_000_001, "t=1,v1=00").status_code == 413


def test_without_a_secret_stripe_is_told_to_come_back(web: TestClient, house: Runtime, clock: FixedClock) -> None:
    bare = house.settings.model_copy(update={"sandbox_systems": None})
    share_runtime(Runtime(bare, house.engine, house.clock))
    body = json.dumps(EVENT)
    assert _send(web, body, _signed(body, clock)).status_code == 503
