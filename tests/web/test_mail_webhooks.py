"""Notices of the mail provider: kept once, refused without a good signature."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from httpx import Response
from sqlalchemy import select, text
from starlette.testclient import TestClient

from core.db.tables import InboxItem
from core.runtime import Runtime, share_runtime
from tests.fakes import FixedClock
from tests.web.conftest import WEBHOOK_SECRET

EVENT = {
    "id": "mev_1",
    "type": "bounced",
    "message_id": "<house_CT-1@halden.example>",
    "recipient": "ap@wisla.example",
    "reason": "550 closed",
    "at": 1_793_600_000,
}


def send(web: TestClient, body: str, header: str) -> Response:
    return web.post("/webhooks/mail", content=body, headers={"X-Mail-Signature": header})


def signed(body: str, clock: FixedClock, secret: str = WEBHOOK_SECRET) -> str:
    stamp = int(clock().timestamp())
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.{body}'.encode(), hashlib.sha256).hexdigest()}"


def kept(house: Runtime) -> list[tuple[str, str, str]]:
    with house.reading() as session:
        return [(row.source, row.kind, row.external_id) for row in session.scalars(select(InboxItem))]


def test_a_signed_notice_is_kept_once_with_the_job_that_handles_it(
    web: TestClient, house: Runtime, clock: FixedClock
) -> None:
    body = json.dumps(EVENT)
    assert [send(web, body, signed(body, clock)).status_code for _ in range(2)] == [200, 200]
    assert kept(house) == [("mail", "event:bounced", "mev_1")]
    with house.reading() as session:
        waiting = session.scalars(
            text("select args->>'source' from procrastinate_jobs where task_name = 'handle_inbox'")
        ).all()
    assert waiting == ["mail"]


@pytest.mark.parametrize("change", [{"at": 10**18}, {"at": -(10**11)}, {"id": "mev\x00"}, {"type": "\ud800"}])
def test_a_signed_notice_that_cannot_be_is_refused(
    web: TestClient, house: Runtime, clock: FixedClock, change: dict[str, object]
) -> None:
    body = json.dumps(EVENT | change)
    assert send(web, body, signed(body, clock)).status_code == 400
    assert kept(house) == []


@pytest.mark.parametrize("header", ["", "t=1,v1=00", "nonsense"])
def test_a_notice_without_a_good_signature_is_refused(web: TestClient, house: Runtime, header: str) -> None:
    assert send(web, json.dumps(EVENT), header).status_code == 400
    assert kept(house) == []


def test_a_notice_signed_with_another_secret_is_refused(web: TestClient, house: Runtime, clock: FixedClock) -> None:
    body = json.dumps(EVENT)
    assert send(web, body, signed(body, clock, "another secret")).status_code == 400


def test_without_a_secret_the_provider_is_told_to_come_back(web: TestClient, house: Runtime, clock: FixedClock) -> None:
    bare = house.settings.model_copy(update={"sandbox_systems": None})
    share_runtime(Runtime(bare, house.engine, house.clock))
    body = json.dumps(EVENT)
    assert send(web, body, signed(body, clock)).status_code == 503
