"""Which role may wish for what. Limits, entities and four eyes are checked on the rows by the handlers."""

from __future__ import annotations

from core.kit.errors import Forbidden
from core.workflow import billing_commands as b
from core.workflow import commands as c
from core.workflow.actors import Actor, Role
from core.workflow.command import Command

_R = Role
_JOBS = frozenset({_R.JOB})
_TRIAGE = frozenset({_R.ANALYST, _R.CONTROLLER})
_DECIDE = frozenset({_R.APPROVER, _R.CONTROLLER})
_COLLECT = frozenset({_R.COLLECTOR, _R.CONTROLLER})
_DISPUTE = frozenset({_R.COLLECTOR, _R.ANALYST, _R.CONTROLLER})
_OPERATE = frozenset({_R.ADMINISTRATOR, _R.ANALYST, _R.CONTROLLER})
_GOVERN = frozenset({_R.ADMINISTRATOR})

ALLOWED: dict[type[Command], frozenset[Role]] = {
    c.RecordFacts: _JOBS,
    c.DecideReceived: _JOBS,
    c.ReportBadRecord: _JOBS,
    c.RecordDelivery: _JOBS,
    c.EscalateOverdue: _JOBS,
    c.TakeSnapshot: _JOBS,
    c.ImportLedger: _TRIAGE | _JOBS,
    c.AssignCases: _TRIAGE,
    c.WaiveCases: _TRIAGE,
    c.CorrectDocument: _TRIAGE,
    c.RevalidateCases: _TRIAGE,
    c.ResolveCases: _TRIAGE | _GOVERN,
    c.DecideApprovals: _DECIDE,
    c.RerouteApprovals: _DECIDE,
    c.LogContact: _COLLECT,
    c.RecordPromise: _COLLECT,
    c.OpenDispute: _DISPUTE,
    c.CloseDispute: _DISPUTE,
    c.RetryDeliveries: _OPERATE,
    c.SetAsideDeliveries: _OPERATE,
    c.RetryInboxItems: _OPERATE,
    c.SetAsideInboxItems: _OPERATE,
    c.SetConnectionState: _GOVERN | _JOBS,
    c.SaveUser: _GOVERN | _JOBS,
    c.ReleasePolicy: _JOBS,
    b.PlanSchedules: _JOBS,
}


def is_allowed(role: str, command: type[Command]) -> bool:
    return role in ALLOWED[command]


def may(actor: Actor, command: type[Command]) -> bool:
    return actor.role in ALLOWED[command]


def check(actor: Actor, command: Command) -> None:
    """Raises Forbidden, naming the policy."""
    if not may(actor, type(command)):
        raise Forbidden(
            "role.not_allowed",
            f"Policy “roles”: this is not for a {actor.role}; ask someone who is "
            f"{' or '.join(sorted(ALLOWED[type(command)] - _JOBS)) or 'the system itself'}.",
        )
