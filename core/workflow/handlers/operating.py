"""Inbox rows and connections: what could not be understood, what is tried again, what is paused."""

from __future__ import annotations

from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import Case, Connection, InboxItem
from core.intake import store as intake
from core.kit.errors import NotFound, Refused
from core.kit.systems import title_of
from core.kit.words import counted
from core.runtime import defer
from core.validation.model import TYPES
from core.workflow.actors import Role
from core.workflow.commands import ReportBadRecord, RetryInboxItems, SetAsideInboxItems, SetConnectionState
from core.workflow.context import Context, Outcome
from core.workflow.deciding import case_key, raise_cases
from core.workflow.permissions import check_whole_company

HANDLE_INBOX = "handle_inbox"


def report_bad_record(command: ReportBadRecord, ctx: Context) -> Outcome:
    """A record that nobody could read: kept as it came, with a case for the integrations queue."""
    row = ctx.session.get(InboxItem, command.inbox_id)
    if row is None:
        raise NotFound("This inbox row")
    intake.mark_failed(ctx.session, [row.id], command.error, ctx.now)
    code = "record.unreadable"
    title = f"{row.kind} {row.external_id}"
    case = NewCase(
        key=case_key(code, row.id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{row.source}:{row.kind}:{command.error[:60]}",
        sentence=f"{title_of(row.source)} sent a record that does not fit: {title}. {command.error}",
        evidence={"kind": row.kind, "id_at_source": row.external_id, "problem": command.error},
        inbox_id=row.id,
    )
    opened = raise_cases(ctx, [case])
    return Outcome(
        {"cases": len(opened)}, (Note(f"Could not read {title} from {title_of(row.source)}.", f"inbox:{row.id}"),)
    )


def retry_inbox_items(command: RetryInboxItems, ctx: Context) -> Outcome:
    """Failed rows become new again; their cases close, and open again if they fail again."""
    check_whole_company(ctx.actor)
    sources = intake.requeue(ctx.session, command.inbox_ids)
    if not sources:
        raise Refused("inbox.nothing", "None of these rows has failed.")
    cases.close_by(ctx.session, Case.inbox_id.in_(command.inbox_ids), "Tried again", ctx.actor.label, ctx.now)
    defer(ctx.session, HANDLE_INBOX, [{"source": source} for source in sorted(set(sources))], queue="intake")
    return Outcome({"n": len(sources)}, (Note(f"Tried {counted(len(sources), 'inbox row')} again."),))


def set_aside_inbox_items(command: SetAsideInboxItems, ctx: Context) -> Outcome:
    check_whole_company(ctx.actor)
    if not command.reason.strip():
        raise Refused("reason.missing", "Say why it is set aside.")
    n = intake.set_aside(ctx.session, command.inbox_ids, command.reason, ctx.now)
    cases.close_by(ctx.session, Case.inbox_id.in_(command.inbox_ids), command.reason, ctx.actor.label, ctx.now)
    notes = tuple(Note(f"Set an inbox row aside: {command.reason}", f"inbox:{id}") for id in command.inbox_ids)
    return Outcome({"n": n}, notes)


def set_connection_state(command: SetConnectionState, ctx: Context) -> Outcome:
    row = ctx.session.get(Connection, command.system, with_for_update=True)
    if row is None:
        row = Connection(system=command.system, state="connected", failures=0)
        ctx.session.add(row)
    before = row.state
    row.state = command.state
    row.sentence = command.reason
    row.paused_until = None
    if command.state == "connected":
        row.failures = 0
        cases.close_by(ctx.session, Case.key == _paused_key(row), command.reason, ctx.actor.label, ctx.now)
    elif ctx.actor.role == Role.JOB:
        raise_cases(ctx, [_misconfigured(row, command.reason)])
    verb = "Paused" if command.state == "paused" else "Resumed"
    sentence = f"{verb} the connection with {title_of(command.system)}: {command.reason}"
    note = Note(sentence, f"system:{command.system}", {"before": before, "after": command.state})
    return Outcome({"state": row.state}, (note,))


def _paused_key(row: Connection) -> str:
    return f"connection.misconfigured:{row.system}"


def _misconfigured(row: Connection, reason: str) -> NewCase:
    """The house itself pauses a connection only when the other side does not accept its credentials."""
    code = "connection.misconfigured"
    title = title_of(row.system)
    return NewCase(
        key=_paused_key(row),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{row.system}",
        sentence=f"{reason} Nothing is exchanged with {title} until an administrator resumes the connection.",
        evidence={"system": title, "problem": reason},
    )
