"""Which role may wish for what. Limits, entities and four eyes are checked on the rows by the handlers."""

from __future__ import annotations

from collections.abc import Iterable

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
    c.AskAgain: _DECIDE,
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
    b.StartBillingRun: _TRIAGE | _JOBS,
    b.GenerateParts: _JOBS,
    b.SettleDrafts: _JOBS,
    b.FinishRun: _JOBS,
    b.ResumeRun: _TRIAGE,
    b.ReleaseRun: _TRIAGE,
    b.CancelRun: _TRIAGE,
    b.ReleaseInvoices: _TRIAGE,
    b.WithdrawInvoice: _TRIAGE,
    b.RerateDrafts: _TRIAGE | _JOBS,
    b.RecordTax: _JOBS,
    b.RecordUsage: _JOBS,
    b.SummariseUsage: _JOBS,
    b.CorrectUsage: _TRIAGE,
    b.CreateApiKey: _GOVERN | _JOBS,
    b.RevokeApiKey: _GOVERN,
    b.RecordView: _JOBS,
    b.ResendInvoice: _DISPUTE | _OPERATE,
    b.EndInvoiceLink: _DISPUTE | _OPERATE,
    b.SaveEntity: _GOVERN | frozenset({_R.CONTROLLER}),
    b.IssueCreditMemo: _DISPUTE,
    b.WithdrawCreditMemo: _DISPUTE,
    b.WatchDrift: _JOBS,
    b.WatchSales: _JOBS,
    b.ApplyDriftFix: _TRIAGE,
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


def check_entities(actor: Actor, entities: Iterable[str | None]) -> None:
    """Raises Forbidden, naming the first entity that is not the actor's."""
    for entity in entities:
        if not actor.may_see(entity):
            whom = entity or "what belongs to no legal entity"
            raise Forbidden("entity.scope", f"Policy “entity scope”: you do not act for {whom}.")


def check_whole_company(actor: Actor) -> None:
    """Raises Forbidden for people of some legal entities only."""
    if actor.entities is not None:
        raise Forbidden(
            "entity.scope",
            "Policy “entity scope”: nobody knows yet whose records these are; "
            "ask someone who acts for all legal entities.",
        )
