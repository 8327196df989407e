"""Policy versions, automatic decisions, executed commands, and the hash-chained trail."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Day, Id, Instant, Json, Table


class PolicyVersion(Table):
    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[Id]
    name: Mapped[str]  # approval | routing | tolerance
    version: Mapped[int]
    model: Mapped[Json]  # JSON Decision Model
    effective_from: Mapped[Day]
    released_by: Mapped[str]
    released_at: Mapped[Instant]


class Decision(Table):
    """What a policy said of a subject: the version and the row that matched."""

    __tablename__ = "decisions"
    __table_args__ = (Index("ix_decisions_subject", "subject_id"),)

    id: Mapped[Id]
    policy: Mapped[str]
    version: Mapped[int]
    row: Mapped[str]
    subject_id: Mapped[UUID]
    asked: Mapped[Json]
    answered: Mapped[Json]
    at: Mapped[Instant]


class ExecutedCommand(Table):
    """A command id that has been carried out; a repetition answers the same and does nothing."""

    __tablename__ = "executed_commands"

    command_id: Mapped[Id]
    name: Mapped[str]
    actor: Mapped[str]
    at: Mapped[Instant]
    result: Mapped[Json]


class AuditEntry(Table):
    """One link of the trail; `hash` covers the entry and the hash before it."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at"), Index("ix_audit_command_id", "command_id"))

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[Instant]
    actor: Mapped[str]
    command: Mapped[str] = mapped_column(index=True)
    command_id: Mapped[UUID]
    subject: Mapped[str | None] = mapped_column(index=True)
    sentence: Mapped[str]
    detail: Mapped[Json]  # before/after, policy version and row, counts
    previous_hash: Mapped[str]
    hash: Mapped[str]


class AuditHead(Table):
    """The one row that writers lock to append in order."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]
