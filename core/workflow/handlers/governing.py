"""Deadlines, snapshots and policies."""

from __future__ import annotations

from core.audit.model import Note
from core.cases import store as cases
from core.collections import store as collections
from core.kit.words import counted
from core.policies import store as policies
from core.workflow.commands import EscalateOverdue, ReleasePolicy, TakeSnapshot
from core.workflow.context import Context, Outcome
from core.workflow.snapshots import store_ageing


def escalate_overdue(command: EscalateOverdue, ctx: Context) -> Outcome:
    overdue = cases.mark_overdue(ctx.session, ctx.now)
    promises = collections.settle_promises(ctx.session, ctx.now.date())
    counts = {"overdue_cases": overdue} | {f"promises_{name}": n for name, n in promises.items()}
    if not any(counts.values()):
        return Outcome(counts)
    late = [counted(overdue, "overdue case")] if overdue else []
    told = ", ".join(late + [f"{counted(n, 'promise')} {name}" for name, n in promises.items() if n])
    return Outcome(counts, (Note(f"Deadlines checked: {told}.", None, dict(counts)),))


def take_snapshot(command: TakeSnapshot, ctx: Context) -> Outcome:
    n = store_ageing(ctx.session, command.day)
    return Outcome(
        {"rows": n}, (Note(f"Ageing at the close of {command.day:%d %b %Y} was kept ({counted(n, 'row')})."),)
    )


def release_policy(command: ReleasePolicy, ctx: Context) -> Outcome:
    by = ctx.actor.label
    version = policies.release(ctx.session, command.name, command.model, command.effective_from, by, ctx.now)
    sentence = (
        f"Released version {version} of the {command.name} policy, in effect from {command.effective_from:%d %b %Y}."
    )
    return Outcome({"version": version}, (Note(sentence, f"policy:{command.name}", {"version": version}),))
