"""Typed settings, read once from the environment (and .env); secrets are secret types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

TAX_ENGINES = ("table", "avatax")


class Settings(BaseSettings):
    """What the house needs to know of its surroundings; every field is an environment variable of the same name."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    port: int = 8501
    data_dir: Path = Path("data")
    database_url: str | None = None
    reporting_currency: str = "USD"
    # Where the sandbox wrote the addresses of its systems; None means real systems, configured by variables.
    sandbox_systems: Path | None = None
    # How long a posting attempt without an outcome may still be under way; then the ledger is asked what became of it.
    settle_seconds: float = Field(default=45, gt=0)
    # The longest wait between two tries of a posting that the ledger could not take.
    longest_pause_seconds: float = Field(default=600, gt=0)
    # Hours after the end of a period in which late usage still changes the draft of an invoice.
    usage_grace_hours: float = Field(default=12, ge=0)
    # Legal entities that an engine outside taxes, such as US=avatax,CA=avatax; for the others the built-in table holds.
    tax_engines: Annotated[dict[str, str], NoDecode] = {}
    # US states in which the house collects sales tax by the built-in table, such as TX,NY.
    tax_registrations: Annotated[frozenset[str], NoDecode] = frozenset()
    # Days for which a customer's link to an invoice still opens it after it was settled.
    invoice_link_days: int = Field(default=90, ge=0)
    # How long a draft may wait for its tax before somebody is told.
    tax_patience_minutes: int = Field(default=60, ge=0)
    # The longest time that a fresh document waits undecided for its contract or customer; 0 = it is decided at once.
    document_patience_seconds: float = Field(default=600, ge=0)
    # Days after a deal was won in which its contract is awaited; then somebody is told that nobody bills it.
    contract_patience_days: int = Field(default=14, ge=0)
    session_idle_minutes: int = Field(default=30, gt=0)
    session_hours: int = Field(default=10, gt=0)
    secure_cookies: bool = False
    # Addresses of proxies, with commas, whose word on where a request comes from is taken; none by default.
    trusted_proxies: str = ""
    stripe_webhook_secret: SecretStr | None = None
    mail_webhook_secret: SecretStr | None = None
    # Where customers reach the web door, for the links in messages; None means this machine.
    public_address: str | None = None

    @field_validator(
        "sandbox_systems",
        "database_url",
        "stripe_webhook_secret",
        "mail_webhook_secret",
        "public_address",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        """A variable that is set to nothing is not set."""
        return None if value == "" else value

    @field_validator("tax_engines", mode="before")
    @classmethod
    def _by_entity(cls, value: object) -> object:
        """Read from ENTITY=engine,ENTITY=engine."""
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if any(not code.strip() or engine.strip() not in TAX_ENGINES for code, _, engine in pairs):
            raise ValueError(f"It must read like US=avatax,CA=avatax; engines are {' and '.join(TAX_ENGINES)}")
        return {code.strip(): engine.strip() for code, _, engine in pairs}

    @field_validator("tax_registrations", mode="before")
    @classmethod
    def _states(cls, value: object) -> object:
        """Read from TX,NY."""
        if not isinstance(value, str):
            return value
        codes = [part.strip().upper() for part in value.split(",") if part.strip()]
        if any(len(code) != 2 or not code.isalpha() for code in codes):
            raise ValueError("It must be a list of US states like TX,NY")
        return frozenset(codes)

    @field_validator("database_url")
    @classmethod
    def _is_of_postgresql(cls, value: str | None) -> str | None:
        """Refused here, in words, rather than where the store is opened."""
        if value is None:
            return None
        try:
            backend = make_url(value).get_backend_name()
        except (ArgumentError, ValueError):
            raise ValueError("It is no address like postgresql://user:password@host/name") from None
        if backend != "postgresql":
            raise ValueError("It must be the address of a PostgreSQL server, such as postgresql://user@host/name")
        return value
