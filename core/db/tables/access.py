"""People, their server-side sessions, and sign-in attempts."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Id, Instant, Minor, Table


class User(Table):
    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    # Codes of legal entities; NULL means all of them.
    entities: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    # In minor units of the reporting currency; 0 = may not approve money.
    approval_limit_minor: Mapped[Minor] = mapped_column(default=0)
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[Instant]


class WebSession(Table):
    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


class LoginAttempt(Table):
    __tablename__ = "login_attempts"
    __table_args__ = (Index("ix_login_attempts_email_at", "email", "at"),)

    id: Mapped[Id]
    email: Mapped[str]
    address: Mapped[str]
    at: Mapped[Instant]
    succeeded: Mapped[bool]


class HouseKey(Table):
    """A secret that the house made for itself, so that all of its processes sign alike."""

    __tablename__ = "house_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class InvoiceLink(Table):
    """What people decided about a customer's link to a document; without a row it is the first link, and not ended."""

    __tablename__ = "invoice_links"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    # A link opens the document only while it is of this generation; each new link is of the next one.
    generation: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[str | None]
