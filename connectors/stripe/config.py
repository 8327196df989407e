"""Settings of the Stripe connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Environment: STRIPE_API_KEY (a restricted key that may read is enough), and for tuning STRIPE_ADDRESS,
    STRIPE_API_VERSION, STRIPE_TIMEOUT_SECONDS, STRIPE_MAX_NETWORK_RETRIES, STRIPE_PAGE_SIZE."""

    model_config = SettingsConfigDict(env_prefix="STRIPE_", env_file=".env", extra="ignore")

    api_key: SecretStr
    address: str = "https://api.stripe.com"
    api_version: str = "2026-10-28.endive"
    timeout_seconds: float = Field(default=30, gt=0)
    # The SDK's own repetitions of reads; our jobs have theirs, so few are enough.
    max_network_retries: int = Field(default=1, ge=0, le=5)
    page_size: int = Field(default=100, ge=1, le=100)

    @classmethod
    def from_sandbox(cls, system: Mapping[str, Any]) -> Config:
        """From one line of the sandbox's systems.json."""
        return cls(
            address=system["address"], api_key=system["credentials"]["api_key"], max_network_retries=0, _env_file=None
        )
