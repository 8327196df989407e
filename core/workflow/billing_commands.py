"""Changes on the way from what was agreed and used to a released invoice, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.workflow.command import Command

# --- agreements ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSchedules(Command):
    """Plans what is to be billed of these contracts up to a day; what is billed stays as it is."""

    contract_ids: tuple[UUID, ...]
    until: date


BillingCommand = PlanSchedules
