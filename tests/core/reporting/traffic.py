"""What comes in and goes out, for the read models of integrations: who looks, and rows as the jobs leave them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.intake import store as intake
from core.kit.ids import new_id
from core.ports import RawRecord, Rejected
from core.runtime import Runtime
from core.workflow import Actor, Role
from core.workflow.actors import job
from jobs.deliver import deliver
from tests.fakes import FakeLedger

JOB = job("test")
GERMANY = Actor("Dirk", Role.CONTROLLER, new_id(), frozenset({"DE"}))
AMERICA = Actor("Uma", Role.CONTROLLER, new_id(), frozenset({"US"}))
ADMIN = Actor("Ada", Role.ADMINISTRATOR, new_id())


def refuse(house: Runtime, id: UUID, sentence: str = "The period is locked.") -> None:
    deliver(house, {"netsuite": FakeLedger(behaviour=[Rejected(sentence, "USER_ERROR")])}, id)


def receive(house: Runtime, *ids: str, source: str = "stripe", **payload: Any) -> list[UUID]:
    records = [RawRecord("invoice", id, "1", {"id": id, **payload}) for id in ids]
    with house.transaction() as session:
        return intake.receive(session, source, records, house.now())
