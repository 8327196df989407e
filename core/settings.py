"""Typed settings, read once from the environment (and .env); secrets are secret types."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    session_idle_minutes: int = Field(default=30, gt=0)
    session_hours: int = Field(default=10, gt=0)
    secure_cookies: bool = False
    stripe_webhook_secret: SecretStr | None = None

    @field_validator("sandbox_systems", "database_url", "stripe_webhook_secret", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        """A variable that is set to nothing is not set."""
        return None if value == "" else value
